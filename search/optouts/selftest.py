"""Does an opt-out work? Its owner's face is put through the checks of query, ingest and enrolment themselves.

It is compared with that one opt-out only, so that the answer tells nothing about anybody else, and nothing is kept
but the three answers, for as long as its owner looks at them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from django.core.cache import cache
from django.utils import timezone

from accounts import audit
from search import faces, ingest, matching, optout
from search.engine import Analysis, DetectedFace, PictureRefused, Quality
from search.engine.base import Vector
from search.models import Face, OptOut
from search.optouts.listed import only
from search.reference import ReferenceRefused, single_face
from search.states import OptOutState

_SHOWN_SECONDS = 3600


@dataclass(frozen=True)
class Answers:
    """Where the face was stopped."""

    query: bool
    ingest: bool
    enrolment: bool
    at: str = ""

    @property
    def works(self) -> bool:
        return self.query and self.ingest and self.enrolment


def may_test(row: OptOut) -> bool:
    """Once there is a face, also while a person looks at it, as nobody is told that they do."""
    return row.state in {OptOutState.ACTIVE, OptOutState.CONTESTED} and not optout.of_earlier_model(row)


def with_live(row: OptOut, passed: optout.Passed) -> bool:
    """The outcome of a live check for a self-test: whether all three stop this face."""
    return _tested(row, [face.embedding for face in passed.faces]).works


def with_photo(row: OptOut, photo: bytes) -> bool:
    """The same with a photo, measured in memory and discarded. Raises `optout.OptOutRefused`."""
    try:
        face = single_face(photo)
    except (PictureRefused, ReferenceRefused) as error:
        raise optout.OptOutRefused(str(error)) from error
    return _tested(row, [face.embedding]).works


def last(row: OptOut) -> Answers | None:
    """What the last self-test found, within the hour."""
    found = cache.get(_key(row))
    return Answers(**found) if found else None


def _tested(row: OptOut, embeddings: Sequence[Vector]) -> Answers:
    if not may_test(row):
        raise optout.OptOutRefused("This opt-out cannot be tested now.")
    with only(row):
        answers = Answers(
            query=not matching.not_opted_out([_found_before(embedding) for embedding in embeddings]),
            ingest=not any(ingest.not_opted_out([("", _crawled(embedding))])[0] for embedding in embeddings),
            enrolment=optout.bars_enrolment(embeddings),
            at=timezone.now().isoformat(),
        )
    cache.set(_key(row), asdict(answers), _SHOWN_SECONDS)
    audit.record("opt_out.tested", row, works=answers.works)
    return answers


def _found_before(embedding: Vector) -> Face:
    """The face as query meets it, in the gallery; it is never saved."""
    return Face(embedding=faces.to_bytes(embedding), model_id=faces.model().model_id)


def _crawled(embedding: Vector) -> Analysis:
    """The face as ingest meets it, in a picture that a crawl brought home."""
    quality = Quality(length=0, size=0, blur=0, yaw=0, pitch=0, roll=0, exposure=0)
    face = DetectedFace((0, 0, 0, 0), np.zeros((5, 2), np.float32), 1, quality, embedding, faces.model().model_id)
    return Analysis(width=0, height=0, format="", pdq=(), faces=(face,))


def _key(row: OptOut) -> str:
    return f"opt-out-tested:{row.pk}"
