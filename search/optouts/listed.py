"""The list of opt-outs in effect, as ingest, query and enrolment ask it. Nothing else unseals it.

The face behind an opt-out was never kept, so after a change of the face model it cannot be measured anew. Until its
owner does the check again, the engine it was made with (`FACE_MODEL_BEFORE`) looks at each picture too.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Count, QuerySet
from numpy.typing import NDArray

from search import earlier, face_rows, faces
from search.engine import DetectedFace, EngineUnavailable
from search.engine.base import Box, Vector
from search.models import OptOut
from search.optouts.sealing import templates_of
from search.reference import same_person_threshold
from search.states import OptOutState

# An opt-out and since when its templates hold: they change when its owner does the check again.
_Held = tuple[UUID, datetime | None]
# The unsealed list by model, each one's templates and all of them end to end: unsealing takes longest.
_unsealed: dict[str, tuple[dict[_Held, NDArray[np.float32]], NDArray[np.float32]]] = {}
_only: ContextVar[OptOut | None] = ContextVar("only", default=None)


@contextmanager
def only(optout: OptOut) -> Iterator[None]:
    """Inside, the list is this one opt-out, in effect or not: a self-test tells nobody about anybody else's."""
    token = _only.set(optout)
    try:
        yield
    finally:
        _only.reset(token)


def hidden(embeddings: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of these faces, (n, dimension) of the configured model, belong to somebody who opted out.

    Opt-outs of other models are not asked: where there is a picture, use `hidden_in`.
    """
    return _hidden(embeddings, faces.model().model_id)


def is_hidden(embedding: Vector) -> bool:
    """Whether one face belongs to somebody who opted out."""
    return bool(hidden(embedding[np.newaxis])[0])


def bars_enrolment(embeddings: Sequence[Vector]) -> bool:
    """Whether somebody with one of these face templates, or with all of them together, may not be enrolled."""
    return bool(hidden(np.stack([*embeddings, faces.fused(embeddings)])).any())


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


def in_effect() -> QuerySet[OptOut]:
    """The list; inside `only`, that one."""
    one = _only.get()
    return OptOut.objects.filter(state=OptOutState.ACTIVE) if one is None else OptOut.objects.filter(pk=one.pk)


def _others() -> dict[str, int]:
    others = in_effect().exclude(model_id=faces.model().model_id)
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
    if not len(embeddings):
        return np.zeros(0, dtype=bool)
    templates = _templates(model_id, embeddings.shape[1])
    compared = len(templates)
    one = _only.get()
    if one is not None:  # held to what the whole list is held to, so that the self-test shows what really happens
        templates = templates_of(one, embeddings.shape[1])
        compared = max(compared, len(templates))
    if not len(templates):
        return np.zeros(len(embeddings), dtype=bool)
    threshold = same_person_threshold(compared, model_id)
    return np.asarray((embeddings @ templates.T).max(axis=1) >= threshold, dtype=bool)


def _templates(model_id: str, dimension: int) -> NDArray[np.float32]:
    """Those in effect of one model, (n, dimension). Which these are is asked each time, so that changes tell."""
    active = OptOut.objects.filter(state=OptOutState.ACTIVE, model_id=model_id).order_by("pk")
    wanted: list[_Held] = list(active.values_list("pk", "activated_at"))
    held, stacked = _unsealed.get(model_id, ({}, np.empty((0, dimension), np.float32)))
    if list(held) != wanted:
        known, held = held, {}
        for row in active:
            key = row.pk, row.activated_at
            held[key] = known[key] if key in known else templates_of(row, dimension)
        stacked = np.concatenate([np.empty((0, dimension), np.float32), *held.values()])
        _unsealed[model_id] = held, stacked
    return stacked
