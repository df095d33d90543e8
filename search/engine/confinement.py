"""What a process can give up before it reads what strangers made.

Everywhere: nothing. Where there is POSIX: no core dumps, no files written, few files open. On Linux also: no more
memory than stated (elsewhere RLIMIT_DATA is not enforced, and only the parent's clock ends a greedy decoder), and by
Landlock, where the kernel has it, no file opened but those of Python and its libraries, no TCP connection, and no
signal to another process. So a decoder that was taken over reads neither keys nor the database.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_OPEN_FILES = 64  # for libraries that are loaded late

# linux/landlock.h; the system calls have these numbers on every architecture Python runs on.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_SET_NO_NEW_PRIVILEGES = 38


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


class Memory:
    """What this process holds, asked through a file that stays open when no other can be opened any more."""

    def __init__(self) -> None:
        try:
            self._file = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # not Linux
            self._file = -1
        # GNU's C library alone has it.
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if self._file >= 0 else None

    def held(self) -> int:
        """Bytes of private memory that can be written, which is what RLIMIT_DATA counts; 0 where nobody says."""
        if self._file < 0:
            return 0
        return int(os.pread(self._file, 200, 0).split()[5]) * os.sysconf("SC_PAGESIZE")

    def resident(self) -> int:
        """Bytes that lie in memory just now, shared ones among them; 0 where nobody says."""
        if self._file < 0:
            return 0
        return int(os.pread(self._file, 200, 0).split()[1]) * os.sysconf("SC_PAGESIZE")

    def give_back(self) -> None:
        """Return to the system what the C library keeps for later."""
        if self._trim is not None:
            self._trim(0)


def confine(memory: Memory, memory_bytes: int) -> None:
    """Limit this process for good; `memory_bytes` is on top of what it holds now."""
    if resource is not None:
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_FSIZE, 0)
        _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_DATA, memory.held() + memory_bytes)
        _landlock()


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _landlock() -> None:
    """Without a word where the kernel does not have it or a container forbids it: it is one more wall, not the only."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    version = call(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return
    rights = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    rules = _Ruleset((1 << rights) - 1, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = call(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return
    for folder in _libraries():
        opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = _PathRule(_READ_FILE | _READ_DIR, opened)
        call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(opened)
    ctypes.CDLL(None).prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _libraries() -> Iterator[Path]:
    """Folders of code that may be loaded late. Of the project only this package: its data may lie beside it."""
    project = Path(__file__).parents[2]
    paths = (Path(entry) for entry in [*sys.path, "/usr/lib", "/lib", "/lib64"] if entry)
    yield Path(__file__).parent
    yield from (path for path in paths if path.is_dir() and path.resolve() not in (project, *project.parents))
