"""Figures of whole processes: workers side by side, memory, starting times."""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.tables import Table, at_least, at_most
from bench.timing import interleaved
from bench.transformations import Photo, jpeg, page, scaled
from search.engine.pool import Pool
from tests import photos as packaged

_PICTURES = 12
_START = """
import json, sys, time
begun = time.perf_counter()
from pathlib import Path
from search.engine import load_engine
imported = time.perf_counter()
load_engine("sface", Path(sys.argv[1]))
print(json.dumps({"load": time.perf_counter() - imported, "import": imported - begun}))
"""


_MULTIPLY = """
import numpy as np, time
square = np.random.default_rng(0).random((768, 768), dtype=np.float32)
end, products = time.perf_counter() + 2.0, 0
while time.perf_counter() < end:
    square @ square
    products += 1
print(products)
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds."""

    load: float
    process: float


def start(cache_dir: Path) -> Start:
    """A fresh process that loads the engine with its models in this folder."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _START, str(cache_dir)], check=True, capture_output=True, cwd=Path(__file__).parents[1]
    )
    return Start(json.loads(done.stdout)["load"], time.perf_counter() - begun)


def second_core() -> float:
    """What two processes of plain matrix products do, against one: all that this machine's second core can give."""
    return statistics.median(_products(2) / _products(1) for _ in range(3))


def _products(processes: int) -> int:
    command = [sys.executable, "-c", _MULTIPLY]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(processes)]
    return sum(int(each.communicate()[0]) for each in running)


def add_pool(made: Table, cache_dir: Path, picture: bytes, rounds: int) -> None:
    """One worker, two workers, and the memory of one that has seen the worst."""
    batch = [picture] * _PICTURES
    one, two = (Pool("sface", cache_dir, workers=workers) for workers in (1, 2))
    try:
        timing = interleaved({"1": lambda: list(one.analyse(batch)), "2": lambda: list(two.analyse(batch))}, rounds)
        for workers, each in timing.items():
            made.add(
                f"pool of {workers}: 2 MP pictures with six faces", f"{_PICTURES / each.median:.1f} pictures/s", ""
            )
        gain = timing["2"].ratio(timing["1"], elapsed=True)
        made.add("gain from the second worker", f"{gain:.2f} x", at_least(gain, 1.8, "≥ 1.8 x"))
        made.add("for comparison, of a second process of matrix products", f"{second_core():.2f} x", "")
        list(one.analyse([*batch, *large_pictures()]))
        megabytes = max(map(peak_memory, children()))
        made.add("peak memory of a worker", f"{megabytes:.0f} MB", at_most(megabytes, 700, "< 700 MB"))
    finally:
        one.close()
        two.close()


def large_pictures() -> list[bytes]:
    """What costs memory: a page of 12 MP with a small face, and a group at 45 MP."""
    pixels = packaged.astronaut()
    # The face in that photo, coarsely: only its size matters here.
    face = Photo(pixels, (170.0, 60.0, 110.0, 150.0), None)  # type: ignore[arg-type]
    group = packaged.group()
    return [page(face), jpeg(scaled(group, (45_000_000 / group[..., 0].size) ** 0.5), 85)]


def children() -> list[int]:
    """Process ids of this process's living children."""
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def peak_memory(process: int) -> float:
    """The most resident memory it ever had, in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
