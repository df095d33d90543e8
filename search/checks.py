"""System checks: can the face engine run here, and is the gallery kept as the law allows?"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from search import optout
from search.calibration import FITTED_FILE, read_fitted
from search.engine import EngineUnavailable, check_environment


@register("faces")
def gallery_mode(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Settings that decide what is kept of strangers must not be a slip of the pen."""
    problems: list[CheckMessage] = []
    if settings.GALLERY_MODE not in {"index", "watch"}:
        problems.append(
            Error(
                f"GALLERY_MODE is {settings.GALLERY_MODE!r}.",
                hint="Use index (keep crawled faces for a time) or watch (compare and forget).",
                id="search.E002",
            )
        )
    if settings.GALLERY_RETENTION_DAYS < 1:
        problems.append(Error("GALLERY_RETENTION_DAYS is less than one day.", hint="Use 1 or more.", id="search.E003"))
    return problems


@register("faces")
def engine_environment(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """One error for each thing that keeps the engine from running."""
    hint = "Install from requirements.lock with `make setup`, into an empty environment."
    return [Error(problem, hint=hint, id="search.E001") for problem in check_environment()]


@register("faces")
def fitted_calibration(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A calibration that the operator fitted must be one that can be read."""
    try:
        read_fitted(settings.DATA_DIR / FITTED_FILE)
    except ValueError as error:
        return [Error(str(error), hint="Or delete it, to go by what ships.", id="search.E005")]
    return []


@register(Tags.database)
def optouts_honoured(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Opt-outs of an earlier model stay in force: some engine must be able to compare them."""
    if not databases:
        return []  # only looked at when a command says that the database may be
    try:
        optout.require_comparable()
    except DatabaseError:
        return []  # not migrated yet
    except EngineUnavailable as error:
        return [Error(str(error), hint="FACE_MODEL_BEFORE takes what FACE_MODEL was.", id="search.E004")]
    return []
