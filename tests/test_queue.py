"""The staff queue: what is in which tab, filters and saved views, putting off, many cases at once, two people."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bench import console_world
from search.models import Enrolment
from takedowns import filters, queues, workflow
from takedowns.cases import ask_person
from takedowns.filters import Choice
from takedowns.models import AbuseContact, BulkApproval, Case, FollowUp, InfringingUrl, Notice, SavedFilter, WorkItem
from takedowns.states import CaseState, NoticeState, Outcome
from tests import cases
from tests.sites import Site

HUNDRED = 100


@pytest.fixture
def desk(db: None) -> list[User]:
    """A hundred cases of every kind; Carol, who is senior, Dana and others work on them."""
    return console_world.seed(HUNDRED)


@pytest.fixture
def dana(desk: list[User], client: Client) -> User:
    client.force_login(desk[1])
    return desk[1]


def page(client: Client, query: str) -> str:
    return client.get(f"/console/?{query}").content.decode()


def shown(client: Client, query: str) -> list[str]:
    return re.findall(r"data-row-link>(FW-\w+)<", page(client, query))


def told(answer: Any) -> str:
    return str(answer.content.decode())


# --- Tabs and filters --------------------------------------------------------------------------------------


def test_counters_say_what_the_tabs_hold(dana: User) -> None:
    counts = queues.counts(Choice(), dana)
    for tab in queues.TABS:
        assert len(queues.ids(Choice(tab=tab.key), dana)) == counts[tab.key], tab.key
    assert counts["all"] == HUNDRED
    assert counts["closed"] + Case.objects.exclude(state=CaseState.CLOSED).count() == HUNDRED


@pytest.mark.parametrize(
    ("query", "is_in"),
    [
        ("state=drafting", lambda case, _: case.state == CaseState.DRAFTING),
        ("ground=dsa_16", lambda case, _: case.ground_decision.ground == "dsa_16"),
        ("assigned=me", lambda case, dana: case.assigned_to == dana),
        ("assigned=none", lambda case, _: case.assigned_to is None),
        ("intimate=1", lambda case, _: case.intimate),
        ("relapse=1", lambda case, _: case.relapse_of_id is not None),
        ("country=DE", lambda case, _: case.notices.filter(operator__country="DE").exists()),
        ("operator=nordlicht", lambda case, _: case.notices.filter(operator__name__startswith="Nordlicht").exists()),
        ("host=SITE1", lambda case, _: case.urls.filter(host__startswith="site1").exists()),
        ("q=bluegate", lambda case, _: case.notices.filter(operator__name__startswith="Bluegate").exists()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_filter_shows_what_it_says(client: Client, dana: User, query: str, is_in: Any) -> None:
    wanted = {case.reference for case in Case.objects.select_related("ground_decision") if is_in(case, dana)}
    found = shown(client, f"tab=all&{query}&page=1") + shown(client, f"tab=all&{query}&page=2")
    assert set(found[: len(wanted)]) == wanted
    assert wanted


def test_since_counts_from_that_day_on(client: Client, dana: User) -> None:
    day = timezone.now().date() - timedelta(days=10)
    wanted = {case.reference for case in Case.objects.filter(created_at__date__gte=day)}
    assert set(shown(client, f"tab=all&since={day}")) == wanted


def test_nonsense_in_the_address_is_left_out(client: Client, dana: User) -> None:
    nonsense = "tab=zzz&state=zzz&ground=zzz&assigned=zzz&country=zzz&since=zzz&intimate=zzz&page=zzz&sort=zzz&zzz=1"
    answer = client.get(f"/console/?{nonsense}")
    assert answer.status_code == 200
    assert Choice.read({"tab": "all", "state": "zzz", "q": " a " * 200}).query().startswith("tab=all&q=a")


def test_a_chip_takes_its_filter_away(client: Client, dana: User) -> None:
    text = page(client, "tab=all&intimate=1&ground=dsa_16")
    assert 'href="?tab=all&amp;ground=dsa_16"' in text
    assert 'href="?tab=all&amp;intimate=1"' in text


def test_a_case_from_the_queue_leads_to_the_next_and_back(client: Client, dana: User) -> None:
    pks = list(queues.ids(Choice(tab="all"), dana)[:3])
    text = told(client.get(f"/console/cases/{pks[1]}/?tab=all&at=1"))
    assert f'/console/cases/{pks[0]}/?tab=all&amp;at=0" rel="prev" data-key="p"' in text
    assert f'/console/cases/{pks[2]}/?tab=all&amp;at=2" rel="next" data-key="n"' in text
    gone = queues.neighbours(Case(), Choice(tab="all"), dana, 1)
    assert gone.after == (pks[1], 1), "what followed has moved up"


def test_an_act_on_a_case_keeps_its_place_in_the_queue(client: Client, dana: User) -> None:
    case = Case.objects.filter(state=CaseState.AWAITING_PROVIDER).earliest("pk")
    path = f"/console/cases/{case.pk}/"
    answer = client.post(
        f"{path}note/", {"note": "Seen."}, headers={"Referer": f"http://testserver{path}?tab=all&at=3"}
    )
    assert answer.headers["Location"] == f"{path}?tab=all&at=3#history"
    evil = client.post(f"{path}note/", {"note": "Seen."}, headers={"Referer": f"http://x.example{path}?at=3&x=//evil"})
    assert evil.headers["Location"] == f"{path}?at=3#history"


# --- Saved views -------------------------------------------------------------------------------------------


def test_a_view_is_saved_used_renamed_and_deleted(client: Client, dana: User) -> None:
    client.post("/console/views/save/", {"name": " German  hosts ", "query": "country=DE&tab=all&junk=1&page=7"})
    view = SavedFilter.objects.get()
    assert (view.name, view.query, view.staff) == ("German hosts", "tab=all&country=DE", dana)
    assert "German hosts" in page(client, view.query)
    client.post(f"/console/views/{view.pk}/rename/", {"name": "DE"})
    assert "DE" in told(client.get("/console/views/"))
    client.post(f"/console/views/{view.pk}/delete/")
    assert not SavedFilter.objects.exists()


def test_a_view_is_its_owners_only(client: Client, dana: User, desk: list[User]) -> None:
    other = filters.save(desk[2], "Theirs", "tab=all")
    assert "Theirs" not in page(client, "") + told(client.get("/console/views/"))
    for act in ("rename", "delete"):
        assert client.post(f"/console/views/{other.pk}/{act}/", {"name": "Mine"}).status_code == 404
    assert SavedFilter.objects.get().name == "Theirs"


def test_two_views_of_one_name_are_one(client: Client, dana: User) -> None:
    for query in ("tab=all", "tab=closed"):
        client.post("/console/views/save/", {"name": "Mine", "query": query})
    assert SavedFilter.objects.get().query == "tab=closed"
    answer = client.post("/console/views/save/", {"name": " ", "query": "tab=all"}, follow=True)
    assert "Give the view a name" in told(answer)


# --- Putting off -------------------------------------------------------------------------------------------


def test_a_case_that_is_put_off_is_off_the_queue_until_its_day(client: Client, dana: User) -> None:
    case = Case.objects.get(pk=queues.ids(Choice(tab="action"), dana)[0])
    answer = client.post(f"/console/cases/{case.pk}/defer/", {"days": "3", "next": "/console/?tab=action"}, follow=True)
    assert f"{case.reference} comes back on" in told(answer)
    assert case.pk not in queues.ids(Choice(tab="action"), dana)
    assert case.pk in queues.ids(Choice(tab="deferred"), dana)
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert case.pk in queues.ids(Choice(tab="action"), dana)


@pytest.mark.parametrize("data", [{}, {"on": "zzz"}, {"on": "2020-01-01"}, {"days": "400"}, {"on": "2999-01-01"}])
def test_a_wrong_day_changes_nothing(client: Client, dana: User, data: dict[str, str]) -> None:
    case = Case.objects.filter(state=CaseState.AWAITING_PROVIDER, deferred_until=None).earliest("pk")
    assert client.post(f"/console/cases/{case.pk}/defer/", data).status_code == 302
    case.refresh_from_db()
    assert case.deferred_until is None


# --- Many at once ------------------------------------------------------------------------------------------


def many(client: Client, chosen: list[Case], **data: str) -> str:
    picked = [str(case.pk) for case in chosen]
    return told(client.post("/console/many/", {"case": picked, "next": "/console/?tab=all", **data}, follow=True))


def test_many_are_assigned_and_put_off_and_looked_at_again(client: Client, dana: User, desk: list[User]) -> None:
    chosen = list(Case.objects.filter(state=CaseState.AWAITING_PROVIDER)[:3])
    assert "3 cases are yours." in many(client, chosen, act="assign", to="me")
    assert "3 cases are Emre Aydin&#x27;s." in many(client, chosen, act="assign", to=str(desk[2].pk))
    assert set(Case.objects.filter(pk__in=[case.pk for case in chosen]).values_list("assigned_to", flat=True)) == {
        desk[2].pk
    }
    event = chosen[0].events.filter(kind="case.assigned").latest("pk")
    assert event.actor == dana
    assert "3 cases come back on" in many(client, chosen, act="defer", days="1")
    InfringingUrl.objects.update(next_check_at=None)
    assert "9 places of 3 cases next in line" in many(client, chosen, act="check")
    assert InfringingUrl.objects.exclude(next_check_at=None).count() == 9


def test_what_cannot_be_done_is_said(client: Client, dana: User) -> None:
    subscriber = User.objects.filter(email__startswith="subscriber").earliest("pk")
    closed, running = (
        Case.objects.filter(state=state).earliest("pk") for state in (CaseState.CLOSED, CaseState.AWAITING_PROVIDER)
    )
    text = many(client, [closed, running], act="defer", days="1")
    assert f"Not done for {closed.reference}: The case is closed." in text
    assert "1 case comes back on" in text
    assert "Choose a colleague." in many(client, [running], act="assign", to=str(subscriber.pk))
    assert "Select at least one case first." in many(client, [], act="defer", days="1")
    assert "Choose what to do with them." in many(client, [running], act="zzz")
    assert "None of these cases has a letter to approve." in many(
        client, [running], act="approve", reason="They are all alike."
    )


def test_many_letters_take_two_people(client: Client, dana: User, desk: list[User], settings: Any) -> None:
    settings.BULK_LETTERS = 2
    chosen = list(Case.objects.filter(state=CaseState.DRAFTING)[:3])
    text = many(client, chosen, act="approve", reason="They are all alike.")
    asked = BulkApproval.objects.get()
    assert "6 letters to" in text
    assert "A colleague decides" in text
    body = Notice.objects.get(pk=asked.notices.earliest("pk").pk)
    assert body.title in text
    assert body.recipient in text
    client.post(f"/console/many/letters/{asked.pk}/confirm/")
    asked.refresh_from_db()
    assert asked.confirmed_at is None, "the same person"
    second = Client()
    second.force_login(desk[2])
    assert "To be decided" in told(second.get("/console/many/letters/"))
    answer = told(second.post(f"/console/many/letters/{asked.pk}/confirm/", follow=True))
    asked.refresh_from_db()
    assert asked.confirmed_by == desk[2]
    assert "The notice lacks" in answer, "each letter is looked at once more"
    assert not Notice.objects.filter(state=NoticeState.APPROVED).exists()


def test_a_subscriber_reaches_none_of_it(client: Client, desk: list[User]) -> None:
    client.force_login(User.objects.filter(email__startswith="subscriber").earliest("pk"))
    case = Case.objects.earliest("pk")
    for path in ("views/", "many/letters/", f"notices/{case.notices.earliest('pk').pk}/annex.pdf"):
        assert client.get(f"/console/{path}").status_code == 404
    for path in ("many/", "views/save/", f"cases/{case.pk}/defer/", f"cases/{case.pk}/ask/"):
        assert client.post(f"/console/{path}").status_code == 404


# --- A real case -------------------------------------------------------------------------------------------


@pytest.fixture
def real(enrolled_alice: Enrolment, site: Site, rdap_registry: None) -> Case:
    """A case of Alice's with one draft."""
    return cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


def test_the_preview_is_what_leaves(real: Case, carol: User, client_for: Any) -> None:
    client, notice = client_for(carol), cases.approved(real, carol)
    before = told(client.get(f"/console/cases/{real.pk}/"))
    client.post(f"/console/notices/{notice.pk}/send/")
    sent = mail.outbox[0].message()
    for name in ("From", "To", "Reply-To", "Subject"):
        value = str(sent[name]).replace("\n", "")
        assert f"<dt>{name}</dt><dd>{value.replace('<', '&lt;').replace('>', '&gt;')}</dd>" in before, name
    assert str(mail.outbox[0].body)[:80].replace("\n", "") in before.replace("\n", "")
    pdf = client.get(f"/console/notices/{notice.pk}/annex.pdf")
    assert pdf.headers["Content-Type"] == "application/pdf"


def test_a_letter_that_has_left_can_be_followed(real: Case, carol: User, client_for: Any) -> None:
    client, notice = client_for(carol), cases.approved(real, carol)
    client.post(f"/console/notices/{notice.pk}/send/")
    Notice.objects.update(state=NoticeState.INFO_REQUESTED, time_left=timedelta(hours=50))
    text = told(client.get(f"/console/cases/{real.pk}/"))
    assert "asked us something. 2 days are left once we have answered." in text
    assert "Answer them" in text
    assert "Retract it" not in text, "that is a senior colleague's"
    answer = client.post(f"/console/notices/{notice.pk}/follow/", {"code": "info_answer", "note": ""}, follow=True)
    assert "Write the answer." in told(answer)
    client.post(f"/console/notices/{notice.pk}/follow/", {"code": "info_answer", "note": "It is the second picture."})
    further = FollowUp.objects.get()
    assert "It is the second picture." in further.body
    assert client.post(f"/console/notices/{notice.pk}/retract/", {"reason": "A mistake."}).status_code == 404
    own = told(client.get(f"/console/cases/{real.pk}/?letter={further.pk}"))
    assert "You have written some of this letter" in own


def test_a_form_gets_a_sheet_to_be_pasted(real: Case, carol: User, client_for: Any) -> None:
    AbuseContact.objects.update(email="", form_url="https://host.example/abuse")
    Notice.objects.update(recipient="")
    client, notice = client_for(carol), cases.approved(real, carol)
    text = told(client.get(f"/console/cases/{real.pk}/"))
    assert "For the operator&#x27;s form" in text or "For the operator's form" in text
    assert "https://host.example/abuse" in text
    assert "Send it now" not in text
    assert "Ticket" not in text
    client.post(f"/console/notices/{notice.pk}/take/")
    assert "It is in the form and sent" in told(client.get(f"/console/cases/{real.pk}/"))
    client.post(f"/console/notices/{notice.pk}/pasted/", {"confirmation": "Ticket 7"})
    notice.refresh_from_db()
    assert notice.state == NoticeState.SENT


def test_asking_the_subscriber_makes_it_their_move(real: Case, carol: User, client_for: Any) -> None:
    client = client_for(carol)
    text = told(client.post(f"/console/cases/{real.pk}/ask/", {"text": "Did you sign a release?"}, follow=True))
    real.refresh_from_db()
    assert real.state == CaseState.AWAITING_SUBJECT
    assert "Did you sign a release?" in text
    assert "Waiting for the subscriber" in text


def test_news_waits_for_a_senior_colleague(
    enrolled_alice: Enrolment, site: Site, rdap_registry: None, carol: User, client_for: Any
) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site), context="news_or_satire")
    assert WorkItem.objects.filter(case=case, done_at=None).exists()
    client = client_for(carol)
    assert "Allow a notice" not in told(client.get(f"/console/cases/{case.pk}/"))
    assert client.post(f"/console/cases/{case.pk}/release/", {"reason": "It is no news."}).status_code == 404
    senior = User.objects.create_user("senior@example.org", role="senior_staff")
    workflow.release(case, senior, "It is no news at all.")
    assert not WorkItem.objects.filter(case=case, kind="expression", done_at=None).exists()


def test_work_in_a_closed_case_is_seen(real: Case, carol: User) -> None:
    workflow.close(real, carol, Outcome.REFUSED, "They refused.")
    assert real.pk not in queues.ids(Choice(tab="action"), carol)
    ask_person(real, "counter_window", real.pk, "A counter-notice: its time is running out.")
    assert real.pk in queues.ids(Choice(tab="action"), carol)
