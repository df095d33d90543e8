"""After a change of `FACE_MODEL`: measure anew what can be fetched again, and ask people for new photos.

Embeddings of two models are never compared, so a picture that still carries the old model's faces is simply not
found until its turn has come. Each picture is one transaction and a run remembers how far it came, so that it may
be killed at any moment and called again.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from filelock import FileLock, Timeout

from crawler.files import write_whole
from search import face_rows, faces, gallery, matching, minors, optout, recapture
from search.engine import DetectedFace, PictureRefused
from search.models import Image
from search.optouts import recapture as optout_recapture
from search.probes import Probes
from search.refetch import Missing, NotFetched, Web

Say = Callable[[str], None]
REEMBEDDED = "reembedded"
# Reasons that no later call will find changed. A site that does not answer may come back.
_FOR_GOOD = frozenset({Missing.GONE, Missing.CHANGED, Missing.REFUSED})


class AlreadyReembedding(Exception):
    """Another process on this machine is at it."""


@dataclass
class Report:
    """What one call did. `images` counts pictures by what came of them; `left` is what this pass has yet to reach."""

    model: str
    images: dict[str, int] = field(default_factory=lambda: dict.fromkeys([REEMBEDDED, *sorted(Missing)], 0))
    left: int = 0
    faces: int = 0
    minors: int = 0
    opted_out: int = 0
    forgotten: int = 0
    matches: int = 0
    people_asked: int = 0
    optouts_asked: int = 0
    templates_waiting: int = 0
    optouts_waiting: int = 0

    def document(self) -> dict[str, Any]:
        """For programs: as the fields, with `left` among the pictures."""
        fields = {name: value for name, value in vars(self).items() if name not in {"images", "left"}}
        return {**fields, "images": {**self.images, "left": self.left}}


def reembed(*, limit: int | None = None, forget: bool = False, say: Say = lambda text: None) -> Report:
    """Fetch and measure up to `limit` pictures that carry another model's faces; ask people for new photos.

    A pass goes through every such picture once, however many calls it takes; the next pass tries again what was
    missing. With `forget`, faces that cannot be measured anew are deleted now and do not wait for their expiry.

    Raises:
        AlreadyReembedding: another call is at work.
        EngineUnavailable: the engine cannot be used, or there are opt-outs that it could not honour.
    """
    report = Report(faces.model().model_id)
    optout.require_comparable()
    with _locked():
        report.people_asked = recapture.ask()
        report.optouts_asked = optout_recapture.ask()
        web, probes = Web(), Probes()
        for image in _pass(report.model, limit):
            what = _reembed(image, web, probes, report, forget)
            report.images[what] += 1
            say(f"picture {image.sha256[:12]}: {what}")
        report.left = _waiting(report.model).count()
        if not report.left:
            _bookmark().unlink(missing_ok=True)
    # Also faces that an earlier, interrupted call wrote but did not compare.
    report.matches = matching.forward()
    gallery.tidy()
    report.templates_waiting = recapture.waiting().count()
    report.optouts_waiting = optout.waiting()
    return report


def _reembed(image: Image, web: Web, probes: Probes, report: Report, forget: bool) -> str:
    try:
        data = web.again(image)
        found = faces.analyse(data).faces
    except NotFetched as error:
        why = error.why
    except PictureRefused:
        why = Missing.REFUSED
    else:
        adults = minors.adults(found, probes)
        hidden = optout.hidden_in(data, adults)
        shown = [face for face, hide in zip(adults, hidden, strict=True) if not hide]
        report.minors += len(found) - len(adults)
        report.opted_out += len(adults) - len(shown)
        report.faces += _replace(image, shown, report.model)
        return REEMBEDDED
    if forget and why in _FOR_GOOD:
        report.forgotten += _forget(image, report.model)
    return why.value


def _replace(image: Image, shown: list[DetectedFace], model_id: str) -> int:
    """The new rows in place of the old ones, at once or not at all; nothing where an ingest was first."""
    with transaction.atomic():
        current = Image.objects.select_for_update().filter(pk=image.pk).exclude(model_id=model_id).first()
        if current is None:
            return 0
        if settings.GALLERY_MODE == "watch":
            # Nothing about anybody but the subjects of matches is ever written.
            told = face_rows.matched_places(current)
            shown = [face for face in shown if face_rows.at_one_place(face.box, told)]
        return len(face_rows.replace(current, shown, model_id))


def _forget(image: Image, model_id: str) -> int:
    """Delete a picture's faces of other models. The picture stays of its old model, and is new if it comes back."""
    return image.faces.exclude(model_id=model_id).delete()[1].get("search.Face", 0)


def _waiting(model_id: str) -> QuerySet[Image]:
    """Pictures of another model that the present pass has not reached, in its order."""
    after = _reached(model_id)
    rows = Image.objects.exclude(model_id=model_id).order_by("pk")
    return rows.filter(pk__gt=after) if after else rows


def _pass(model_id: str, limit: int | None) -> Iterator[Image]:
    """The next pictures of the present pass; each counts as reached once the next one is asked for."""
    given = 0
    while limit is None or given < limit:
        image = _waiting(model_id).first()
        if image is None:
            break
        yield image
        given += 1
        _reach(model_id, image.pk)


def _bookmark() -> Path:
    return Path(settings.DATA_DIR) / "reembed.json"


def _reached(model_id: str) -> UUID | None:
    """The last picture of the present pass; none where there is no pass, or one for another model."""
    try:
        held = json.loads(_bookmark().read_bytes())
        return UUID(held["image"]) if held["model"] == model_id else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _reach(model_id: str, image: UUID) -> None:
    write_whole(_bookmark(), json.dumps({"model": model_id, "image": str(image)}).encode())


@contextmanager
def _locked() -> Iterator[None]:
    folder = Path(settings.DATA_DIR) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "reembed.lock", timeout=0):
            yield
    except Timeout:
        raise AlreadyReembedding("Another call is re-embedding already.") from None
