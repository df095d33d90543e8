"""The rows of analysed pictures, written for several at once."""

from collections.abc import Sequence

import numpy as np
from django.db import transaction

from crawler.models import FetchedImage
from search import face_rows, faces, matching, sightings, volume
from search.claims import Claim
from search.engine import Analysis, DetectedFace
from search.models import Face, Image
from search.states import MatchState

Analysed = tuple[str, Analysis, Sequence[DetectedFace]]
"""A picture's SHA-256, what is in it, and those of its faces that may be kept."""


class Writing:
    """Some of a claim's pictures, to be written together or not at all."""

    def __init__(self, claim: Claim, pictures: Sequence[Analysed]) -> None:
        self._claim = claim
        self._pictures = list(pictures)
        self._strangers: list[str] = []
        self.images = 0
        self.faces = 0
        self.sightings = 0

    def only_news(self, judge: matching.Scorer) -> None:
        """Watch mode: of each picture only what is news to somebody; one that is to nobody was never here."""
        judged = [(sha256, found, _news(sha256, kept, judge)) for sha256, found, kept in self._pictures]
        self._strangers = [sha256 for sha256, _, news in judged if news is None]
        self._pictures = [(sha256, found, news) for sha256, found, news in judged if news is not None]

    def write(self, *, count: bool) -> dict[str, Image]:
        """The pictures' rows by SHA-256. `count`: add to the day's volume as well.

        Raises IntegrityError where another process was first with one of them: call it once more.
        """
        with transaction.atomic():
            if count:
                volume.count(len(self._pictures), sum(len(found.faces) for _, found, _ in self._pictures))
            strangers = [row.pk for row in self._claim.of(self._strangers)]
            FetchedImage.objects.filter(pk__in=strangers).delete()
            images = self._write_images()
            self.sightings = sightings.write(images, self._claim.of(images))
        return images

    def _write_images(self) -> dict[str, Image]:
        model_id = faces.model().model_id
        stored = Image.objects.filter(sha256__in=[sha256 for sha256, _, _ in self._pictures])
        images = {image.sha256: image for image in stored}
        # Withdrawn a moment ago: its rows wait for the next claim, which finds that out.
        gone = {sha256 for sha256, image in images.items() if image.withdrawn_at}
        new, rows, replaced = [], [], 0
        for sha256, found, kept in self._pictures:
            image = images.get(sha256)
            if image is None:
                new.append(
                    Image(sha256=sha256, width=found.width, height=found.height, model_id=model_id, pdq=found.pdq[0])
                )
                images[sha256] = new[-1]
                rows += [face_rows.row(new[-1], face) for face in kept]
            elif sha256 not in gone and image.model_id != model_id:  # measured before with another model
                replaced += len(face_rows.replace(image, kept, model_id))
            elif sha256 not in gone:
                rows += _missing(image, kept)
        Image.objects.bulk_create(new)
        Face.objects.bulk_create(rows)
        self.images, self.faces = len(new), len(rows) + replaced
        return {sha256: image for sha256, image in images.items() if sha256 not in gone}


def _missing(image: Image, kept: Sequence[DetectedFace]) -> list[Face]:
    """Another ingest may have been first, and in watch mode a picture is compared at every visit."""
    boxes = [tuple(box) for box in image.faces.values_list("box", flat=True)]
    return [face for face in (face_rows.row(image, one) for one in kept) if tuple(face.box) not in boxes]


def _news(sha256: str, found: Sequence[DetectedFace], judge: matching.Scorer) -> list[DetectedFace] | None:
    """The faces that are a match which nobody has been told of; None where no subject wants to hear of the picture."""
    if not found:
        return None
    hits = judge.hits(np.stack([face.embedding for face in found]), [face.quality.length for face in found])
    told = matching.told(sha256) if hits else {}
    rows = {hit.row for hit in hits if hit.probe.subject_id not in told}
    if not rows and all(told.get(hit.probe.subject_id) in {None, MatchState.DISMISSED} for hit in hits):
        return None
    return [found[row] for row in sorted(rows)]
