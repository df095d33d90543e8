"""`manage.py calibrate [--save]`: what scores strangers have in this gallery, against what ships."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from config.commands import OperatorCommand
from search import faces
from search.calibration import FITTED_FILE, Calibration, calibration_for, read_fitted
from search.engine import EngineUnavailable
from search.models import Face
from search.refit import CannotFit, Fit, fit

_GOOD = 8.0
_RATES = (1e-3, 1e-4, 1e-5, 1e-6)


class Command(OperatorCommand):
    help = "Fit the rate of false matches to the faces in this gallery; --save uses it from now on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--save", action="store_true", help="use what was found, within bounds")
        parser.add_argument("--sample", type=int, default=4000, help="how many faces to draw (default 4000)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model_id = faces.model().model_id
            fitted = _fit(model_id, max(options["sample"], 2))
        except (EngineUnavailable, CannotFit) as error:
            raise CommandError(str(error)) from error
        if options["save"]:
            _save(settings.DATA_DIR / FITTED_FILE, model_id, fitted)
        document = _document(model_id, fitted) | {"saved": options["save"]}
        self.emit(document, ("", "mean", "deviation", *map(str, _RATES)), _rows(document))
        if not self.as_json:
            self.stdout.write(_sentence(fitted, options["save"]))


def _fit(model_id: str, sample: int) -> Fit:
    rows = list(
        Face.objects.filter(model_id=model_id, quality_length__gte=_GOOD)
        .order_by("?")
        .values_list("embedding", "image_id")[:sample]
    )
    if not rows:
        raise CannotFit("There are no faces of this model in the gallery that are good enough to calibrate on.")
    vectors = np.stack([faces.from_bytes(stored) for stored, _ in rows])
    numbers = {image: number for number, image in enumerate({image for _, image in rows})}
    images = np.array([numbers[image] for _, image in rows], dtype=np.int64)
    return fit(vectors, images, calibration_for(model_id))


def _document(model_id: str, fitted: Fit) -> dict[str, Any]:
    kinds = {"shipped": calibration_for(model_id), "found": fitted.found, "within bounds": fitted.used}
    return {
        "model_id": model_id,
        "images": fitted.images,
        "faces": fitted.faces,
        "pairs": fitted.pairs,
        "calibrations": {name: _described(each) for name, each in kinds.items()},
        "tail": [{"score": score, "share": share, "expected": wanted} for score, share, wanted in fitted.tail],
    }


def _described(each: Calibration) -> dict[str, Any]:
    thresholds = {str(rate): round(each.threshold_at(rate), 4) for rate in _RATES}
    return {"mean": round(each.mean, 4), "deviation": round(each.deviation, 4), "thresholds": thresholds}


def _rows(document: dict[str, Any]) -> list[tuple[object, ...]]:
    return [
        (name, each["mean"], each["deviation"], *each["thresholds"].values())
        for name, each in document["calibrations"].items()
    ]


def _sentence(fitted: Fit, saved: bool) -> str:
    tail = "; ".join(f"{share:.4%} reach {score:.3f}, expected {wanted:.4%}" for score, share, wanted in fitted.tail)
    after = "Saved; restart the workers." if saved else "Nothing was changed; --save uses the last line."
    return (
        f"\nThresholds by false match rate, from {fitted.pairs:,} pairs of {fitted.faces:,} faces in "
        f"{fitted.images:,} pictures.\nOf the pairs {tail}. Pairs of one person are among them.\n{after}"
    )


def _save(path: Path, model_id: str, fitted: Fit) -> None:
    """Whole or not at all, leaving other models' entries as they are."""
    try:
        document = json.loads(path.read_text()) if read_fitted(path) else {}
    except ValueError:
        document = {}
    document[model_id] = {
        "mean": fitted.used.mean,
        "deviation": fitted.used.deviation,
        "images": fitted.images,
        "faces": fitted.faces,
        "pairs": fitted.pairs,
        "measured_on": "the gallery of this installation",
        "how": "median and the wider half of the middle 68 % of random pairs from different pictures, within bounds",
        "date": timezone.now().date().isoformat(),
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(document, indent=2) + "\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
