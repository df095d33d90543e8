"""What an installation must have for the engines to run, said before the first picture fails."""

from importlib.metadata import PackageNotFoundError, version

from search.engine.age import AGE
from search.engine.base import EngineUnavailable
from search.engine.runtime import CV2_PROBLEM
from search.engine.sface import SFACE
from search.engine.yunet import YUNET

# Every one of these packages writes the same cv2 folder; only the headless one runs on a bare server.
_GUI_BUILDS = ("opencv-python", "opencv-contrib-python")
_HEADLESS = "opencv-python-headless"


def check_environment() -> list[str]:
    """One sentence for each problem, none when all is well."""
    return [*_opencv_problems(), *_model_problems()]


def _opencv_problems() -> list[str]:
    problems = []
    if CV2_PROBLEM:
        problems.append(f"OpenCV cannot be imported: {CV2_PROBLEM}. Install {_HEADLESS} from the lock file.")
    problems += [
        f"{name} is installed and overwrites the files of {_HEADLESS}; make the environment anew from the "
        "lock file instead of uninstalling either."
        for name in _GUI_BUILDS
        if _is_installed(name)
    ]
    return problems


def _model_problems() -> list[str]:
    problems = []
    for model in (YUNET, SFACE, AGE):
        try:
            model.read()
        except EngineUnavailable as error:
            problems.append(str(error))
    return problems


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True
