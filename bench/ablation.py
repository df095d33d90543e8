"""What each measure of the engine is worth: switched off alone, everything else as it ships."""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.peers import Ours
from bench.photos import LabelledPhotos
from bench.robustness import ROTATIONS, Sweep, sweep
from bench.speed import six_faces
from bench.tables import Table, percent
from search.engine.finder import FinderOptions

_REPEATS = 5


def table(photos: LabelledPhotos, cache_dir: Path) -> Table:
    """One sweep of all transformations for each measure: minutes each."""
    headers = ["engine", "mean rank-1", "rotations", "16 px", "found", "ms, altered photo", "ms, group of 2 MP"]
    made = Table("What each measure is worth", headers)
    for name, options in variants(FinderOptions):
        ours = Ours(cache_dir, options)
        seen = sweep(ours, photos)
        probes = [face for faces in seen.probes.values() for face in faces]
        made.add(
            name,
            percent(seen.mean_rank_one),
            percent(_mean(seen, ROTATIONS)),
            percent(_mean(seen, ("face_16_px",))),
            percent(sum(face is not None for face in probes) / len(probes)),
            f"{1000 * seen.seconds / len(probes):.0f}",
            f"{_milliseconds(ours):.0f}",
        )
    made.notes.append("Milliseconds of processor time, one thread, decoding included.")
    return made


def variants(options: type) -> Iterator[tuple[str, Any]]:
    """The engine as it ships, then with each switch the other way, then with all of them so. A switch is a field that
    is true or false, or one whose metadata say what "off" is."""
    yield "as it ships", options()
    others: dict[str, object] = {}
    for field in dataclasses.fields(options):
        if isinstance(field.default, bool):
            others[field.name] = not field.default
        elif "off" in field.metadata:
            others[field.name] = field.metadata["off"]
    for name, value in others.items():
        words = "with" if value is True else "without"
        yield f"{words} {name.replace('_', ' ')}", options(**{name: value})
    if len(others) > 1:
        yield "without any of them", options(**{name: value for name, value in others.items() if value is not True})


def _mean(seen: Sweep, names: tuple[str, ...]) -> float:
    return float(sum(seen.right(name).mean() for name in names) / len(names))


def _milliseconds(ours: Ours) -> float:
    picture = six_faces()
    ours.faces(picture)
    begun = time.process_time()
    for _ in range(_REPEATS):
        ours.faces(picture)
    return 1000 * (time.process_time() - begun) / _REPEATS
