"""Loaded by pytest before the settings: a data folder of its own for every test process, gone at the end.

And `--only-database`: the tests that use the database, for a second run on another one.
"""

import atexit
import os
import shutil
import tempfile

import pytest

_folder = tempfile.mkdtemp(prefix="faceward-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ["FACEWARD_DATA"] = _folder
os.environ["EMAIL_URL"] = "memorymail://"
os.environ["FETCH_ALLOW_PRIVATE"] = "1"
os.environ["AGENT_ADDRESS"] = "1 Test Street, Testville"
os.environ["AGENT_PHONE"] = "+1 555 0100"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ.pop("PORTAL_URL", None)

if redis_url := os.environ.get("REDIS_URL"):
    # Emptying the cache empties the whole Redis database, so every test process has one of its own.
    server, _, number = redis_url.rpartition("/")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["REDIS_URL"] = f"{server}/{int(number) + worker}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="leave out tests that do not use the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--only-database"):
        return
    left_out = [item for item in items if not _uses_database(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if _uses_database(item)]


def _uses_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or "db" in getattr(item, "fixturenames", ())
