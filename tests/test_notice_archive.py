"""Sent notices for the public archive: in its shape, and nobody can tell who they were sent for."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from search.models import Enrolment
from takedowns import archive, notices
from takedowns.models import Case, CaseEvent, FollowUp, InfringingUrl, Notice
from takedowns.states import NoticeState
from tests import cases
from tests.letters_out import draft, place, sent


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    settings.AGENT_NAME = "Faceward Agency"
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def notice(case: Case) -> Notice:
    return sent(case.notices.get(), sent_at=timezone.now())


def exported() -> list[dict[str, Any]]:
    today = timezone.now().date()
    return list(archive.export(archive.sent_between(today, today)))


def test_the_shape_is_the_archive_s(notice: Notice) -> None:
    (told,) = exported()
    assert (told["type"], told["jurisdictions"], told["action_taken"]) == ("DMCA", ["US"], "Unspecified")
    assert told["date_sent"] == timezone.now().date().isoformat()
    assert told["id"] == str(notice.pk)
    place_ = notice.urls.get()
    (work,) = told["works"]
    assert {url["url"] for url in work["infringing_urls"]} == {place_.page_url, place_.image_url}
    assert work["copyrighted_urls"] == []
    roles = {role["name"]: role["entity"]["name"] for role in told["entity_notice_roles"]}
    assert roles == {
        "sender": "Faceward Agency",
        "principal": "REDACTED",
        "recipient": notice.operator.name,
        "submitter": "Faceward Agency",
    }
    assert "good faith belief" in " ".join(told["body"].split())
    assert json.loads(json.dumps(told)) == told


def test_nothing_says_who_it_was_sent_for(notice: Notice, alice: User) -> None:
    notice.body += "\nMs EXAMPLE wrote to us (alice@example.org). Alice\nExample is her name; alice. Not malice.\n"
    told = json.dumps(archive.document(notice))
    for secret in ("Alice", "alice@", "EXAMPLE wrote", "Secret Road", notice.case.reference, notice.case.reply_token):
        assert secret not in told
    assert "malice" in told, "whole words only"
    assert notice.case.reference in Notice.objects.get().body, "the original stays as it was"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://site.test/alice-example/1", "https://site.test/REDACTED"),
        ("https://site.test/?q=%41lice", "https://site.test/REDACTED"),
        ("https://alice.site.test/1", "REDACTED"),
        ("https://[bad/alice", "REDACTED"),
        ("https://site.test/1?x=2#y", "https://site.test/1?x=2#y"),
    ],
)
def test_an_address_that_names_them_is_cut(notice: Notice, address: str, shown: str) -> None:
    InfringingUrl.objects.filter(pk=notice.urls.get().pk).update(page_url=address)
    notice.body += f"\n{address}\n"
    told = archive.document(notice)
    assert shown in [url["url"] for url in told["works"][0]["infringing_urls"]]
    assert shown in told["body"]
    assert "lice" not in json.dumps(told).replace("REDACTED", "")


def test_of_an_intimate_case_neither_text_nor_addresses(notice: Notice) -> None:
    Case.objects.update(intimate=True)
    (told,) = exported()
    assert told["body"] == ""
    assert "infringing_urls" not in told["works"][0]
    assert "localhost" not in json.dumps(told)
    assert "intimate" in told["tags"]


def test_of_a_case_that_may_show_a_minor_nothing(notice: Notice) -> None:
    CaseEvent.objects.create(case=notice.case, kind="case.minor", text="A minor may be shown.")
    assert exported() == []


@pytest.mark.parametrize("state", [NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING, NoticeState.WITHDRAWN])
def test_what_was_not_sent_is_not_told(notice: Notice, state: NoticeState) -> None:
    sent(notice, state)
    assert exported() == []


def test_what_became_of_it(notice: Notice, case: Case) -> None:
    partly = sent(draft(case, "other"), NoticeState.PARTLY_COMPLIED, sent_at=timezone.now())
    sent(notice, NoticeState.RETRACTED)
    first, second = exported()
    assert "retracted" in first["tags"]
    assert (second["id"], second["action_taken"]) == (str(partly.pk), "Partial")


def test_a_ground_of_another_law(case: Case) -> None:
    one = notices.draft(case, "host_policy", case.notices.get().contact, [place(case, "there")])
    told = archive.document(sent(one, sent_at=timezone.now()))
    assert (told["type"], told["jurisdictions"]) == ("Other", [])


def test_the_command_writes_one_file(notice: Notice, tmp_path: Path) -> None:
    sent(notice, sent_at=timezone.now() - timedelta(days=2))
    day = (timezone.now() - timedelta(days=2)).date().isoformat()
    file, out = tmp_path / "archive.json", StringIO()
    call_command("notice_archive", "--from", day, "--to", day, "--json", str(file), stdout=out)
    document = json.loads(file.read_text())
    assert json.loads(out.getvalue()) == {"file": str(file), "notices": 1}
    assert (document["from"], document["to"], len(document["notices"])) == (day, day, 1)
    today = timezone.now().date().isoformat()
    out = StringIO()
    call_command("notice_archive", "--from", today, "--json", stdout=out)
    assert json.loads(out.getvalue())["notices"] == []
    with pytest.raises(CommandError):
        call_command("notice_archive", "--from", today, "--to", day)
    assert not FollowUp.objects.exists()
