"""The receiver in docs/webhooks.md, run as it stands there, takes what we send and refuses what others send."""

import re
import time
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
import time_machine
from django.conf import settings as configuration

from accounts.models import User
from alerts import webhook_calls, webhooks
from alerts.models import Kind
from tests.receivers import Post, Receiver, receiver

pytestmark = pytest.mark.django_db
DOCS = (configuration.BASE_DIR / "docs" / "webhooks.md").read_text()


@pytest.fixture
def sent(alice: User, settings: Any) -> Iterator[tuple[dict[str, Any], Post]]:
    """The documented receiver with the secret of a webhook, and a call to it."""
    settings.FETCH_ALLOW_PRIVATE = True
    with receiver() as there:
        endpoint = webhooks.add(alice, there.url())
        webhooks.test(endpoint)
        webhook_calls.call_due()
        yield documented(webhooks.secret(endpoint)), call_of(there)


def documented(secret: str) -> dict[str, Any]:
    code = re.search(r"```python\n(.*?)```", DOCS, re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code.group(1), names)
    names["SECRET"] = secret
    return names


def call_of(there: Receiver) -> Post:
    return there.posts[0]


def in_lower_case(headers: Message) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


def test_it_takes_a_call_once(sent: tuple[dict[str, Any], Post], capsys: pytest.CaptureFixture[str]) -> None:
    there, call = sent
    headers = in_lower_case(call.headers)
    assert [there["take"](headers, call.body) for _ in range(2)] == [200, 200]
    assert capsys.readouterr().out.count('"type": "test"') == 1


def test_it_refuses_a_replay_after_five_minutes(sent: tuple[dict[str, Any], Post]) -> None:
    there, call = sent
    with time_machine.travel(time.time() + 301):
        assert there["take"](in_lower_case(call.headers), call.body) == 400


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_it_refuses_a_changed_header(sent: tuple[dict[str, Any], Post], header: str) -> None:
    there, call = sent
    headers = in_lower_case(call.headers)
    headers[header] = "v1,AAAA" if header.endswith("signature") else str(int(time.time()) + 2)
    assert there["take"](headers, call.body) == 400


def test_it_refuses_a_changed_body_and_another_secret(sent: tuple[dict[str, Any], Post]) -> None:
    there, call = sent
    headers = in_lower_case(call.headers)
    assert there["take"](headers, call.body.replace(b"test", b"rest")) == 400
    there["SECRET"] = "whsec_MTExMTExMTExMTExMTExMTExMTExMTEx"
    assert there["take"](headers, call.body) == 400


def test_every_kind_is_in_the_table() -> None:
    table = DOCS.split("## Checking")[0]
    assert all(f"`{kind}`" in table for kind in [*Kind.values, webhooks.TEST])


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{webhook_calls.PATIENCE.total_seconds() / 3600:.0f} hours" in DOCS
    assert f"{webhook_calls.MAX_ANSWER_BYTES // 1024} kB" in DOCS and "ten seconds" in DOCS
    assert webhook_calls.TIMEOUT_SECONDS == 10 and webhooks.MOST == 5
