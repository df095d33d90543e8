"""What the age estimate takes for minors: adults by the size of their face, by person, and anybody of known age.

Everybody in the labelled photos is an adult, so whoever is dropped or stopped there is so wrongly. That says nothing
about children; `--ages FOLDER`, with the age at the head of each file's name as in UTKFace (`17_...jpg`), says it.
"""

import io
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.metrics import Rate
from bench.photos import LabelledPhotos
from bench.tables import Table, percent
from bench.timing import interleaved
from bench.transformations import Rgb
from search.engine import DetectedFace, PictureRefused, SFaceEngine, decode
from search.engine.age import APPARENT_MINOR, LOOKS_YOUNG, AgeModel, cut
from tests import photos as packaged

WIDTHS = (80, 50, 36, 30, 24, 20)
_QUALITIES = (90, 50)
_BANDS = ((0, 5), (6, 11), (12, 14), (15, 17), (18, 20), (21, 25), (26, 59), (60, 120))
_ROUNDS = 7
_HEADERS = ("face", "faces", "dropped by a crawl", "stopped at enrolment by one frame")


@dataclass(frozen=True, eq=False)
class Adult:
    person: str
    """Empty where nobody says who it is."""
    picture: Rgb
    face: DetectedFace


@dataclass(frozen=True)
class Estimator:
    engine: SFaceEngine
    ages: AgeModel

    def faces(self, picture: Rgb) -> list[DetectedFace]:
        return self.ages.estimated([picture], self.engine.analyse([picture]))[0]


def tables(labelled: LabelledPhotos, estimator: Estimator, folder: Path | None) -> list[Table]:
    adults = list(_adults(labelled, estimator))
    made = [_by_size(adults, estimator), _by_person(adults), _speed(estimator)]
    return [*made, by_age(folder, estimator)] if folder else made


def _adults(labelled: LabelledPhotos, estimator: Estimator) -> Iterator[Adult]:
    named = [(single.person, single.photo.pixels) for single in labelled.singles]
    for person, picture in [*named, *(("", single.photo.pixels) for single in labelled.distractors)]:
        faces = sorted(estimator.faces(picture), key=lambda face: -face.box[2])
        yield from (Adult(person, picture, face) for face in faces[:1])
    pictures = [decode(group.data).rgb for group in labelled.groups]
    carried = [] if labelled.packaged else [packaged.group(), packaged.astronaut(), packaged.hopper(), packaged.hanks()]
    for picture in [*pictures, *carried]:
        yield from (Adult("", picture, face) for face in estimator.faces(picture))


def _by_size(adults: Sequence[Adult], estimator: Estimator) -> Table:
    made = Table("Adults taken for minors", _HEADERS)
    made.add("as it is", *_shares([adult.face.under_18 for adult in adults]))
    for width in WIDTHS:
        for quality in _QUALITIES:
            made.add(f"{width} pixels wide, JPEG {quality}", *_shares(_reduced(adults, estimator, width, quality)))
    made.notes.append(
        f"Dropped from {APPARENT_MINOR}, stopped from {LOOKS_YOUNG}, with 95 % intervals (Wilson) that treat faces as "
        "independent. Faces that are not found any more when reduced are not counted. Enrolment takes the middle one "
        "of several frames or photos, not one."
    )
    return made


def _shares(estimates: Sequence[float]) -> tuple[object, ...]:
    young = np.array(estimates)
    dropped, stopped = (int((young >= limit).sum()) for limit in (APPARENT_MINOR, LOOKS_YOUNG))
    return len(young), Rate(dropped, len(young)), Rate(stopped, len(young))


def _reduced(adults: Iterable[Adult], estimator: Estimator, width: int, quality: int) -> list[float]:
    """The estimates of the same faces, so many pixels wide; none is enlarged."""
    found = []
    for adult in adults:
        scale = width / adult.face.quality.size
        if scale > 1:
            continue
        small, middle = _cut_out(adult, scale, quality)
        near = [face for face in estimator.faces(small) if np.hypot(*(face.landmarks[2] - middle)) < width / 2]
        found += [face.under_18 for face in near[:1]]
    return found


def _cut_out(adult: Adult, scale: float, quality: int) -> tuple[Rgb, NDArray[np.float32]]:
    """The face with its surroundings, reduced, and where its nose is then."""
    x, y, width, height = adult.face.box
    high, wide = adult.picture.shape[:2]
    left, top = max(round(x - width), 0), max(round(y - width), 0)
    right, bottom = min(round(x + 2 * width), wide), min(round(y + height + width), high)
    image = Image.fromarray(adult.picture).crop((left, top, right, bottom))
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    small = image.resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)), (adult.face.landmarks[2] - (left, top)) * scale


def _by_person(adults: Sequence[Adult]) -> Table:
    """Worst first: an average would hide whom it fails."""
    people: dict[str, list[float]] = defaultdict(list)
    for adult in adults:
        if adult.person:
            people[adult.person].append(adult.face.under_18)
    made = Table("Adults by person, worst first", ["person", "photos", "middle estimate", "highest estimate"])
    worst = sorted(people.values(), key=lambda young: -float(np.median(young)))
    for number, young in enumerate(worst[:10], start=1):
        made.add(number, len(young), f"{np.median(young):.3f}", f"{max(young):.3f}")
    return made


def _speed(estimator: Estimator) -> Table:
    picture = packaged.group()
    found = estimator.engine.analyse([picture])[0]
    crops = [cut(picture, face.landmarks) for face in found]
    looks: dict[str, tuple[int, Callable[[], object]]] = {
        "estimate, one face": (1, lambda: estimator.ages.ages(crops[:1])),
        "estimate, six together": (6, lambda: estimator.ages.ages(crops)),
        "estimate with the cutting": (6, lambda: estimator.ages.estimated([picture], [found])),
        "finding and embedding": (6, lambda: estimator.engine.analyse([picture])),
    }
    timing = interleaved({name: look for name, (_, look) in looks.items()}, _ROUNDS, 1)
    made = Table("Time for a face, one thread", ["what", "milliseconds a face"])
    for name, (faces, _) in looks.items():
        made.add(name, f"{statistics.median(timing[name].processor) / faces * 1000:.1f}")
    return made


def by_age(folder: Path, estimator: Estimator) -> Table:
    """People of known age, by band. The widest face of each file counts."""
    bands: dict[tuple[int, int], list[float]] = {band: [] for band in _BANDS}
    for path in sorted(folder.rglob("*")):
        age = path.name.partition("_")[0]
        band = next((band for band in _BANDS if age.isdigit() and band[0] <= int(age) <= band[1]), None)
        if band is None or not path.is_file():
            continue
        try:
            faces = estimator.faces(decode(path.read_bytes()).rgb)
        except PictureRefused:
            continue
        widest = max(faces, key=lambda face: face.box[2], default=None)
        if widest:
            bands[band].append(widest.under_18)
    made = Table("By age", ["age", *_HEADERS[1:], "right"])
    for (youngest, oldest), young in bands.items():
        if young:
            right = (np.array(young) >= APPARENT_MINOR) == (oldest < 18)
            made.add(f"{youngest} to {oldest}", *_shares(young), percent(float(right.mean())))
    return made
