"""What is sent is sent with TLS 1.3, and browsers are told to keep to it."""

import json
import re
from pathlib import Path

from django.conf import settings as configuration

from tests.installation import Installation

_ASKED = (
    "import json; from django.conf import settings as s;"
    "print(json.dumps([s.SECURE_HSTS_SECONDS, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE]))"
)


def test_promise_09_the_example_offers_tls_1_3_and_nothing_older() -> None:
    text = (configuration.BASE_DIR / "deploy" / "nginx.conf").read_text()
    assert re.findall(r"^\s*ssl_protocols\s+(.+);", text, re.MULTILINE) == ["TLSv1.3"]


def test_promise_09_a_portal_on_https_says_so_for_a_year(tmp_path: Path) -> None:
    installation = Installation(tmp_path, PORTAL_URL="https://portal.example")
    said = installation.run("shell", "-v0", "-c", _ASKED)
    assert json.loads(said.stdout.splitlines()[-1]) == [31_536_000, True, True, True]
