"""A change of the face model: pictures are measured anew, resumably, and nothing of two models ever meets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts import consent
from accounts.models import Purpose, User
from search import enrolment, faces, gallery, optout, reembed
from search.engine.base import overlap
from search.models import Enrolment, Face, Image, Match
from tests import switch
from tests.optouts import active_optout, confirmed_optout, passed
from tests.sites import Reply, Site, serve
from tests.switch import ALICE, GRACE, MALLORY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _first_model(settings: Any, tmp_path: Path) -> None:
    settings.FACE_MODEL, settings.FACE_MODEL_BEFORE = switch.pack(1), ""
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def web() -> Iterator[Site]:
    with serve({}) as site:
        yield site


@pytest.fixture
def found_alice(alice: User, carol: User, web: Site) -> Enrolment:
    """Alice, enrolled with the first model, and found in two pictures, one of them with Grace."""
    consent.give(alice, Purpose)
    enrolled = enrolment.enrol(alice, switch.pair(ALICE), adult=True)
    enrolment.attest(enrolled, carol, "Met in person.")
    switch.crawled(web, "/alone.png", switch.photo(ALICE, copy=90))
    switch.crawled(web, "/two.png", switch.photo(GRACE, ALICE, copy=100))
    switch.crawled(web, "/other.png", switch.photo(MALLORY, copy=60))
    return enrolled


def change(settings: Any, before: bool = False) -> str:
    """The second model from now on; its id."""
    settings.FACE_MODEL_BEFORE = settings.FACE_MODEL if before else ""
    settings.FACE_MODEL = switch.pack(2)
    return faces.model().model_id


def test_everything_is_measured_anew_and_matches_keep_their_face(found_alice: Enrolment, settings: Any) -> None:
    assert Match.objects.count() == 2
    new = change(settings)
    report = reembed.reembed()
    assert report.images == {"reembedded": 3, "gone": 0, "changed": 0, "unreachable": 0, "refused": 0}
    assert (report.faces, report.left) == (4, 0)
    assert set(Image.objects.values_list("model_id", flat=True)) == {new}
    assert set(Face.objects.values_list("model_id", flat=True)) == {new}
    assert gallery.verify().exact
    assert gallery.size() == 4
    for match in Match.objects.select_related("face"):
        assert match.face is not None
        assert match.face.image_id == match.image_id
        assert overlap(match.box, match.face.box) > 0.9


def test_called_twice_nothing_changes(found_alice: Enrolment, web: Site, settings: Any) -> None:
    change(settings)
    reembed.reembed()
    rows, asked, mails = set(Face.objects.values_list("pk", flat=True)), web.requests.total(), len(mail.outbox)
    report = reembed.reembed()
    assert sum(report.images.values()) == 0
    assert report.people_asked == 0
    assert set(Face.objects.values_list("pk", flat=True)) == rows
    assert web.requests.total() == asked
    assert len(mail.outbox) == mails


def test_a_limit_is_kept_and_the_next_call_goes_on(found_alice: Enrolment, web: Site, settings: Any) -> None:
    web.answers.clear()  # everything is gone, so that no call could make progress but by remembering
    change(settings)
    assert [reembed.reembed(limit=1).left for _ in range(3)] == [2, 1, 0]
    assert all(web.requests[path] == 1 for path in ("/alone.png", "/two.png", "/other.png"))
    # What was missing is looked for once more, in a new pass.
    assert reembed.reembed().images["gone"] == 3


STEPS = ["search.face_rows.Face.objects.bulk_create", "search.reembed._reach", "search.matching.forward"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_moment_it_goes_on(found_alice: Enrolment, settings: Any, step: str) -> None:
    new = change(settings)
    with mock.patch(step, side_effect=SystemExit), pytest.raises(SystemExit):
        reembed.reembed()
    for image in Image.objects.exclude(model_id=new):
        assert not image.faces.filter(model_id=new).exists()
    reembed.reembed()
    assert Face.objects.filter(model_id=new, processed_at__isnull=False).count() == 4
    assert Face.objects.count() == 4
    assert Match.objects.exclude(face=None).count() == 2
    assert len([message for message in mail.outbox if found_alice.subject.user.email in message.to]) == 1


def test_what_cannot_be_had_is_counted_and_never_compared(
    found_alice: Enrolment, web: Site, settings: Any, carol: User
) -> None:
    web.answers["/alone.png"] = Reply(b"", status=410)
    web.answers["/two.png"] = Reply(switch.photo(GRACE, ALICE, MALLORY), "image/png")
    web.answers["/other.png"] = Reply(b"", status=503)
    change(settings)
    assert reembed.reembed().images == {"reembedded": 0, "gone": 1, "changed": 1, "unreachable": 1, "refused": 0}
    assert Face.objects.count() == 4
    assert gallery.size() == 0
    Match.objects.all().delete()
    user = found_alice.subject.user
    enrolment.attest(enrolment.enrol(user, switch.pair(ALICE), adult=True), carol, "Met again.")
    assert not Match.objects.exists()


def test_forget_deletes_what_cannot_come_back(found_alice: Enrolment, web: Site, settings: Any) -> None:
    web.answers["/two.png"] = Reply(b"", status=404)
    web.answers["/other.png"] = Reply(b"", status=503)
    change(settings)
    report = reembed.reembed(forget=True)
    assert report.forgotten == 2
    assert Image.objects.get(sightings__image_url__endswith="/other.png").faces.count() == 1
    assert Match.objects.count() == 2


def test_robots_txt_is_obeyed(found_alice: Enrolment, web: Site, settings: Any) -> None:
    web.answers["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /two.png\n", "text/plain")
    change(settings)
    report = reembed.reembed()
    assert (report.images["reembedded"], report.images["refused"]) == (2, 1)
    assert not web.requests["/two.png"]


def test_a_newer_address_is_tried_first_and_an_older_one_then(web: Site, settings: Any) -> None:
    data = switch.photo(ALICE)
    switch.crawled(web, "/old.png", data)
    image = switch.crawled(web, "/new.png", data)
    assert image is not None
    assert image.sightings.count() == 2
    web.answers["/new.png"] = Reply(b"", status=404)
    change(settings)
    assert reembed.reembed().images["reembedded"] == 1
    assert (web.requests["/new.png"], web.requests["/old.png"]) == (1, 1)


def test_new_faces_wait_for_forward_matching_and_find_who_is_enrolled(
    web: Site, alice: User, carol: User, settings: Any
) -> None:
    switch.crawled(web, "/alone.png", switch.photo(ALICE, copy=90))
    change(settings)
    consent.give(alice, Purpose)
    enrolment.attest(enrolment.enrol(alice, switch.pair(ALICE), adult=True), carol, "Met in person.")
    assert not Match.objects.exists()
    assert reembed.reembed().matches == 1


def test_the_crawler_may_come_first(found_alice: Enrolment, web: Site, settings: Any) -> None:
    new = change(settings)
    switch.crawled(web, "/two.png", switch.photo(GRACE, ALICE, copy=100))
    assert set(
        Face.objects.filter(image__sightings__image_url__endswith="/two.png").values_list("model_id", flat=True)
    ) == {new}
    assert Match.objects.exclude(face=None).count() == 2
    assert reembed.reembed().images["reembedded"] == 2


def test_in_watch_mode_only_the_faces_of_matches_are_written(found_alice: Enrolment, web: Site, settings: Any) -> None:
    settings.GALLERY_MODE = "watch"
    gallery.tidy()
    change(settings)
    reembed.reembed()
    assert {match.face_id for match in Match.objects.all()} == set(Face.objects.values_list("pk", flat=True))
    assert Face.objects.count() == 2


# --- Opt-outs --------------------------------------------------------------------------------------------


def test_an_earlier_optout_is_honoured_by_the_earlier_engine(
    found_alice: Enrolment, web: Site, alice: User, bob: User, settings: Any
) -> None:
    active_optout("grace@example.org", switch.photo(GRACE))
    assert Face.objects.count() == 3
    change(settings, before=True)
    report = reembed.reembed()
    assert (report.faces, report.opted_out, report.optouts_waiting) == (3, 1, 1)
    switch.crawled(web, "/later.png", switch.photo(MALLORY, GRACE, copy=33))
    later = Image.objects.get(sightings__image_url__endswith="/later.png")
    assert later.faces.count() == 1
    consent.give(bob, Purpose)
    with pytest.raises(enrolment.EnrolmentRefused) as refusal:
        enrolment.enrol(bob, switch.pair(GRACE, copy=9), adult=True)
    assert refusal.value.code == "opted_out"


def test_without_the_earlier_engine_everything_stops_and_says_what_to_do(
    found_alice: Enrolment, web: Site, bob: User, settings: Any
) -> None:
    active_optout("grace@example.org", switch.photo(GRACE))
    change(settings)
    consent.give(bob, Purpose)
    for act in (
        lambda: switch.crawled(web, "/later.png", switch.photo(GRACE, copy=33)),
        lambda: enrolment.enrol(bob, switch.pair(GRACE), adult=True),
        reembed.reembed,
    ):
        with pytest.raises(faces.EngineUnavailable, match=r"1 opt-out was made with .* set FACE_MODEL_BEFORE"):
            act()
    assert not mail.outbox[2:]
    with pytest.raises(CommandError, match="FACE_MODEL_BEFORE"):
        call_command("reembed")
    assert not Face.objects.filter(model_id=faces.model().model_id).exists()


def test_made_anew_an_optout_needs_the_earlier_engine_no_more(web: Site, settings: Any) -> None:
    active_optout("grace@example.org", switch.photo(GRACE))
    token = mail.outbox[-1].body.split("/opt-out/withdraw/")[1].split("/")[0]
    change(settings, before=True)
    active_optout("grace@example.org", switch.photo(GRACE))
    optout.withdraw(token)
    settings.FACE_MODEL_BEFORE = ""
    switch.crawled(web, "/later.png", switch.photo(GRACE, MALLORY, copy=33))
    assert Face.objects.count() == 1


def test_withdrawn_and_new_optouts_count_at_once() -> None:
    (grace,) = faces.faces_in(switch.photo(GRACE))
    assert not optout.is_hidden(grace.embedding)
    active_optout("grace@example.org", switch.photo(GRACE))
    token = mail.outbox[-1].body.split("/opt-out/withdraw/")[1].split("/")[0]
    assert optout.is_hidden(grace.embedding)
    active_optout("mallory@example.org", switch.photo(MALLORY))
    assert optout.is_hidden(grace.embedding)
    optout.withdraw(token)
    assert not optout.is_hidden(grace.embedding)


def test_owners_of_earlier_optouts_are_asked_once_and_can_renew_them(settings: Any) -> None:
    made = active_optout("grace@example.org", switch.photo(GRACE))
    assert not optout.may_check(made)
    new = change(settings, before=True)
    assert reembed.reembed().optouts_asked == 1
    assert mail.outbox[-1].to == ["grace@example.org"]
    assert reembed.reembed().optouts_asked == 0
    settings.FACE_MODEL_BEFORE = ""
    made.refresh_from_db()
    optout.live_passed(made, passed(switch.photo(GRACE, copy=7)))
    made.refresh_from_db()
    assert (made.state, made.model_id, made.recapture_asked_at) == ("active", new, None)
    assert optout.hidden_in(b"", faces.faces_in(switch.photo(GRACE, copy=9))).all()
    assert optout.waiting() == 0


def test_photos_for_a_person_are_of_no_use_with_another_model(settings: Any, carol: User) -> None:
    made = confirmed_optout("grace@example.org")
    optout.ask_person(made, [switch.photo(GRACE)])
    change(settings)
    with pytest.raises(optout.OptOutRefused, match="new way"):
        optout.approve(made, carol, "Spoke with her.")
    optout.ask_person(made, [switch.photo(GRACE, copy=3)])
    optout.approve(made, carol, "Spoke with her.")
    assert made.state == "active"


# --- The command -----------------------------------------------------------------------------------------


def test_the_command_reports_as_json(found_alice: Enrolment, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    change(settings)
    call_command("reembed", "--json", "--limit", "2")
    out, progress = capsys.readouterr()
    document = json.loads(out)
    assert document["images"] == {
        "reembedded": 2, "gone": 0, "changed": 0, "unreachable": 0, "refused": 0, "left": 1,
    }  # fmt: skip
    assert (document["templates_waiting"], document["people_asked"], document["optouts_waiting"]) == (1, 1, 0)
    assert progress.count("reembedded") == 2
    assert "127.0.0.1" not in progress


def test_one_call_at_a_time(settings: Any) -> None:
    change(settings)
    with reembed._locked(), pytest.raises(CommandError, match="already"):
        call_command("reembed")
