"""Loaded by pytest before the settings: a data folder of its own for every test process, gone at the end."""

import atexit
import os
import shutil
import tempfile

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
