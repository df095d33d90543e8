"""Opt-outs: a face that must not be found. Free, without an account, e-mail confirmed.

An opt-out in effect is asked at ingest (the face is dropped), at query (it is filtered out) and at enrolment
(it is refused). The list is sealed under a key of its own and read by this module only.

The photo behind an opt-out was never kept, so after a change of the face model it cannot be measured anew. Until
its owner makes a new one, the engine it was made with (`FACE_MODEL_BEFORE`) looks at each picture too.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from numpy.typing import NDArray

from accounts import audit, keys
from accounts.transitions import IllegalTransition, change_state
from search import earlier, face_rows, faces
from search.engine import DetectedFace, EngineUnavailable, PictureRefused
from search.engine.base import Box, Vector
from search.models import Face, Match, OptOut
from search.probes import all_probes
from search.reference import ReferenceRefused, same_person_threshold, single_face
from search.states import OPT_OUT, MatchState, OptOutState

_KEY = "opt-out"
_LINK_AGE_SECONDS = 2 * 24 * 3600
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
# The unsealed list by model, with the opt-outs that it is of: unsealing it for every picture would take longest.
_unsealed: dict[str, tuple[list[UUID], NDArray[np.float32]]] = {}


class OptOutRefused(Exception):
    """Why nothing was done, in one clear sentence."""


def request(email: str, photo: bytes) -> OptOut:
    """Take an opt-out and mail its confirmation link; without the confirmation it has no effect.

    The photo is measured in memory and discarded. Raises `OptOutRefused`.
    """
    try:
        face = single_face(photo)
    except (PictureRefused, ReferenceRefused) as error:
        raise OptOutRefused(str(error)) from error
    optout = OptOut.objects.create(
        reference="OO-" + "".join(secrets.choice(_ALPHABET) for _ in range(8)),
        sealed_email=keys.seal_for_installation(_KEY, json.dumps(email).encode()),
        sealed_template=keys.seal_for_installation(_KEY, faces.to_bytes(face.embedding)),
        model_id=face.model_id,
    )
    _mail(optout, "confirm", link=_link("confirm", optout))
    return optout


def confirm(token: str) -> OptOut:
    """Put an opt-out into effect and mail the receipt; asking twice changes nothing more.

    One that would hide the face of somebody who is enrolled is held for a person to look at, so that nobody
    can blind a subscriber with a photo of them. Raises `OptOutRefused`.
    """
    optout = _from_token("confirm", token)
    if optout.state in {OptOutState.ACTIVE, OptOutState.CONTESTED}:
        return optout
    if optout.model_id != faces.model().model_id:
        raise OptOutRefused("We measure faces in a new way since you asked. Please ask again, with a photo.")
    new = OptOutState.CONTESTED if _hides_a_subscriber(optout) else OptOutState.ACTIVE
    try:
        with transaction.atomic():
            change_state(optout, OPT_OUT, new, confirmed_at=timezone.now())
            audit.record(f"opt_out.{new.value}", optout)
            if new == OptOutState.ACTIVE:
                _forget_faces(optout)
    except IllegalTransition as error:
        raise OptOutRefused("This opt-out was withdrawn. You can make a new one.") from error
    _mail(optout, "receipt", link=_link("withdraw", optout))
    return optout


def withdraw(token: str) -> OptOut:
    """End an opt-out for good and destroy its face template. Raises `OptOutRefused`."""
    optout = _from_token("withdraw", token)
    if optout.state == OptOutState.WITHDRAWN:
        return optout
    with transaction.atomic():
        change_state(optout, OPT_OUT, OptOutState.WITHDRAWN, withdrawn_at=timezone.now(), sealed_template=b"")
        audit.record("opt_out.withdrawn", optout)
    return optout


def find(action: str, token: str) -> OptOut:
    """The opt-out that a mailed link names, to show before anything is done. Raises `OptOutRefused`."""
    return _from_token(action, token)


def hidden(embeddings: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of these faces, (n, dimension) of the configured model, belong to somebody who opted out.

    Opt-outs of other models are not asked: where there is a picture, use `hidden_in`.
    """
    return _hidden(embeddings, faces.model().model_id)


def is_hidden(embedding: Vector) -> bool:
    """Whether one face belongs to somebody who opted out."""
    return bool(hidden(embedding[np.newaxis])[0])


def hidden_in(data: Callable[[], bytes] | bytes, found: Sequence[DetectedFace]) -> NDArray[np.bool_]:
    """Which of the faces that the configured model found in a picture belong to somebody who opted out.

    As long as there are opt-outs of earlier models, their engines look at the picture too. A face that one of them
    does not see cannot be compared with its opt-outs, and counts as hidden.

    Raises:
        EngineUnavailable: there are opt-outs that no engine at hand can compare; the sentence says what to do.
    """
    if not found:
        return np.zeros(0, dtype=bool)
    hide = hidden(np.stack([face.embedding for face in found]))
    engines = require_comparable()
    if not engines:
        return hide
    picture = data() if callable(data) else data
    for model_id, look in engines.items():
        shown = _shown_places(look, picture, model_id)
        hide |= np.array([not face_rows.at_one_place(face.box, shown) for face in found])
    return hide


def require_comparable() -> dict[str, earlier.Look]:
    """The earlier engines that opt-outs in effect still need, by model. Raises EngineUnavailable where one lacks."""
    counts = _others()
    engines = earlier.engines() if counts else {}
    lost = {model_id: count for model_id, count in counts.items() if model_id not in engines}
    if lost:
        count, models = sum(lost.values()), ", ".join(sorted(lost))
        raise EngineUnavailable(
            f"{count} {'opt-out was' if count == 1 else 'opt-outs were'} made with {models} and cannot be honoured by "
            f"FACE_MODEL={settings.FACE_MODEL} alone: set FACE_MODEL_BEFORE to the engine they were made with."
        )
    return {model_id: engines[model_id] for model_id in counts}


def waiting() -> int:
    """How many opt-outs in effect were made with another model, and need its engine until they are made anew."""
    return sum(_others().values())


def _others() -> dict[str, int]:
    others = OptOut.objects.filter(state=OptOutState.ACTIVE).exclude(model_id=faces.model().model_id)
    return dict(others.values_list("model_id").annotate(Count("pk")))


def _shown_places(look: earlier.Look, picture: bytes, model_id: str) -> list[Box]:
    """Where an earlier engine sees faces that may be shown."""
    found = look(picture)
    if not found:
        return []
    hide = _hidden(np.stack([face.embedding for face in found]), model_id)
    hidden_places = [face.box for face, hidden_ in zip(found, hide, strict=True) if hidden_]
    return [face.box for face in found if not face_rows.at_one_place(face.box, hidden_places)]


def _hidden(embeddings: NDArray[np.float32], model_id: str) -> NDArray[np.bool_]:
    templates = _templates(model_id)
    if not len(templates) or not len(embeddings):
        return np.zeros(len(embeddings), dtype=bool)
    threshold = same_person_threshold(len(templates), model_id)
    return np.asarray((embeddings @ templates.T).max(axis=1) >= threshold, dtype=bool)


def _templates(model_id: str) -> NDArray[np.float32]:
    """The opt-outs in effect of one model, (n, dimension). Which these are is asked each time, so that changes tell."""
    active = OptOut.objects.filter(state=OptOutState.ACTIVE, model_id=model_id).order_by("pk")
    wanted = list(active.values_list("pk", flat=True))
    held, templates = _unsealed.get(model_id, ([], np.empty((0, 0), np.float32)))
    if held != wanted:
        known = dict(zip(held, templates, strict=True))
        vectors = {row.pk: known[row.pk] if row.pk in known else _template(row) for row in active}
        templates = np.stack(list(vectors.values())) if vectors else np.empty((0, 0), np.float32)
        _unsealed[model_id] = list(vectors), templates
    return templates


def _template(optout: OptOut) -> Vector:
    return faces.from_bytes(keys.unseal_for_installation(_KEY, optout.sealed_template))


def _hides_a_subscriber(optout: OptOut) -> bool:
    vectors: Sequence[Vector] = [probe.vector for probe in all_probes()]
    if not vectors:
        return False
    return bool((np.stack(vectors) @ _template(optout)).max() >= same_person_threshold(1))


def _forget_faces(optout: OptOut) -> None:
    """Delete the face from what was crawled before, with any undecided match that rested on it.

    Exact and over the rows, which are the truth: an opt-out must not wait for an index.
    """
    template, threshold = _template(optout), same_person_threshold(1)
    found = [
        pk
        for pk, stored in Face.objects.filter(model_id=optout.model_id).values_list("pk", "embedding").iterator()
        if float(faces.from_bytes(stored) @ template) >= threshold
    ]
    for start in range(0, len(found), 500):
        chunk = found[start : start + 500]
        Match.objects.filter(face__in=chunk, state=MatchState.CANDIDATE).delete()
        Face.objects.filter(pk__in=chunk).delete()


def _link(action: str, optout: OptOut) -> str:
    token = signing.dumps(str(optout.pk), salt=f"opt-out-{action}")
    return f"{settings.PORTAL_URL}{reverse(f'search:optout_{action}', args=[token])}"


def _from_token(action: str, token: str) -> OptOut:
    # The way out of the list never expires; the way in does.
    max_age = _LINK_AGE_SECONDS if action == "confirm" else None
    try:
        pk = signing.loads(token, salt=f"opt-out-{action}", max_age=max_age)
        return OptOut.objects.get(pk=pk)
    except (signing.BadSignature, OptOut.DoesNotExist) as error:
        raise OptOutRefused("This link is not valid, or no longer. You can ask for a new one.") from error


def _mail(optout: OptOut, name: str, *, link: str) -> None:
    email = json.loads(keys.unseal_for_installation(_KEY, optout.sealed_email))
    context = {"optout": optout, "link": link, "contact_email": settings.CONTACT_EMAIL}
    message = EmailMultiAlternatives(
        subject=render_to_string(f"search/email/optout_{name}_subject.txt", context).strip(),
        body=render_to_string(f"search/email/optout_{name}.txt", context),
        to=[email],
    )
    message.attach_alternative(render_to_string(f"search/email/optout_{name}.html", context), "text/html")
    message.send()
