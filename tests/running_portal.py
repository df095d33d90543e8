"""A portal running in a process of its own, for browsers, with the mails that it sent."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.installation import ROOT, Installation, prepare
from tests.signing_in import CODE


class Portal:
    def __init__(self, url: str, mails: Path) -> None:
        self.url, self.mails = url, mails

    def mailed_code(self, address: str) -> str:
        """The code in the mail to somebody."""
        texts = [path.read_text() for path in self.mails.iterdir()]
        return next(CODE.findall(text)[-1] for text in texts if f"To: {address}" in text)


@contextmanager
def running_portal(folder: Path, program: Sequence[str] = ("manage.py",)) -> Iterator[Portal]:
    """`program` is what Python runs in the place of `manage.py`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    installation = Installation(folder, PORTAL_URL=url)
    prepare(folder)
    command = [sys.executable, *program, "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=installation.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield Portal(url, installation.folder / "mail")
    finally:
        process.terminate()
        process.wait(30)
