"""System checks: can crawlers on several machines work together as the settings say?"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from config.spool_url import missing_packages


@register("crawler")
def spool_packages(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A spool in a bucket needs the packages of the extra `s3`."""
    missing = missing_packages() if settings.SPOOL_URL else []
    hint = "pip install 'django-storages[s3]'"
    return [Error(f"SPOOL_URL needs the package {name}.", hint=hint, id="crawler.E001") for name in missing]


@register("crawler")
def shared_frontier(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Crawlers that share a frontier must share the database and the spool as well."""
    if not settings.FRONTIER_URL:
        return []
    problems: list[CheckMessage] = []
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        hint = "Set DATABASE_URL to a PostgreSQL that all machines reach."
        problems.append(
            checks.Warning("FRONTIER_URL is set, but the database is a file.", hint=hint, id="crawler.W001")
        )
    if not settings.SPOOL_URL:
        hint = "Set SPOOL_URL to a bucket, or SPOOL_DIR to a folder that all machines share."
        problems.append(
            checks.Warning("FRONTIER_URL is set, but the spool is a local folder.", hint=hint, id="crawler.W002")
        )
    return problems
