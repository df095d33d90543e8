"""System checks: can the face engine run here?"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from search.engine import check_environment


@register("faces")
def engine_environment(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """One error for each thing that keeps the engine from running."""
    hint = "Install from requirements.lock with `make setup`, into an empty environment."
    return [Error(problem, hint=hint, id="search.E001") for problem in check_environment()]
