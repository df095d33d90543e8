"""Screenshots for evidence: every face on the page is blurred but that of the match itself.

No probe is made for it, and nothing is searched: faces are compared with the one that was stored when the match was
found, and what comes out is a picture.
"""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from search import faces
from search.engine import EngineUnavailable, PictureRefused
from search.engine.base import Vector
from search.engine.decode import Refusal, check_bytes
from search.engine.pool import Limits
from search.engine.wire import MAX_ANSWER, Garbled, read_frame, write_frame
from search.models import Match

SECONDS = 90.0
"""For one page, the start of the engine included."""
# Nothing else is inherited: neither keys nor the address of the database.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "PYTHONSAFEPATH": "1"}
_ROOT = Path(__file__).parents[1]


def others_than(match: Match) -> Callable[[bytes], bytes]:
    """What blurs, in a picture of a page, everybody but the face of `match`: all, where that face is not known.

    It raises PictureRefused and EngineUnavailable.
    """
    face = match.face
    known = face is not None and face.model_id == faces.model().model_id
    own = faces.from_bytes(face.embedding) if face is not None and known else None
    return lambda data: blur(data, own)


def blur(data: bytes, own: Vector | None) -> bytes:
    """A JPEG of the picture with every face blurred but those like `own`. Raises PictureRefused, EngineUnavailable."""
    check_bytes(data)
    request = io.BytesIO()
    write_frame(request, {"own": None if own is None else own.tolist()}, [data])
    head, jpeg = _ask(request.getvalue())
    if "unavailable" in head:
        raise EngineUnavailable(str(head["unavailable"])[:300])
    if "reason" in head or not jpeg.startswith(b"\xff\xd8\xff"):
        known = head.get("reason") in list(Refusal)
        raise PictureRefused(Refusal(head["reason"]) if known else Refusal.DAMAGED, "The page cannot be read.")
    return jpeg


def _ask(request: bytes) -> tuple[dict[str, Any], bytes]:
    """Start the process that reads the picture, and wait for its one answer."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    arguments = [settings.FACE_MODEL, str(settings.MODEL_CACHE_DIR), str(Limits().memory_bytes)]
    try:
        done = subprocess.run(  # noqa: S603 (our own module, by its name)
            [sys.executable, "-m", "search.engine.concealment", *arguments],
            input=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(sys.executable).anchor,
            env={**inherited, **_ENVIRONMENT, "PYTHONPATH": str(_ROOT)},
            start_new_session=True,
            timeout=SECONDS,
            check=False,
        )
        return read_frame(io.BytesIO(done.stdout), MAX_ANSWER)
    except (subprocess.TimeoutExpired, OSError, EOFError, Garbled):
        raise PictureRefused(Refusal.TOO_COSTLY, "The page brought its reader down, or took it too long.") from None
