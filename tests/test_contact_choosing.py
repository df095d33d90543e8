"""Which contact is written to: role, certainty, health; and what comes next when one did not work."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from model_bakery import baker

from takedowns import contacts
from takedowns.contacts import choosing, clusters
from takedowns.contacts.choosing import HealthState
from takedowns.contacts.found import Found, learn, store
from takedowns.contacts.roles import Role, role_of
from takedowns.models import AbuseContact, Case, Communication, Notice, Operator
from takedowns.states import NoticeState

NOW = timezone.now()


def found(email: str = "", role: str = Role.ABUSE, confidence: float = 0.9, **more: Any) -> Found:
    fields: dict[str, Any] = {"kind": "host", "key": "network:N", "name": "Host Inc.", "source": "rdap_ip", **more}
    return Found(role=role, confidence=confidence, email=email, **fields)


def contact(email: str = "abuse@host.example", **more: Any) -> AbuseContact:
    operator = store(found(email, **more))
    return operator.contacts.get(email=email, form_url=more.get("form_url", ""))


def sent(to: AbuseContact, state: str = NoticeState.SENT, late: bool = True, **more: Any) -> Notice:
    due = NOW - timedelta(days=1) if late else NOW + timedelta(days=1)
    return baker.make(
        Notice,
        contact=to,
        operator=to.operator,
        state=state,
        sent_at=NOW - timedelta(days=9),
        due_at=due,
        case=baker.make(Case, subject=_subject(), outcome=""),
        ground=more.pop("ground", "dmca_512c"),
        **more,
    )


def _subject() -> Any:
    return baker.make("search.Subject")


def answer(notice: Notice, kind: str = Communication.Kind.REPLY) -> None:
    message_id = f"<{notice.pk}@host.example>"
    baker.make(Communication, case=notice.case, notice=notice, direction="in", kind=kind, message_id=message_id)


# --- Keeping -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_another_find_never_takes_a_bounce_back() -> None:
    first = contact()
    AbuseContact.objects.update(bounced_at=NOW, answered_at=NOW)
    again = contact(confidence=0.95)
    assert (again.pk, again.bounced_at, again.answered_at, again.confidence) == (first.pk, NOW, NOW, 0.95)


@pytest.mark.django_db
def test_the_surest_source_of_an_address_is_the_one_that_is_named() -> None:
    contact(source="rdap_domain", confidence=0.7, role=Role.REGISTRANT)
    weaker = contact(source="page", confidence=0.5, role=Role.CONTACT)
    assert (weaker.source, weaker.role, weaker.confidence) == ("rdap_domain", Role.REGISTRANT, 0.7)
    assert weaker.found_at > NOW


@pytest.mark.django_db
def test_a_registry_names_an_operator_and_a_page_does_not_rename_it() -> None:
    store(found(kind="owner", key="domain:pics.example", name="", source="page"))
    assert Operator.objects.get().name == "pics.example"
    store(found(kind="owner", key="domain:pics.example", name="Pics!", country="de", source="page"))
    store(found(kind="owner", key="domain:pics.example", name="Pics Ltd", country="GB", source="rdap_domain"))
    store(found(kind="owner", key="domain:pics.example", name="Best Pics", country="US", source="page"))
    operator = Operator.objects.get()
    assert (operator.name, operator.country) == ("Pics Ltd", "GB")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email", ["not an address", "a@b", "\n@host.example", "x" * 300 + "@host.example", "ü@host.example"]
)
def test_what_is_no_address_is_no_contact(email: str) -> None:
    assert not store(found(email)).contacts.exists()
    assert not store(found(form_url="javascript:alert(1)")).contacts.exists()


# --- Choosing ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("addressee", "email"),
    [
        ("owner", "privacy@site.example"),
        ("platform", "copyright@site.example"),
        ("host", "abuse@site.example"),
        ("registrar", "abuse@site.example"),
    ],
)
def test_everybody_is_written_to_at_the_desk_for_it(addressee: str, email: str) -> None:
    for local in ("info", "security", "abuse", "copyright", "privacy", "webmaster"):
        contact(f"{local}@site.example", role=role_of(f"{local}@"), confidence=0.8)
    best, _ = choosing.best(AbuseContact.objects.all(), addressee)
    assert best is not None
    assert best.email == email


@pytest.mark.django_db
def test_a_form_comes_before_a_guess() -> None:
    contact("abuse@site.example", source="guess", confidence=choosing.GUESS)
    store(found(form_url="https://site.example/report", confidence=0.5))
    best, _ = choosing.best(AbuseContact.objects.all(), "host")
    assert best is not None
    assert best.form_url


@pytest.mark.django_db
def test_an_address_whose_domain_takes_no_mail_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    contact("abuse@mute.example")
    contact("abuse@works.example", confidence=0.5)
    monkeypatch.setattr("takedowns.contacts.names.takes_mail", lambda domain: domain == "works.example")
    best, _ = choosing.best(AbuseContact.objects.all(), "host")
    assert best is not None
    assert best.email == "abuse@works.example"
    mute = AbuseContact.objects.get(email="abuse@mute.example")
    assert contacts.health(mute).state == HealthState.NO_MAIL


@pytest.mark.django_db
def test_the_protected_persons_own_address_is_never_chosen() -> None:
    contact("alice@mail.example")
    assert choosing.best(AbuseContact.objects.all(), "host", not_to={"alice@mail.example"}) == (None, 0.0)


# --- Health ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_contact_that_was_never_tried() -> None:
    state = contacts.health(contact())
    assert (state.state, state.words, state.sent, state.answered) == (HealthState.UNTRIED, "Not tried yet.", 0, 0)
    assert state.usable


@pytest.mark.django_db
def test_a_contact_that_answers_works() -> None:
    desk = contact()
    answer(sent(desk, NoticeState.COMPLIED))
    sent(desk, ground="dsa_16")
    AbuseContact.objects.update(answered_at=NOW)
    state = contacts.health(AbuseContact.objects.get())
    assert (state.state, state.sent, state.answered, state.last_answer) == (HealthState.WORKS, 2, 1, NOW)
    assert state.words.startswith("Works: 2 notices sent, 1 answered, last on ")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Communication.Kind.AUTO_REPLY, Communication.Kind.BOUNCE])
def test_an_automatic_answer_is_no_answer(kind: str) -> None:
    desk = contact()
    for ground in ("dmca_512c", "dsa_16"):
        answer(sent(desk, ground=ground), kind)
    state = contacts.health(desk)
    assert (state.state, state.answered) == (HealthState.SILENT, 0)
    assert state.words == "Never answered: 2 notices sent, 0 answered."


@pytest.mark.django_db
def test_a_notice_that_did_not_leave_does_not_count() -> None:
    desk = contact()
    sent(desk, NoticeState.DRAFT)
    sent(desk, late=False)
    state = contacts.health(desk)
    assert (state.state, state.sent) == (HealthState.UNTRIED, 1)
    assert state.words == "No answer yet: 1 notice sent, 0 answered."


@pytest.mark.django_db
def test_an_address_that_bounced_is_bad_wherever_else_it_is_known() -> None:
    first, second = contact(), contact(key="network:OTHER")
    AbuseContact.objects.filter(pk=first.pk).update(bounced_at=NOW)
    state = contacts.health(second)
    assert (state.state, state.last_bounce, state.usable) == (HealthState.BOUNCED, NOW, False)
    assert state.words.startswith("Mail came back on ")
    assert choosing.best([second], "host") == (None, 0.0)


# --- The next one ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_after_a_bounce_the_operators_next_address_is_used() -> None:
    first, second = contact(), contact("noc@host.example", role=Role.HOSTMASTER, confidence=0.5)
    assert contacts.alternative(first) == second
    AbuseContact.objects.filter(pk=second.pk).update(bounced_at=NOW)
    assert contacts.alternative(first) is None


@pytest.mark.django_db
def test_after_that_addresses_that_its_domain_may_well_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("takedowns.contacts.names.takes_mail", lambda domain: domain == "host.example")
    next_one = contacts.alternative(contact())
    assert next_one is not None
    assert (next_one.email, next_one.source, next_one.takes_mail) == ("copyright@host.example", "guess", True)


@pytest.mark.django_db
def test_a_mail_providers_domain_is_not_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("takedowns.contacts.names.takes_mail", lambda _domain: True)
    assert contacts.alternative(contact("somebody@gmail.com")) is None


@pytest.mark.django_db
def test_then_those_of_its_cluster_but_nobody_who_is_hostile() -> None:
    desk, theirs = contact(), contact("abuse@group.example", key="network:OTHER")
    owner = contact("me@group.example", kind="owner", key="domain:group.example")
    for one in (desk, theirs, owner):
        learn(one.operator, clusters.ANALYTICS, "UA-1", "page")
    clusters.settle([desk.operator])
    desk.operator.refresh_from_db()
    assert contacts.alternative(desk) == theirs
    Operator.objects.filter(pk=theirs.operator_id).update(stance="hostile")
    assert contacts.alternative(desk) is None


@pytest.mark.django_db
def test_other_hosts_are_those_of_the_cluster() -> None:
    desk, other, stranger = contact(), contact(key="network:B"), contact(key="network:C")
    for one in (desk, other):
        learn(one.operator, clusters.ABUSE_ADDRESS, "abuse@host.example", "rdap_ip")
    clusters.settle([desk.operator])
    for number, one in enumerate((desk, other, stranger)):
        notice = sent(one)
        page, image = f"http://page{number}.example/x", f"http://img{number}.example/1.jpg"
        url = notice.case.urls.create(page_url=page, image_url=image, digest=str(number), host=f"img{number}.example")
        notice.urls.add(url)
    desk.operator.refresh_from_db()
    assert contacts.other_hosts(desk.operator) == ["img0.example", "img1.example", "page0.example", "page1.example"]
