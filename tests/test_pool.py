"""Workers: as good as the engine in the process, and what happens to them happens to nobody else."""

import io
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from search.engine import (
    Analysis,
    EngineUnavailable,
    Limits,
    Model,
    PictureRefused,
    Pool,
    Refusal,
    decode,
    load_engine,
    wire,
)
from search.engine.age import load_age
from search.engine.worker import look_at
from tests import hostile, photos

ROOT = Path(__file__).parent.parent
ASTRONAUT, HOPPER = photos.jpeg(photos.astronaut()), photos.jpeg(photos.hopper())
SMALL = photos.jpeg(photos.resized(photos.astronaut(), 0.5))
DEFAULT = Limits()
MODEL = Model("sface", 4)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel says so in /proc, and enforces it, on Linux")


def new_pool(workers: int = 1, limits: Limits = DEFAULT) -> Pool:
    return Pool("sface", settings.MODEL_CACHE_DIR, workers=workers, limits=limits)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    running = new_pool(workers=2)
    yield running
    running.close()


@pytest.fixture
def alone() -> Iterator[Pool]:
    """One worker of one's own, to be harmed."""
    running = new_pool(limits=Limits(seconds=3))
    yield running
    running.close()


def worker_of(pool: Pool) -> int:
    """The process id of an idle worker."""
    with pool._worker() as worker:
        return worker._process.pid


def faces_of(outcome: Analysis | PictureRefused) -> int:
    assert isinstance(outcome, Analysis)
    return len(outcome.faces)


def reason_of(outcome: Analysis | PictureRefused) -> Refusal:
    assert isinstance(outcome, PictureRefused)
    assert outcome.sentence.endswith(".")
    return outcome.reason


# As good as the engine


def test_a_worker_measures_what_the_engine_measures(pool: Pool) -> None:
    items = [photos.jpeg(photos.group()), ASTRONAUT, photos.encode(photos.hopper(), "WEBP")]
    for there, here in zip(
        pool.analyse(items),
        look_at(load_engine("sface", settings.MODEL_CACHE_DIR), load_age(settings.MODEL_CACHE_DIR), items),
        strict=True,
    ):
        assert isinstance(there, Analysis)
        assert isinstance(here, Analysis)
        assert (there.width, there.height, there.format, there.pdq) == (here.width, here.height, here.format, here.pdq)
        for one, other in zip(there.faces, here.faces, strict=True):
            assert one.box == pytest.approx(other.box, abs=0.01)
            assert one.landmarks == pytest.approx(other.landmarks, abs=0.01)
            assert one.under_18 == pytest.approx(other.under_18, abs=1e-4)
            assert one.embedding @ other.embedding == pytest.approx(1, abs=1e-4)
            assert one.quality.length == pytest.approx(other.quality.length, rel=1e-3)
            assert (one.model_id, one.embedding.dtype) == (other.model_id, np.float32)


def test_outcomes_come_in_order_and_refusals_in_their_place(pool: Pool) -> None:
    items = [ASTRONAUT, b"", HOPPER[:2000], b"hello", photos.jpeg(photos.coffee()), bytes(41 * 2**20), HOPPER] * 3
    found = list(pool.analyse(items))
    assert [faces_of(outcome) for outcome in found[::7]] == [1, 1, 1]
    assert [faces_of(outcome) for outcome in found[4::7]] == [0, 0, 0]
    for place, reason in ((1, "empty"), (2, "damaged"), (3, "not_a_picture"), (5, "too_many_bytes")):
        assert [reason_of(outcome) for outcome in found[place::7]] == [reason] * 3
    assert list(pool.analyse([])) == []


def test_pictures_are_taken_as_they_are_needed(pool: Pool) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield SMALL

    outcomes = pool.analyse(endless())
    for _ in range(5):
        assert faces_of(next(outcomes)) == 1
    assert taken <= 24
    outcomes.close()  # type: ignore[attr-defined]


def test_many_threads_share_the_workers(pool: Pool) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(
            threads.map(lambda data: [faces_of(one) for one in pool.analyse([data] * 3)], [ASTRONAUT, SMALL] * 4)
        )
    assert found == [[1, 1, 1]] * 8


def test_previews_are_rendered_there_too(pool: Pool) -> None:
    (face,) = next(pool.analyse([ASTRONAUT])).faces
    assert faces_of(next(pool.analyse([pool.render(ASTRONAUT, face.box, [])]))) == 1
    blurred = next(pool.analyse([pool.render(ASTRONAUT, None, [face.box])]))
    assert all(float(other.embedding @ face.embedding) < 0.4 for other in blurred.faces)
    for data, reason in ((b"", Refusal.EMPTY), (b"hello", Refusal.NOT_A_PICTURE)):
        with pytest.raises(PictureRefused) as caught:
            pool.render(data, None, [])
        assert caught.value.reason == reason


def test_no_process_starts_before_there_is_something_to_do() -> None:
    started = new_pool(workers=3)
    assert started._slots.queue == [None] * 3
    assert started.model() == Model("sface-2021dec-int8bq", 128)
    assert sum(worker is not None for worker in started._slots.queue) == 1
    started.close()
    started.close()


def test_all_processes_can_be_started_ahead() -> None:
    running = new_pool(workers=2)
    running.start()
    assert faces_of(next(running.analyse([SMALL]))) == 1
    running._executor().shutdown()
    ahead = [running._slots.get_nowait() for _ in range(2)]
    assert all(worker is not None and worker.is_alive for worker in ahead)
    for worker in ahead:
        running._slots.put(worker)
    running._threads = None
    running.close()


def test_what_fails_ahead_fails_again_when_it_is_needed() -> None:
    running = Pool("arcface", settings.MODEL_CACHE_DIR, workers=2)
    running.start()
    with pytest.raises(EngineUnavailable, match="arcface"):
        list(running.analyse([SMALL]))
    running.close()


@pytest.mark.parametrize("spec", ["arcface", "insightface:/nowhere"])
def test_an_engine_that_cannot_start_says_why(spec: str, tmp_path: Path) -> None:
    broken = Pool(spec, tmp_path, workers=2)
    for attempt in (
        broken.model,
        lambda: list(broken.analyse([ASTRONAUT])),
        lambda: broken.render(ASTRONAUT, None, []),
    ):
        with pytest.raises(EngineUnavailable, match=r"^[A-Z].*\.$"):
            attempt()
    broken.close()


# Harm


def slow() -> bytes:
    """Just short of what is refused unseen, and seconds of work."""
    return hostile.scan_bomb(7000, 10, mode="RGB")


def test_a_picture_that_takes_too_long_is_refused_and_its_neighbours_are_not() -> None:
    start = time.monotonic()
    decode(slow())
    short = new_pool(limits=Limits(seconds=(time.monotonic() - start) / 3))
    found = list(short.analyse([SMALL, slow(), SMALL, SMALL]))
    assert [faces_of(outcome) for outcome in (found[0], *found[2:])] == [1, 1, 1]
    assert reason_of(found[1]) is Refusal.TOO_COSTLY
    assert "too long" in str(found[1])
    short.close()


@on_linux
def test_a_picture_that_takes_too_much_memory_is_refused_and_its_neighbours_are_not() -> None:
    tight = new_pool(limits=Limits(memory_bytes=100 * 2**20))
    large = photos.encode(photos.resized(photos.group(), 4.5), "PNG", compress_level=1)
    found = list(tight.analyse([SMALL, large, SMALL]))
    assert [faces_of(found[0]), faces_of(found[2])] == [1, 1]
    assert reason_of(found[1]) is Refusal.TOO_COSTLY
    tight.close()


def test_a_worker_that_hangs_is_killed_and_replaced(alone: Pool) -> None:
    process = worker_of(alone)
    os.kill(process, signal.SIGSTOP)
    assert reason_of(next(alone.analyse([SMALL]))) is Refusal.TOO_COSTLY
    assert faces_of(next(alone.analyse([SMALL]))) == 1
    assert worker_of(alone) != process


def test_a_worker_that_dies_while_it_waits_is_replaced(alone: Pool) -> None:
    for _ in range(2):
        os.kill(worker_of(alone), signal.SIGKILL)
        assert [faces_of(outcome) for outcome in alone.analyse([SMALL, SMALL])] == [1, 1]


def test_a_picture_that_a_fresh_worker_dies_of_is_refused(alone: Pool) -> None:
    process = worker_of(alone)
    threading.Timer(0.5, os.kill, (process, signal.SIGKILL)).start()
    refused = next(alone.analyse([slow()]))
    assert reason_of(refused) is Refusal.TOO_COSTLY
    assert faces_of(next(alone.analyse([SMALL]))) == 1


def test_a_preview_that_its_worker_dies_of_is_refused(alone: Pool) -> None:
    os.kill(worker_of(alone), signal.SIGSTOP)
    with pytest.raises(PictureRefused) as caught:
        alone.render(SMALL, None, [])
    assert caught.value.reason is Refusal.TOO_COSTLY


def test_a_fork_leaves_its_parents_workers_alone(alone: Pool) -> None:
    process = worker_of(alone)
    child = os.fork()
    if child == 0:
        alone.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert worker_of(alone) == process
    assert faces_of(next(alone.analyse([SMALL]))) == 1


USES_A_POOL = """
import os, sys
from pathlib import Path
from search.engine import Pool
pool = Pool("sface", Path(sys.argv[1]), workers=1)
assert len(next(pool.analyse([Path(sys.argv[2]).read_bytes()])).faces) == 1
with pool._worker() as worker:
    print(worker._process.pid, flush=True)
if sys.argv[3] == "killed":
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("end", "code"), [("quietly", 0), ("killed", -signal.SIGKILL)])
def test_workers_go_with_their_parent(end: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(SMALL)
    arguments = [sys.executable, "-c", USES_A_POOL, str(settings.MODEL_CACHE_DIR), str(tmp_path / "a.jpg"), end]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    give_up = time.monotonic() + 60
    while is_running(int(done.stdout)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not is_running(int(done.stdout))


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


# What a worker has


@on_linux
def test_a_worker_knows_no_secrets_and_holds_no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MASTER_KEY", "a secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://alice:secret@localhost/faceward")
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        started = new_pool()
        process = worker_of(started)
    environment = Path(f"/proc/{process}/environ").read_bytes()
    assert b"secret" not in environment
    assert b"SECRET" not in environment
    opened = [name.readlink() for name in Path(f"/proc/{process}/fd").iterdir()]
    assert not [file for file in opened if file.is_relative_to(tmp_path)]
    assert Path(f"/proc/{process}/cwd").readlink() == Path("/")
    started.close()


@on_linux
def test_the_limits_of_a_worker_hold(pool: Pool) -> None:
    text = Path(f"/proc/{worker_of(pool)}/limits").read_text()
    limits = {line[:25].strip(): line[25:].split()[0] for line in text.splitlines()}
    assert limits["Max core file size"] == limits["Max file size"] == "0"
    assert 2**29 < int(limits["Max data size"]) < 2**30
    assert int(limits["Max open files"]) <= 64


CONFINED = """
import socket, sys
from search.engine.confinement import Memory, confine
confine(Memory(), 2**26)
for what, attempt in {
    "read": lambda: open(sys.argv[1]).read(),
    "list": lambda: __import__("os").listdir("/proc"),
    "write": lambda: open(sys.argv[1] + "2", "w").write("x"),
    "connect": lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2]))),
    "memory": lambda: bytearray(2**27),
    "import": lambda: __import__("wave"),
}.items():
    try:
        attempt()
        print(what, "works")
    except (OSError, MemoryError):
        print(what, "fails")
"""


@on_linux
def test_a_confined_process_reaches_nothing_but_its_libraries(tmp_path: Path) -> None:
    if _landlock_version() < 4:
        pytest.skip("this kernel has no Landlock that covers files and connections")
    (tmp_path / "secret").write_text("a secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [sys.executable, "-c", CONFINED, str(tmp_path / "secret"), str(server.getsockname()[1])]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    results = dict(line.split() for line in done.stdout.splitlines())
    assert results.pop("import") == "works"
    assert results == dict.fromkeys(["read", "list", "write", "connect", "memory"], "fails")


def _landlock_version() -> int:
    from ctypes import CDLL, c_size_t

    return int(CDLL(None).syscall(444, None, c_size_t(0), 1))


# What a worker says is not believed


def an_answer(**changes: Any) -> tuple[dict[str, Any], bytes]:
    """A good one about one face in one picture, with changes."""
    picture = {"width": 100, "height": 80, "format": "JPEG", "pdq": ["0" * 64] * 8, "faces": 1}
    row = [10, 10, 20, 30, 0.9, 0.1, 11, 20, 300, 1, 2, 3, 0.5, *[15.0] * 10, 1, 0, 0, 0]
    for place, value in changes.pop("row", {}).items():
        row[place] = value
    return {"pictures": [{**picture, **changes}]}, np.array(row, "<f8").tobytes()


def test_a_sound_answer_is_understood() -> None:
    (outcome,) = wire.unpack(*an_answer(), 1, MODEL)
    assert isinstance(outcome, Analysis)
    assert outcome.faces[0].box == (10, 10, 20, 30)
    (again,) = wire.unpack(*wire.pack([outcome]), 1, MODEL)
    assert isinstance(again, Analysis)
    assert again.faces[0].quality == outcome.faces[0].quality


@pytest.mark.parametrize(
    "changes",
    [
        {"width": -1}, {"width": 1.5}, {"width": True}, {"width": "9"}, {"height": None}, {"height": 10**9},
        {"format": "SVG"}, {"format": ["JPEG"]}, {"pdq": []}, {"pdq": ["0" * 64] * 7}, {"pdq": ["g" * 64] * 8},
        {"pdq": [None] * 8}, {"faces": 2}, {"faces": 0}, {"faces": 10**9}, {"faces": None},
        {"row": {0: float("nan")}}, {"row": {0: -5}}, {"row": {2: 500}}, {"row": {4: 1.5}}, {"row": {5: float("inf")}},
        {"row": {5: 1.1}}, {"row": {5: -0.1}}, {"row": {16: 1e300}}, {"row": {23: 0}}, {"row": {23: 3}},
        {"row": {24: float("nan")}},
        {"reason": "because", "sentence": "No."}, {"reason": ["empty"], "sentence": "No."},
        {"reason": "empty", "sentence": 5}, {"reason": "empty", "sentence": "x" * 301},
        {"reason": "empty", "sentence": "one\nline\x1b[31m."},
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_not_believed(changes: dict[str, Any]) -> None:
    head, rows = an_answer(**changes)
    with pytest.raises(wire.Garbled):
        wire.unpack(head, rows, 1, MODEL)


@pytest.mark.parametrize("head", [{}, {"pictures": 1}, {"pictures": []}, {"pictures": [[]]}, {"pictures": [{}, {}]}])
def test_an_answer_about_something_else_is_not_believed(head: dict[str, Any]) -> None:
    with pytest.raises(wire.Garbled):
        wire.unpack(head, b"", 1, MODEL)


def frame(document: bytes, payload: bytes = b"") -> io.BytesIO:
    return io.BytesIO(struct.pack(">II", len(document), len(payload)) + document + payload)


@pytest.mark.parametrize(
    "stream",
    [
        frame(b"[]"), frame(b"{"), frame(b"\xff"), frame(b"[" * 100_000), frame(b"{}", bytes(11)),
        io.BytesIO(b"\xff" * 8), io.BytesIO(struct.pack(">II", 2**31, 0)),
    ],
)  # fmt: skip
def test_a_garbled_frame_is_not_read(stream: io.BytesIO) -> None:
    with pytest.raises(wire.Garbled):
        wire.read_frame(stream, 10)


@pytest.mark.parametrize("data", [b"", b"\x00" * 7, struct.pack(">II", 5, 5) + b"{}"])
def test_a_frame_cut_short_is_an_end(data: bytes) -> None:
    with pytest.raises(EOFError):
        wire.read_frame(io.BytesIO(data), 10)
