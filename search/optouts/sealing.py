"""How an opt-out is sealed: under a key of its own, which nothing else of the installation is sealed with."""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from accounts import keys
from search import faces
from search.engine.base import Vector
from search.models import OptOut

_KEY = "opt-out"


def sealed_email(email: str) -> bytes:
    """An address, sealed."""
    return keys.seal_for_installation(_KEY, json.dumps(email).encode())


def email_of(optout: OptOut) -> str:
    """The address of an opt-out; "" once it was destroyed."""
    sealed = bytes(optout.sealed_email)
    return str(json.loads(keys.unseal_for_installation(_KEY, sealed))) if sealed else ""


def sealed_templates(embeddings: Sequence[Vector]) -> bytes:
    """Face templates end to end, sealed as one: how many there are is nobody's to see."""
    return keys.seal_for_installation(_KEY, b"".join(map(faces.to_bytes, embeddings)))


def templates_of(optout: OptOut, dimension: int) -> NDArray[np.float32]:
    """The face templates of an opt-out, (n, dimension) of its model; none before a check and after its end."""
    sealed = bytes(optout.sealed_template)
    plain = keys.unseal_for_installation(_KEY, sealed) if sealed else b""
    return faces.from_bytes(plain).reshape(-1, dimension)
