"""Ingest: from fetched pictures to faces in the gallery.

Each picture is first held against the lists of known pictures that must not be kept: a listed one never reaches the
face engine. The others are analysed in processes of their own limits, faces of apparent children and opted-out ones
are dropped, and the rest is written with the places where the pictures were seen; then the bytes are deleted. While
some pictures are written, the next ones are analysed already.

Any number of processes may ingest at once: each claims its pictures. Every step may be killed and called again: the
rows of a few pictures and the marks that these are done are one transaction.

In `GALLERY_MODE=watch` faces are compared before anything is written, and what is no match leaves no row behind:
not the face, not the picture, not the place.
"""

import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import FrameType
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from crawler import memory, spool
from crawler.blocklists import blocklist, restricted
from crawler.models import FetchedImage
from search import claims, faces, gallery, matching, minors, optout, previews, sightings, volume, withdrawal
from search.claims import Claim
from search.engine import Analysis, DetectedFace, PictureRefused
from search.engine.base import Box
from search.models import Image
from search.picture_rows import Writing
from search.probes import Probes
from search.sightings import INGESTED

logger = logging.getLogger(__name__)

RESTRICTED = "restricted"
_BYTES_MISSING = "bytes_missing"
# Pictures that are written in one transaction, and pictures that are held against the lists together.
_WRITTEN_TOGETHER = 16
_CHECKED_TOGETHER = 16
_CHECKED_BYTES = 32 * 1024**2
# While nothing waits: how often `follow` looks, and how often it does what is left to do between rounds.
_POLL_SECONDS, _TIDY_SECONDS = 0.5, 60.0

Picture = tuple[str, bytes]
"""SHA-256 and bytes."""


@dataclass
class Report:
    """What one call did. `images` and `faces` count new ones, `minors` faces that look like children's and were
    dropped; `refused` counts pictures by reason.
    """

    images: int = 0
    sightings: int = 0
    faces: int = 0
    minors: int = 0
    opted_out: int = 0
    matches: int = 0
    withdrawn: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1


@dataclass
class _Batch:
    """One claim's pictures on their way. `lists`: as they were when its pictures were held against them."""

    claim: Claim
    lists: blocklist.Stamp
    new: list[str] = field(default_factory=list)
    # How many of `new` have neither been refused nor come back analysed.
    left: int = 0
    # Without the faces that were dropped; where all faces are, so that a preview blurs those as well.
    ready: list[tuple[str, Analysis]] = field(default_factory=list)
    boxes: dict[str, list[Box]] = field(default_factory=dict)
    minors: int = 0
    shown: dict[UUID, matching.Shown] = field(default_factory=dict)


def ingest_waiting(seconds: float | None = None) -> Report:
    """Ingest everything that waits, batch by batch, comparing the new faces with the enrolled ones.

    Ends early, with nothing lost, after the picture at hand: when the process is asked to end (SIGTERM), or after so
    many `seconds`.
    """
    report = Report()
    with _Stop(seconds) as stop:
        report.withdrawn += withdrawal.sweep()
        _Run(report, stop).go()
        _tidy(report, stop)
    return report


def follow() -> Report:
    """Ingest what waits and what is fetched meanwhile, until asked to end.

    Asked by SIGINT (Ctrl-C) it ends when nothing waits any more, by a second one or by SIGTERM after the picture at
    hand. Only in a program's main thread.
    """
    report = Report()
    with _Stop(None) as stop, stop.when_done():
        faces.pool().start()
        tidied = 0.0
        while not stop.asked():
            last = stop.is_last
            report.withdrawn += withdrawal.sweep()
            at_work = _Run(report, stop).go()
            if at_work or last or time.monotonic() - tidied > _TIDY_SECONDS:
                _tidy(report, stop)
                tidied = time.monotonic()
            if last and not at_work:
                break
            if not at_work:
                time.sleep(_POLL_SECONDS)
    return report


def _tidy(report: Report, stop: "_Stop") -> None:
    if not claims.anybody_at_work():
        # Faces that an earlier, interrupted call wrote but did not compare.
        report.matches += matching.forward()
    gallery.tidy()
    if not stop.asked():
        previews.fill_missing()


class _Stop:
    """Whether it is time to end. In a program's main thread, SIGTERM asks for it instead of killing."""

    is_last = False
    """Whether it is time to end when nothing waits any more."""

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._before: object = None
        self._told = False

    def asked(self) -> bool:
        return self._told or (self._until is not None and time.monotonic() > self._until)

    @contextmanager
    def when_done(self) -> Iterator[None]:
        """SIGINT asks to end when nothing waits any more, and once more to end now."""
        before = signal.signal(signal.SIGINT, self._tell_last)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def __enter__(self) -> "_Stop":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)  # type: ignore[arg-type]

    def _tell(self, number: int, frame: FrameType | None) -> None:
        self._told = True
        if callable(self._before):  # a queue's worker has something of its own to do then
            self._before(number, frame)

    def _tell_last(self, _number: int, _frame: FrameType | None) -> None:
        self._told, self.is_last = self.is_last, True


class _Run:
    """Pictures go to the engine as they are needed and come back in order, across the batches."""

    def __init__(self, report: Report, stop: _Stop) -> None:
        self._report = report
        self._stop = stop
        self._probes = Probes()
        self._watching = bool(settings.GALLERY_MODE == "watch")
        self._batches: list[_Batch] = []
        self._begun = False
        # What went to the engine and has not come back.
        self._sent: deque[tuple[_Batch, str]] = deque()

    def go(self) -> bool:
        """Whether there was anything to do."""
        try:
            for outcome in faces.analyse_all(self._pictures()):
                self._take(*self._sent.popleft(), outcome)
                if self._stop.asked():
                    break
            for batch in list(self._batches):
                self._finish(batch)
        finally:
            for batch in self._batches:
                batch.claim.release()
        return self._begun

    # --- Before the engine ---

    def _pictures(self) -> Iterator[bytes]:
        """The bytes of what is to be analysed; claims the next batch when this one is all under way."""
        while not self._stop.asked() and (batch := self._begin()):
            for checked in self._checked(batch):
                for sha256, data in checked:
                    if self._stop.asked():
                        return
                    self._sent.append((batch, sha256))
                    yield data
            if not batch.left:
                self._finish(batch)

    def _begin(self) -> _Batch | None:
        """Claim a batch and deal with what needs no engine: listed pictures and known ones."""
        claim = claims.take()
        if claim is None:
            return None
        self._begun = True
        batch = _Batch(claim, blocklist.stamp())
        self._batches.append(batch)
        hashes = list(claim.rows)
        listed = dict.fromkeys(withdrawal.withdrawn_among(hashes), blocklist.WITHDRAWN)
        if batch.lists:
            listed.update(blocklist.listed(hashes))
        for sha256, list_name in listed.items():
            self._restrict(sha256, list_name)
        known = {} if self._watching else _known([sha256 for sha256 in hashes if sha256 not in listed])
        if known:
            with transaction.atomic():
                self._report.sightings += sightings.write(known, claim.of(known))
        batch.new = [sha256 for sha256 in hashes if sha256 not in listed and sha256 not in known]
        batch.left = len(batch.new)
        return batch

    def _checked(self, batch: _Batch) -> Iterator[list[Picture]]:
        """A batch's new pictures with their bytes, some at a time, without those that are missing or listed."""
        waiting: list[Picture] = []
        for sha256 in batch.new:
            try:
                waiting.append((sha256, spool.get(sha256)))
            except spool.NotInSpool:
                self._refuse(batch, sha256, _BYTES_MISSING)
                memory.forget(sha256)
            full = sum(len(data) for _, data in waiting) > _CHECKED_BYTES
            if len(waiting) == _CHECKED_TOGETHER or full:
                yield self._unlisted(batch, waiting)
                waiting = []
        if waiting:
            yield self._unlisted(batch, waiting)

    def _unlisted(self, batch: _Batch, pictures: Sequence[Picture]) -> list[Picture]:
        """Those that are on no list, by their bytes or, if there are such lists, by what they look like."""
        if not batch.lists:
            return list(pictures)
        unlisted = [(sha256, data) for sha256, data in pictures if not self._is_listed(batch, sha256, data)]
        if not unlisted or not blocklist.has_pdq():
            return unlisted
        clean = []
        outcomes = faces.fingerprint_all(data for _, data in unlisted)
        for (sha256, data), hashes in zip(unlisted, outcomes, strict=True):
            if isinstance(hashes, PictureRefused):
                self._refuse(batch, sha256, hashes.reason.value)
            elif list_name := blocklist.pdq_lists(hashes):
                self._drop(batch, sha256, list_name)
            else:
                clean.append((sha256, data))
        return clean

    def _is_listed(self, batch: _Batch, sha256: str, data: bytes) -> bool:
        list_name = blocklist.known(data)
        if list_name:
            self._drop(batch, sha256, list_name)
        return bool(list_name)

    # --- After the engine ---

    def _take(self, batch: _Batch, sha256: str, outcome: Analysis | PictureRefused) -> None:
        if isinstance(outcome, PictureRefused):
            self._refuse(batch, sha256, outcome.reason.value)
        elif list_name := _looks_listed(batch, outcome):
            self._drop(batch, sha256, list_name)
        else:
            batch.left -= 1
            self._keep_adults(batch, sha256, outcome)
        batch.claim.renew()
        if not batch.left:
            self._finish(batch)
        elif len(batch.ready) >= _WRITTEN_TOGETHER and not self._watching:
            self._write(batch)

    def _keep_adults(self, batch: _Batch, sha256: str, found: Analysis) -> None:
        """Apparent children's faces end here, before anything is compared, written or counted."""
        adults = minors.adults(found.faces, self._probes)
        batch.minors += len(found.faces) - len(adults)
        batch.boxes[sha256] = [face.box for face in found.faces]
        batch.ready.append((sha256, replace(found, faces=adults)))

    def _refuse(self, batch: _Batch, sha256: str, reason: str) -> None:
        batch.left -= 1
        self._report.refuse(reason)
        rows = FetchedImage.objects.filter(pk__in=[row.pk for row in batch.claim.rows[sha256]])
        rows.update(processed_at=timezone.now(), outcome=reason)
        logger.info("picture %s refused: %s", sha256[:12], reason)

    def _drop(self, batch: _Batch, sha256: str, list_name: str) -> None:
        batch.left -= 1
        self._restrict(sha256, list_name)

    def _restrict(self, sha256: str, list_name: str) -> None:
        """Nothing of a listed picture stays but where it was met; what was kept of it before goes too."""
        self._report.refuse(RESTRICTED)
        with transaction.atomic():
            restricted.take_away([sha256], list_name)
            self._report.withdrawn += withdrawal.withdraw(
                Image.objects.filter(sha256=sha256, withdrawn_at=None), list_name
            )

    def _finish(self, batch: _Batch) -> None:
        """Write what is left, compare it, delete the bytes."""
        if batch not in self._batches:
            return
        judge = None
        if self._watching:
            # Judged before anything is written; and the threshold depends on how much the whole batch holds.
            volume.count(pictures=len(batch.ready), faces=sum(len(found.faces) for _, found in batch.ready))
            judge = matching.scorer(self._probes.now())
        self._write(batch, judge)
        if blocklist.stamp() != batch.lists:  # a list grew meanwhile
            self._report.withdrawn += withdrawal.withdraw_listed(Image.objects.filter(sha256__in=batch.claim.rows))
        judge = judge or matching.scorer(self._probes.now())
        self._report.matches += matching.forward(batch.shown, judge)
        self._report.minors += batch.minors
        volume.count_minors(batch.minors)
        batch.claim.release()
        self._batches.remove(batch)
        _discard(batch.claim.rows)

    def _write(self, batch: _Batch, judge: matching.Scorer | None = None) -> None:
        """Some pictures' rows, their sightings and the marks that they are done, in one transaction.

        With a judge only what is a match is written, and of the rest nothing is left.
        """
        ready, batch.ready = batch.ready, []
        if not ready:
            return
        kept = not_opted_out(ready)
        self._report.opted_out += sum(
            len(found.faces) - len(shown) for (_, found), shown in zip(ready, kept, strict=True)
        )
        written = Writing(
            batch.claim, [(sha256, found, shown) for (sha256, found), shown in zip(ready, kept, strict=True)]
        )
        if judge is not None:
            written.only_news(judge)
        try:
            images = written.write(count=judge is None)
        except IntegrityError:  # another process was first with one of them
            images = written.write(count=judge is None)
        self._report.images += written.images
        self._report.faces += written.faces
        self._report.sightings += written.sightings
        for sha256, _ in ready:
            if sha256 in images:
                batch.shown[images[sha256].pk] = matching.Shown(partial(spool.get, sha256), batch.boxes[sha256])


def _known(hashes: Sequence[str]) -> dict[str, Image]:
    """Pictures whose faces the configured model has measured before."""
    images = Image.objects.filter(sha256__in=hashes, model_id=faces.model().model_id)
    return {image.sha256: image for image in images}


def _looks_listed(batch: _Batch, found: Analysis) -> str:
    """Once more by the hashes of the whole picture, which cost nothing here."""
    return blocklist.pdq_lists(found.pdq) if batch.lists else ""


def not_opted_out(ready: Sequence[tuple[str, Analysis]]) -> list[list[DetectedFace]]:
    """Of each picture the faces that may be kept."""
    if optout.waiting():
        # Opt-outs of earlier models: their engines have to look at each picture.
        hidden = [optout.hidden_in(partial(spool.get, sha256), found.faces) for sha256, found in ready]
    else:
        every = [face.embedding for _, found in ready for face in found.faces]
        hide = optout.hidden(np.stack(every)) if every else np.zeros(0, dtype=bool)
        hidden = np.split(hide, np.cumsum([len(found.faces) for _, found in ready])[:-1])
    return [
        [face for face, hide in zip(found.faces, theirs, strict=True) if not hide]
        for (_, found), theirs in zip(ready, hidden, strict=True)
    ]


def _discard(hashes: Collection[str]) -> None:
    """Delete the bytes of pictures that nobody waits for any more."""
    rows = FetchedImage.objects.filter(sha256__in=hashes, processed_at=None)
    waiting = set(rows.values_list("sha256", flat=True))
    for sha256 in hashes:
        if sha256 not in waiting:
            spool.discard(sha256)


__all__ = ["INGESTED", "RESTRICTED", "Report", "follow", "ingest_waiting"]
