"""The live check against people and against what is held or played into the camera, in the terms of ISO/IEC 30107-3.

APCER is the share of attack presentations of one species that pass, BPCER that of people who do not. The people are
films made of photos (`tests.moving_face`), because no package carries films of real ones: both rates are of this
instrument, and say nothing about people and masks that were never in front of a camera here.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.metrics import Rate
from bench.tables import Table
from search.engine import EngineUnavailable, FaceEngine, decode
from search.liveness import Frame, Step, challenge, judge, trace
from tests import moving_face as moving

Rgb = NDArray[np.uint8]
Attack = Callable[["Scene"], Sequence[Frame]]

_FACING = 14.0
_SECONDS = 14.0
"""For an attack that waits for a step; the rest of the time would look the same."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One person's photo, another's, and what the page asks for."""

    photo: Rgb
    stranger: Rgb
    steps: tuple[Step, ...]
    seed: int
    person: "list[moving.Take]" = field(default_factory=list)

    def take(self) -> moving.Take:
        """The person in front of the camera, filmed once."""
        if not self.person:
            self.person.append(moving.perform(moving.head(self.photo), self.steps, self.seed))
        return self.person[0]

    def try_with(self, seen: moving.Still) -> list[Frame]:
        return moving.perform(seen, self.steps, self.seed, most=_SECONDS).frames

    @property
    def sheet(self) -> Rgb:
        return moving.canvas(self.photo).picture


def _still(scene: Scene) -> list[Frame]:
    sheet = scene.sheet
    return scene.try_with(lambda pose: sheet)


def _wrong_order(scene: Scene) -> list[Frame]:
    shown = scene.steps[::-1] if scene.steps[::-1] != scene.steps else scene.steps[1:]
    return moving.measured(moving.genuine(scene.photo, shown, scene.seed))


def _other_half_way(scene: Scene) -> list[Frame]:
    take = scene.take()
    other = moving.film(moving.head(scene.stranger), moving.poses(scene.steps, scene.seed), scene.seed)
    end = take.shots[-1].at / 2
    return moving.measured(moving.spliced(take.shots, other, end))


def _replay(scene: Scene) -> list[Frame]:
    return moving.measured(moving.recompressed(scene.take().shots))


def _identical(scene: Scene) -> list[Frame]:
    seen = moving.head(scene.photo)
    return moving.perform(seen, scene.steps, scene.seed, most=_SECONDS, frozen=True).frames


def _photo_series(scene: Scene) -> list[Frame]:
    seen = moving.head(scene.photo)
    return moving.perform(seen, scene.steps, scene.seed, most=_SECONDS, at_once=True).frames


def _screened(scene: Scene, *, grid: bool) -> Sequence[Frame]:
    """With all the time it needs: nothing but the grid tells it from the person."""
    return moving.perform(moving.screened(moving.head(scene.photo), grid=grid), scene.steps, scene.seed).frames


ATTACKS: dict[str, Attack] = {
    "still photo in front of the camera": _still,
    "photo moved, tilted and turned": lambda scene: scene.try_with(moving.plane(scene.sheet)),
    "printed crop close to the camera": lambda scene: scene.try_with(
        moving.plane(moving.printed(scene.sheet), size=1.4, degrees=2)
    ),
    "bent print": lambda scene: scene.try_with(moving.plane(moving.printed(scene.sheet), bend=0.6, degrees=1.8)),
    "photos of every pose, one after the other": _photo_series,
    "film with the steps in another order": _wrong_order,
    "another person half-way": _other_half_way,
    "replay of an earlier session, same steps asked": _replay,
    "the same frames injected again and again": _identical,
    "film of the right steps on a screen, its grid seen": lambda scene: _screened(scene, grid=True),
}
"""What the check is there to stop."""

BEYOND: dict[str, Attack] = {
    "film of the right steps on a screen, its grid not seen": lambda scene: _screened(scene, grid=False),
    "3-D warp or deep fake injected through a virtual camera": lambda scene: scene.take().frames,
}
"""What it does not stop, measured to say so."""


def tables(engine: FaceEngine, photos: Sequence[Rgb], rounds: int = 1) -> list[Table]:
    moving.look_with(engine)
    scenes = _scenes(engine, photos, rounds)
    people = Table("Live check: people (bona fide presentations)", ["presentations", "BPCER (95 % interval)", "why"])
    refused = [judge(scene.steps, scene.take().frames).failure for scene in scenes]
    people.add(len(scenes), str(_rate(refused, failed=True)), _counts(refused))
    headers = ["species", "APCER (95 % interval)", "stopped as"]
    stopped = Table("Live check: attacks by species, the worst first", headers)
    for rate, name, failures in sorted(_measured(ATTACKS, scenes), key=lambda row: -row[0].value):
        stopped.add(name, str(rate), _counts(failures))
    beyond = Table("Live check: attacks it does not stop", headers)
    for rate, name, failures in _measured(BEYOND, scenes):
        beyond.add(name, str(rate), _counts(failures))
    people.notes.append(
        f"{len({id(scene.photo) for scene in scenes})} people, films made of one photo each; the interval is Wilson's "
        "and takes every film for a trial of its own."
    )
    return [people, stopped, beyond]


def photos_in(folder: Path) -> list[Rgb]:
    """Every picture in a folder that can be read."""
    return [decode(path.read_bytes()).rgb for path in sorted(folder.iterdir()) if path.is_file()]


def _scenes(engine: FaceEngine, photos: Sequence[Rgb], rounds: int) -> list[Scene]:
    facing = [photo for photo in photos if _is_facing(engine, photo)]
    if len(facing) < 2:
        raise EngineUnavailable("The live check is measured on two people at least, who look at the camera.")
    return [
        Scene(photo, facing[place - 1], challenge(random.Random(7 * seed + place)), seed)
        for seed in range(1, rounds + 1)
        for place, photo in enumerate(facing)
    ]


def _is_facing(engine: FaceEngine, photo: Rgb) -> bool:
    """One face that looks at the camera: a film of a head that begins turned away is nobody's check."""
    (found,) = engine.analyse([photo])
    main = max(found, key=lambda face: face.box[2], default=None)
    return main is not None and max(abs(main.quality.yaw), abs(main.quality.roll)) < _FACING and main.box[2] > 60


def _measured(attacks: dict[str, Attack], scenes: Sequence[Scene]) -> list[tuple[Rate, str, list[str]]]:
    made = []
    for name, attack in attacks.items():
        failures = [judge(scene.steps, attack(scene), _known(name, scene)).failure for scene in scenes]
        made.append((_rate(failures, failed=False), name, failures))
    return made


def _known(name: str, scene: Scene) -> list[bytes]:
    return [trace(scene.take().frames)] if name.startswith("replay") else []


def _rate(failures: Sequence[str], *, failed: bool) -> Rate:
    return Rate(sum(bool(failure) is failed for failure in failures), len(failures))


def _counts(failures: Sequence[str]) -> str:
    kinds = sorted({failure for failure in failures if failure})
    return ", ".join(f"{kind} {failures.count(kind)}" for kind in kinds)
