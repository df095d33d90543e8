"""What a newcomer's machine may lack. Tests that need it say so and are skipped; CI makes sure that they run."""

import os
import shutil
from typing import NoReturn

import psycopg2
import pytest
import redis

DATABASE_URL = os.environ.get("CI_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/faceward")
REDIS_URL = os.environ.get("CI_REDIS_URL", "redis://127.0.0.1:6379/9")


def missing(what: str, reason: str) -> NoReturn:
    """Skip with the reason, or fail where `FACEWARD_MUST_RUN` names `what`."""
    if what in os.environ.get("FACEWARD_MUST_RUN", "").split(","):
        pytest.fail(f"{what} must run here: {reason}")
    pytest.skip(reason)


def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    missing("browser", "Chromium is not installed (see the README).")


def postgres() -> str:
    """The URL of a PostgreSQL server's database `postgres`, where others can be made."""
    url = DATABASE_URL.rsplit("/", 1)[0] + "/postgres"
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        missing("services", f"PostgreSQL cannot be reached: {str(error).strip().splitlines()[0]}")
    return url


def redis_url() -> str:
    """The URL of a Redis that answers."""
    try:
        redis.Redis.from_url(REDIS_URL, socket_timeout=3).ping()
    except redis.RedisError as error:
        missing("services", f"Redis cannot be reached: {error}")
    return REDIS_URL
