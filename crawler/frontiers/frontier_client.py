"""How a process talks to a frontier on Redis: who it is there, and what happens when Redis is gone."""

import logging
import os
import secrets
import socket
from hashlib import blake2b
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60
TIMEOUT_SECONDS = 5


class FrontierUnavailable(Exception):
    """Redis cannot be reached; the message is a sentence for the operator."""


class NoSuchRun(Exception):
    """The run is not (or no longer) in the shared frontier."""


def connect(url: str) -> Redis:
    """A client for `FRONTIER_URL`. Raises FrontierUnavailable.

    Nothing is tried twice: a step whose answer was lost may have been taken.
    """
    try:
        client = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            health_check_interval=30,
            retry=Retry(NoBackoff(), 0),
        )
        client.ping()
    except (RedisError, ValueError, OSError) as error:
        raise unavailable(error) from error
    return client


def unavailable(error: Exception) -> FrontierUnavailable:
    return FrontierUnavailable(f"The Redis that FRONTIER_URL names cannot be used: {error}")


def prefix(run_id: str) -> str:
    """Of all keys of a run. The braces keep them in one slot of a Redis cluster."""
    return f"faceward:frontier:{{{run_id}}}:"


def digest(url: str) -> str:
    return blake2b(url.encode(), digest_size=12).hexdigest()


class Worker:
    """This process, as the other processes of a run see it. `lease_seconds`: how long it is believed to live."""

    def __init__(self, client: Redis, run_id: str, lease_seconds: float = LEASE_SECONDS) -> None:
        self.client = client
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}".replace(" ", "_")
        self.key = prefix(run_id)
        self.lost = False
        self._lease = lease_seconds
        self._scripts: dict[str, Any] = {}

    def call(self, script: str, *arguments: str | float) -> Any:
        """What the script returns; None, now and from then on, once Redis or the run is gone."""
        if self.lost:
            return None
        if script not in self._scripts:
            self._scripts[script] = self.client.register_script(script)
        try:
            answer = self._scripts[script](keys=[self.key], args=[self.name, self._lease, *arguments])
        except (RedisError, OSError):
            logger.exception("The shared frontier of a run is lost.")
            answer = None
        self.lost = answer is None
        return answer
