"""Pictures analysed in processes that may die of them, on every core at once.

Pictures come from strangers, and decoders have bugs. So none is decoded in the process that holds keys and the
database: it goes to a worker (see `worker`), which has limits, and which is killed when it takes too long. One that
was killed or crashed is replaced, and the picture it died of is refused; no other picture is harmed.
"""

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from typing import Any, BinaryIO, TypeVar, cast

from search.engine.base import Box, EngineUnavailable
from search.engine.decode import PictureRefused, Refusal, check_bytes
from search.engine.wire import (
    MAX_ANSWER,
    Analysis,
    Fingerprints,
    Garbled,
    LiveOutcome,
    Model,
    Outcome,
    read_frame,
    unpack,
    unpack_fingerprints,
    unpack_live,
    write_frame,
)

# Pictures that go to a worker at once when plenty wait, and how many bytes of them.
_BATCH = 4
_BATCH_BYTES = 16 * 1024 * 1024
_START_SECONDS = 600.0
"""Preparing the models takes seconds, fetching an insightface pack minutes; both happen once."""

# Nothing else is inherited: neither keys nor the address of the database.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
# Every worker is for one core, and has no use for a heap for each of its threads. What a picture took is kept for the
# next: given back each time, the kernel clears every page of it anew, which is a tenth of a worker's work.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024),
}
_ROOT = Path(__file__).parents[2]
_PACK_PREFIX = "insightface:"
_CLOSE_SECONDS = 5

T = TypeVar("T")
Look = Callable[["_Worker", Sequence[bytes]], list[T | PictureRefused]]
"""What a worker is asked about some pictures."""


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float = 30.0
    """For one picture; for a few that go to a worker together as well, before they are tried one by one."""
    memory_bytes: int = 768 * 1024 * 1024
    """For pictures, on top of what the loaded engine takes. Enforced by the kernel on Linux."""


class _WorkerLost(Exception):
    """The worker is gone, whatever it was: killed for its time, crashed, or out of its mind."""

    def __init__(self, *, late: bool) -> None:
        super().__init__()
        self.late = late


class _Worker:
    """One process and its model. Raises EngineUnavailable when it cannot start."""

    def __init__(self, arguments: Sequence[str], seconds: float) -> None:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._seconds = seconds
        self._process = subprocess.Popen(  # noqa: S603 (our own module, by its name)
            [sys.executable, "-m", "search.engine.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(sys.executable).anchor,
            env={**inherited, **_ENVIRONMENT, "PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"},
            start_new_session=True,  # Ctrl-C is for the parent to handle
        )
        self._requests = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self.is_fresh = True
        self.is_last = False
        self.model = self._greeting()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def analyse(self, batch: Sequence[bytes]) -> list[Outcome]:
        """Raises _WorkerLost; the process has ended then."""
        head = {"do": "analyse", "sizes": [len(data) for data in batch]}
        return self._within(self._seconds, lambda: unpack(*self._exchange(head, batch), len(batch), self.model))

    def fingerprint(self, batch: Sequence[bytes]) -> list[Fingerprints]:
        """Raises _WorkerLost; the process has ended then."""
        head = {"do": "fingerprint", "sizes": [len(data) for data in batch]}
        return self._within(self._seconds, lambda: unpack_fingerprints(self._exchange(head, batch)[0], len(batch)))

    def live(self, batch: Sequence[bytes]) -> list[LiveOutcome]:
        """Raises _WorkerLost; the process has ended then."""
        head = {"do": "live", "sizes": [len(data) for data in batch]}
        return self._within(self._seconds, lambda: unpack_live(*self._exchange(head, batch), len(batch), self.model))

    def render(self, data: bytes, keep: Box | None, others: Sequence[Box]) -> bytes:
        """Raises _WorkerLost and PictureRefused."""

        def read() -> bytes | PictureRefused:
            answer, jpeg = self._exchange({"do": "render", "keep": keep, "others": others}, [data])
            if answer:  # a refusal
                (refusal,) = unpack(answer, b"", 1, self.model)
                return refusal if isinstance(refusal, PictureRefused) else b""
            return jpeg

        rendered = self._within(self._seconds, read)
        if isinstance(rendered, PictureRefused):
            raise rendered
        return rendered

    def close(self) -> None:
        """The process ends by itself when its input does."""
        with suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._end()
        self._answers.close()

    def _greeting(self) -> Model:
        try:
            return self._within(_START_SECONDS, self._read_model)
        except _WorkerLost:
            raise EngineUnavailable("The process of the face engine ended before it was ready.") from None

    def _read_model(self) -> Model:
        head, _ = read_frame(self._answers, 0)
        if "unavailable" in head:
            raise EngineUnavailable(str(head["unavailable"]))
        return Model(str(head["model_id"]), int(head["dimension"]))

    def _exchange(self, head: dict[str, Any], parts: Sequence[bytes]) -> tuple[dict[str, Any], bytes]:
        write_frame(self._requests, head, parts)
        answer, payload = read_frame(self._answers, MAX_ANSWER)
        self.is_fresh, self.is_last = False, answer.pop("last", False) is not False
        return answer, payload

    def _within(self, seconds: float, action: Callable[[], T]) -> T:
        """Do it, or end the process: nothing that comes later could be told from an answer to something else."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._kill()

        clock = threading.Timer(seconds, give_up)
        clock.daemon = True
        clock.start()
        try:
            return action()
        except (OSError, EOFError, Garbled):
            self._end()
            raise _WorkerLost(late=late.is_set()) from None
        except BaseException:
            self._end()
            raise
        finally:
            clock.cancel()

    def _end(self) -> None:
        self._kill()
        self._process.wait()

    def _kill(self) -> None:
        """The process, and whatever it may have started."""
        if not self.is_alive:
            return
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()


class Pool:
    """At most `workers` processes, started when there is something for them to do. For any number of threads."""

    def __init__(self, spec: str, cache_dir: Path, *, workers: int, limits: Limits = Limits()) -> None:
        self._arguments = [_absolute(spec), str(cache_dir.resolve()), str(limits.memory_bytes), str(limits.seconds)]
        self._workers = max(workers, 1)
        self._limits = limits
        self._slots: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(self._workers):
            self._slots.put(None)
        self._threads: ThreadPoolExecutor | None = None
        self._model: Model | None = None
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._process_id = os.getpid()

    def model(self) -> Model:
        """Raises EngineUnavailable."""
        if self._model is None:
            with self._worker() as worker:
                return worker.model
        return self._model

    def start(self) -> None:
        """Start the processes now, behind the caller's back. What fails then fails again when it is needed."""
        with self._lock:
            self._executor().submit(self._start_all)

    def analyse(self, items: Iterable[bytes]) -> Iterator[Outcome]:
        """What is in each picture, in the order of `items`, which are taken as they are needed.

        A picture that cannot be read is a PictureRefused in its place. Raises EngineUnavailable.
        """
        return self._each(items, _Worker.analyse)

    def fingerprint(self, items: Iterable[bytes]) -> Iterator[Fingerprints]:
        """The perceptual hashes of each picture's eight forms, as `analyse` goes about it. No face is looked for."""
        return self._each(items, _Worker.fingerprint)

    def live(self, items: Iterable[bytes]) -> Iterator[LiveOutcome]:
        """What is in each frame of a live check, as `analyse` goes about it, and what its pixels say."""
        return self._each(items, _Worker.live)

    def _each(self, items: Iterable[bytes], look: Look[T]) -> Iterator[T | PictureRefused]:
        pending: deque[Future[list[T | PictureRefused]]] = deque()
        try:
            for chunk in _chunks(items, self._workers * _BATCH):
                for batch in _shares(chunk, self._workers):
                    pending.append(self._submit(batch, look))
                # One share for each worker stays behind, to be worked on while the caller deals with results.
                while len(pending) > self._workers:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def render(self, data: bytes, keep: Box | None, others: Sequence[Box]) -> bytes:
        """A small JPEG in which only the face at `keep` is sharp. Raises PictureRefused and EngineUnavailable."""
        check_bytes(data)
        try:
            return self._ask(lambda worker: worker.render(data, keep, others), again=True)
        except _WorkerLost as lost:
            raise _refusal(lost) from None

    def close(self) -> None:
        """End the processes. What is used again afterwards starts again."""
        if os.getpid() != self._process_id:
            return  # a fork of the process whose workers these are
        atexit.unregister(self.close)
        with self._lock:
            threads, self._threads = self._threads, None
        if threads:
            threads.shutdown(cancel_futures=True)
        for worker in [self._slots.get() for _ in range(self._workers)]:
            if worker:
                worker.close()
            self._slots.put(None)

    def _submit(self, batch: Sequence[bytes], look: Look[T]) -> Future[list[T | PictureRefused]]:
        with self._lock:
            return self._executor().submit(self._outcomes, batch, look)

    def _executor(self) -> ThreadPoolExecutor:
        """For whoever holds the lock."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="faces")
        return self._threads

    def _start_all(self) -> None:
        """Each holds its worker until all have one: whoever gives one back too early is given it again."""
        with ExitStack() as held:
            for _ in range(self._workers):
                held.enter_context(self._worker())

    def _outcomes(self, batch: Sequence[bytes], look: Look[T]) -> list[T | PictureRefused]:
        refused = [_refused_unseen(data) for data in batch]
        sound = [data for data, refusal in zip(batch, refused, strict=True) if refusal is None]
        answers = iter(self._attempt(sound, look) if sound else [])
        return [refusal or next(answers) for refusal in refused]

    def _attempt(self, batch: Sequence[bytes], look: Look[T]) -> list[T | PictureRefused]:
        alone = len(batch) == 1
        try:
            return self._ask(lambda worker: look(worker, batch), again=alone)
        except _WorkerLost as lost:
            if alone:
                return [_refusal(lost)]
        # One of them is guilty, and only that one is to be refused.
        return [outcome for data in batch for outcome in self._attempt([data], look)]

    def _ask(self, question: Callable[[_Worker], T], *, again: bool) -> T:
        """Raises _WorkerLost. With `again`, not because of a crash that an earlier picture may be the cause of."""
        was_fresh = True
        try:
            with self._worker() as worker:
                was_fresh = worker.is_fresh
                return question(worker)
        except _WorkerLost as lost:
            if lost.late or was_fresh or not again:
                raise
        return self._ask(question, again=again)

    @contextmanager
    def _worker(self) -> Iterator[_Worker]:
        """A worker for this thread alone, started if need be. Waits while all are busy."""
        worker = self._slots.get()
        try:
            if worker is None or not worker.is_alive:
                worker = None
                worker = self._start()
            yield worker
        finally:
            if worker and worker.is_last:
                worker.close()
            self._slots.put(worker if worker and worker.is_alive else None)

    def _start(self) -> _Worker:
        if self._model is None:
            with self._starting:  # the first one prepares or fetches the models, the others find them
                return self._start_now()
        return self._start_now()

    def _start_now(self) -> _Worker:
        worker = _Worker(self._arguments, self._limits.seconds)
        with self._lock:
            if self._model is None:
                atexit.register(self.close)
                self._model = worker.model
            if self._model == worker.model:
                return worker
        worker.close()
        raise EngineUnavailable("The face model has changed since this process started: start it again.")


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _absolute(spec: str) -> str:
    """Workers have another working directory."""
    folder = Path(spec.removeprefix(_PACK_PREFIX)).expanduser()
    return f"{_PACK_PREFIX}{folder.resolve()}" if spec.startswith(_PACK_PREFIX) and folder.is_dir() else spec


def _refused_unseen(data: bytes) -> PictureRefused | None:
    try:
        check_bytes(data)
    except PictureRefused as refusal:
        return refusal
    return None


def _refusal(lost: _WorkerLost) -> PictureRefused:
    sentence = "Reading the picture takes too long." if lost.late else "The picture brought its reader down."
    return PictureRefused(Refusal.TOO_COSTLY, sentence)


def _chunks(items: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    """As many as all workers take at once, fewer where they are large: what is read ahead takes memory."""
    chunk: list[bytes] = []
    for data in items:
        chunk.append(data)
        if len(chunk) == most or sum(map(len, chunk)) > _BATCH_BYTES * most // _BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _shares(chunk: Sequence[bytes], workers: int) -> Iterator[list[bytes]]:
    """Something for every worker, at most _BATCH pictures and not much over _BATCH_BYTES each."""
    size = min(_BATCH, -(-len(chunk) // workers))
    share: list[bytes] = []
    for data in chunk:
        if share and (len(share) == size or sum(map(len, share)) + len(data) > _BATCH_BYTES):
            yield share
            share = []
        share.append(data)
    if share:
        yield share


__all__ = ["Analysis", "Limits", "Model", "Outcome", "Pool", "usable_cores"]
