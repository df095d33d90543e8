"""Crawl and ingest end to end, against a plain Scrapy project followed by the plain engine.

Both get the same site on this machine, from processes of their own, on an empty folder. Ours runs as an operator runs
it: a crawl, and beside it an ingest, which is asked to end (Ctrl-C) once the crawl is over and does what waits first.
The peer fetches everything to disk and then looks at the files, as its parts allow.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.crawled_site import make_pictures
from bench.tables import Table, at_least, at_most

ROOT = Path(__file__).parents[1]
PICTURES = Path(tempfile.gettempdir()) / "faceward-bench-pictures"
"""Made once for each number of pictures, and kept: making them takes longer than fetching them."""
SPOOL_MAX_BYTES = 64 * 1024 * 1024
CONCURRENCY = 8
"""Requests at once that our crawler makes to a host on a private network; the peer is given the same."""
_SERVICES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")


@dataclass(frozen=True)
class Size:
    """How large the site is, and how often it is crawled by each."""

    pages: int = 300
    pictures: int = 600
    rounds: int = 1


@dataclass
class Outcome:
    """What one run came to. Seconds elapsed, processor seconds of all its processes, megabytes."""

    pages: int
    pictures: int
    faces: int
    elapsed: float
    processor: float
    memory: float
    disk: float
    parts: dict[str, float] = field(default_factory=dict)


def table(size: Size) -> Table:
    make_pictures(PICTURES, size.pictures)
    outcomes: dict[str, list[Outcome]] = {"ours": [], "peer": []}
    contenders: dict[str, Callable[[str, Path, Size], Outcome]] = {"ours": ours, "peer": peer}
    with serving(size) as url:
        for _round in range(size.rounds):
            for name, run in contenders.items():
                with tempfile.TemporaryDirectory() as folder:
                    outcomes[name].append(run(url, Path(folder), size))
    return _table(size, outcomes)


def _table(size: Size, outcomes: dict[str, list[Outcome]]) -> Table:
    title = f"Crawl and ingest: {size.pages} pages, {size.pictures} pictures, end to end"
    made = Table(title, ["what", "ours", "plain Scrapy + plain engine", "ratio", "target"])
    typical = {name: median(run.elapsed for run in runs) for name, runs in outcomes.items()}
    last = {name: runs[-1] for name, runs in outcomes.items()}
    for what in ("pages", "pictures", "faces"):
        made.add(what, *(getattr(last[name], what) for name in outcomes), "", "")
    for what in ("pages", "pictures", "faces"):
        made.add(f"{what}/s", *(f"{getattr(last[name], what) / typical[name]:.1f}" for name in outcomes), "", "")
    made.add("seconds", *(f"{typical[name]:.1f}" for name in outcomes), *_ratio(outcomes, "elapsed", 3.0))
    made.add("processor seconds", *_medians(outcomes, "processor"), *_ratio(outcomes, "processor", None))
    bound = SPOOL_MAX_BYTES / 1024**2
    target = at_most(last["ours"].disk, 1.25 * bound, f"bounded ({bound:.0f} MB asked)")
    made.add("pictures on disk at most, MB", *_medians(outcomes, "disk"), "", target)
    made.add("memory of all processes at most, MB", *_medians(outcomes, "memory"), "", "")
    for name, run in last.items():
        parts = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in run.parts.items())
        made.notes.append(f"{name}: {parts}.")
    made.notes.append(f"Both make at most {CONCURRENCY} requests at once, without a pause; medians of {size.rounds}.")
    return made


def _medians(outcomes: dict[str, list[Outcome]], what: str) -> list[str]:
    return [f"{median(getattr(run, what) for run in runs):.0f}" for runs in outcomes.values()]


def _ratio(outcomes: dict[str, list[Outcome]], what: str, wanted: float | None) -> tuple[str, object]:
    pairs = zip(outcomes["ours"], outcomes["peer"], strict=True)
    ratio = median(getattr(theirs, what) / getattr(mine, what) for mine, theirs in pairs)
    return f"{ratio:.2f} x", at_least(ratio, wanted, f"≥ {wanted:g} x") if wanted else ""


# --- The two ------------------------------------------------------------------------------------------------------


def ours(url: str, folder: Path, size: Size) -> Outcome:
    """`manage.py crawl`, and `manage.py ingest --follow` beside it until nothing waits. Migrating is not counted."""
    kept = {name: value for name, value in os.environ.items() if name not in _SERVICES}
    environment = {**kept, "FACEWARD_DATA": str(folder / "data"), "SPOOL_MAX_BYTES": str(SPOOL_MAX_BYTES)}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v", "0"], cwd=ROOT, env=environment, check=True)
    arguments = ["--json", "--allow-private", "--max-pages", str(size.pages + 10), url]
    with Measured(folder / "data" / "spool") as measured:
        command = [*manage, "ingest", "--follow", "--json"]
        ingest = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        done = subprocess.run([*manage, "crawl", *arguments], cwd=ROOT, env=environment, capture_output=True)
        fetched = measured.so_far()
        ingest.send_signal(signal.SIGINT)
        report, _ = ingest.communicate()
    (run,) = json.loads(done.stdout)["runs"]
    parts = {"crawl": fetched, "ingest after it": measured.elapsed - fetched}
    found = json.loads(report)
    _expect(size, run["pages"], found["images"], run)
    counts = (run["pages"], found["images"], found["faces"])
    return Outcome(*counts, measured.elapsed, measured.processor, measured.memory, measured.disk, parts)


def peer(url: str, folder: Path, size: Size) -> Outcome:
    files = folder / "files"
    command = [sys.executable, "-m", "bench.scrapy_peer", url, str(files), str(CONCURRENCY)]
    with Measured(files) as measured:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    came = json.loads(done.stdout)
    _expect(size, came["pages"], came["pictures"], came)
    counts = (came["pages"], came["pictures"], came["faces"])
    return Outcome(*counts, measured.elapsed, measured.processor, measured.memory, measured.disk, came["seconds"])


def _expect(size: Size, pages: int, pictures: int, said: object) -> None:
    """A race is only one where both go the whole way."""
    if abs(pages - size.pages) > 2 or pictures != size.pictures:
        raise RuntimeError(f"not everything came home: {said}")


@contextmanager
def serving(size: Size) -> Iterator[str]:
    """The site, in a process of its own; the URL of its first page."""
    arguments = [str(PICTURES), str(size.pages), str(size.pictures)]
    command = [sys.executable, "-m", "bench.crawled_site", *arguments]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/page/0"
    finally:
        server.terminate()
        server.wait()


# --- What it took -------------------------------------------------------------------------------------------------


class Measured:
    """Time, processor time of finished children, and the peaks of memory and of one folder, looked at now and then."""

    elapsed = processor = memory = disk = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Measured":
        self._begun, self._processor = time.perf_counter(), _children_seconds()
        self._looking.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.elapsed = self.so_far()
        self.processor = _children_seconds() - self._processor
        self._over.set()
        self._looking.join()

    def so_far(self) -> float:
        return time.perf_counter() - self._begun

    def _look(self) -> None:
        own = os.getpid()
        while not self._over.wait(0.25):
            self.disk = max(self.disk, _size(self._folder) / 1024**2)
            self.memory = max(self.memory, sum(map(_resident, _descendants(own))))


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _size(folder: Path) -> int:
    total = 0
    for place, _folders, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_size  # noqa: PTH116, PTH118 (thousands, often)
            except FileNotFoundError:
                continue
    return total


def _descendants(process: int) -> Iterator[int]:
    """All living processes below this one, but not the server of the site."""
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            if not _is_server(child):
                yield child
                yield from _descendants(child)


def _is_server(process: int) -> bool:
    try:
        return b"bench.crawled_site" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True


def _resident(process: int) -> float:
    """MB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)
