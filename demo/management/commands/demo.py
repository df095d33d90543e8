"""`manage.py demo`: the whole story on a small web on this machine, then the portal to look around in."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
# Whatever the operator's own installation uses, the demo is embedded and alone.
_NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "SECRET_KEY", "MASTER_KEY", "FACE_MODEL", "DEBUG")


class Command(BaseCommand):
    help = "Play the whole story on a small web on this machine, then keep the portal running."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="end after the story")
        parser.add_argument("--json", action="store_true", help="the last line is the story in figures, as JSON")
        parser.add_argument("--port", type=int, default=8000, help="the portal's port (8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        serve, port = not options["no_serve"], options["port"]
        if serve and not _is_free(port):
            raise CommandError(f"Port {port} is in use. Stop what uses it, or take another: make demo ARGS=--port=8080")
        # A SIGTERM ends the demo as Ctrl-C does, with everything that it started; so does a SIGINT where a shell
        # started it in the background, which has Python ignore it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        folder = settings.DATA_DIR / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            with ExitStack() as running:
                result = self._play(folder, port, running)
                if options["json"]:
                    print(json.dumps(result["summary"]), flush=True)
                if serve:
                    self._serve(folder, port, result["logins"], running)
        except KeyboardInterrupt:
            print("\nStopped.", flush=True)

    def _play(self, folder: Path, port: int, running: ExitStack) -> dict[str, Any]:
        started = time.monotonic()
        print("A small web starts on this machine: four sites, a host registry, a mail server.", flush=True)
        world_file, result_file = folder / "world.json", folder / "result.json"
        world = ["-m", "demo.world", "--ports-file", str(world_file), "--mail-dir", str(folder / "mail")]
        process = running.enter_context(_process(world, dict(os.environ)))
        _wait_for_file(world_file, process)
        ready = time.monotonic()
        self.environment = _environment(folder, port, json.loads(world_file.read_text()))
        story = ["manage.py", "demo_story", "--world", str(world_file), "--result", str(result_file)]
        command = [sys.executable, *story]
        code = subprocess.run(command, env=self.environment, cwd=settings.BASE_DIR, check=False).returncode  # noqa: S603
        if code:
            raise CommandError("The demo stopped before its end; the reason is above.")
        result: dict[str, Any] = json.loads(result_file.read_text())
        seconds = {"world": round(ready - started, 2), **result["summary"]["seconds"]}
        result["summary"]["seconds"] = {**seconds, "total": round(time.monotonic() - started, 2)}
        print(f"\nThe story came out right, in {seconds_in(result)} seconds.", flush=True)
        if not _chromium():
            print("Left out: Chromium is not installed, so `make test` will skip the browser tests.", flush=True)
        return result

    def _serve(self, folder: Path, port: int, logins: list[dict[str, str]], running: ExitStack) -> None:
        log = running.enter_context((folder / "portal.log").open("w"))
        # Slow enough that looking for a relapse "every week" does not fill a case's history while somebody reads it.
        self.environment["VERIFICATION_INTERVAL_SECONDS"] = "20"
        portal = ["manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
        worker = ["-m", "celery", "-A", "config", "worker", "-B", "-P", "solo", "-l", "WARNING"]
        process = running.enter_context(_process(portal, self.environment, log))
        running.enter_context(_process(worker, self.environment, log))
        _wait_for_port(port, process)
        print(f"\nThe portal runs at http://localhost:{port} (Ctrl-C ends it). Sign in as:", flush=True)
        for login in sorted(logins, key=lambda login: login["role"], reverse=True):
            print(f"   {login['role']:13}  {login['email']:26}  {login['password']}", flush=True)
            if "codes" in login:
                print(f"                  second step, each once: {login['codes']}", flush=True)
        print(f"\nThe e-mails are in {folder / 'mail'}, the log is {folder / 'portal.log'}.", flush=True)
        process.wait()
        raise CommandError(f"The portal ended by itself; see {folder / 'portal.log'}.")


def seconds_in(result: dict[str, Any]) -> float:
    """How long the whole story took."""
    return float(result["summary"]["seconds"]["total"])


def _environment(folder: Path, port: int, world: dict[str, Any]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {
        **kept,
        "FACEWARD_DATA": str(folder),
        "PORTAL_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "EMAIL_URL": f"smtp://{world['smtp_host']}:{world['smtp_port']}",
        "RDAP_BOOTSTRAP_URL": f"{world['registry_url']}/bootstrap/",
        "WHOIS_SERVER": world["whois_server"],
        "DNS_SERVERS": world["dns_server"],
        "PEERINGDB_URL": "",
        "FETCH_ALLOW_PRIVATE": "1",
        "VERIFICATION_INTERVAL_SECONDS": "1",
        "ALERT_SETTLE_SECONDS": "0",
        "ALERT_MAILS_A_DAY": "20",
        "ALERT_MAILS_A_WEEK": "20",
        "TICK_SECONDS": "5",
        "AGENT_ADDRESS": "1 Demo Street, 00000 Demo",
        "AGENT_PHONE": "+1 555 0100",
        "CONTACT_EMAIL": "help@faceward.example",
        "NOTICES_EMAIL": "notices@faceward.example",
        "DEFAULT_FROM_EMAIL": "Faceward <hello@faceward.example>",
    }


@contextmanager
def _process(arguments: list[str], environment: dict[str, str], log: Any = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that ends with the block: first asked, then made to."""
    process = subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, *arguments],
        env=environment,
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_file(path: Path, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > give_up:
            raise CommandError("The demo's small web did not start; the reason is above.")
        time.sleep(0.05)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while _is_free(port):
        if process.poll() is not None or time.monotonic() > give_up:
            raise CommandError("The portal did not start; see portal.log in the demo's folder.")
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
