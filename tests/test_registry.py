"""Everything that is kept is in the register of what is held, and the register says all of it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import models

from accounts import audit, retention
from accounts.models import AuditEvent, User
from accounts.rights import looked
from alerts import dispatch
from search.models import Enrolment, Subject
from tests.matches import make_match

# Tables that are made for a relation, and Django's own list of migrations, which is no model.
ALL = {model._meta.label: model for model in apps.get_models()}
REGISTERED = [label for holding in retention.holdings() for label in holding.models]


def test_every_model_is_registered_or_says_why_it_is_nobodys() -> None:
    """A new model that holds personal data and is not registered fails here: add it to its app's `holdings.py`."""
    known = {*REGISTERED, *retention.nobodys()}
    assert not set(ALL) - known, "not in the register of what is held"
    assert not known - set(ALL), "in the register, but no model any more"
    assert all(reason.strip() for reason in retention.nobodys().values())


def test_no_model_is_registered_twice() -> None:
    assert len(REGISTERED) == len(set(REGISTERED))
    assert not set(REGISTERED) & set(retention.nobodys())


def owned(model: type[models.Model], on_the_way: frozenset[type[models.Model]] = frozenset()) -> bool:
    """Whether rows of a model go with a person: by a key that cascades, or by one to a model that does."""
    if model in {User, Subject}:
        return True
    if model in on_the_way:
        return False
    keys = [field for field in model._meta.get_fields() if isinstance(field, models.ForeignKey)]
    cascading = [field.related_model for field in keys if field.remote_field.on_delete is models.CASCADE]
    return any(owned(to, on_the_way | {model}) for to in cascading if isinstance(to, type))


def test_what_belongs_to_a_person_is_counted_exported_and_erased() -> None:
    for holding in retention.holdings():
        labels = [label for label in holding.models if owned(ALL[label])]
        # A keyed hash of a frame and an address of a site go with their owners; there is nothing in them to be told.
        if not labels or set(labels) <= {"search.LiveFrame", *_OF_THE_WEB}:
            continue
        assert holding.count, f"{holding.name} does not say how much of it is somebody's"
        assert holding.export, f"{holding.name} is missing in the archive"
        assert holding.erase or holding.stays, f"{holding.name} does not say what erasure does"


_OF_THE_WEB = {"crawler.Page", "crawler.PagePicture", "crawler.PageVisit", "crawler.FetchedImage"}


def test_every_holding_says_why_on_what_ground_for_whom_and_until_when() -> None:
    for holding in retention.holdings():
        said = (holding.name, holding.why, holding.until, holding.seen_by, holding.basis.text, holding.basis.citation)
        assert all(said), holding.name
        # Sentences in the middle of a table: "until …", not "Until …".
        assert holding.until[0].islower() or holding.until[0].isdigit(), holding.name


def test_what_has_a_limit_is_swept_or_goes_with_something_that_is() -> None:
    by_another = {"Live checks", "Face templates"}
    for holding in retention.holdings():
        assert holding.limit is None or holding.sweep or holding.name in by_another, holding.name


@pytest.mark.django_db
def test_somebody_new_has_nothing_but_an_account(alice: User) -> None:
    mine = {holding.name: holding.count(alice) for holding in retention.holdings() if holding.count}
    assert {name for name, count in mine.items() if count} == {"Your account"}


# --- Who looked --------------------------------------------------------------------------------------------


def actions_about_people() -> Iterator[str]:
    """What the code records about somebody, where its name stands there as it is."""
    for app in ("accounts", "crawler", "search", "alerts", "takedowns", "portal"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                    named = {keyword.arg for keyword in node.keywords}
                    if "about" in named and isinstance(node.args[0], ast.Constant):
                        yield str(node.args[0].value)


def test_everything_recorded_about_people_has_words_for_them() -> None:
    """Add them to `accounts.rights.looked.WORDS`, from the side of the person it is about."""
    assert not set(actions_about_people()) - set(looked.WORDS)


def test_who_looked_names_nobody_and_tells_no_content(alice: User, carol: User, client_for: Any) -> None:
    audit.record("case.picture_shown", alice, actor=carol, about=alice, case="a secret number")
    page = client_for(alice).get("/my-data/").content.decode()
    assert "Looked at a picture of one of your cases" in page
    assert "A member of our staff" in page
    for secret in (carol.email, str(carol.pk), "a secret number", "case.picture_shown"):
        assert secret not in page, secret
    assert AuditEvent.objects.filter(about=alice.pk).exists()


def test_bob_does_not_see_who_looked_at_alice(alice: User, bob: User, carol: User, client_for: Any) -> None:
    audit.record("case.picture_shown", alice, actor=carol, about=alice)
    assert "Looked at a picture" not in client_for(bob).get("/my-data/").content.decode()


def test_promise_20_an_objection_holds_at_once(enrolled_alice: Enrolment, client_for: Any) -> None:
    """Alerts by e-mail are switched off, a match comes, and no mail goes out."""
    alice = enrolled_alice.subject.user
    browser = client_for(alice)
    sent = {"choice": "E-mail about new matches", "allowed": "no"}
    assert browser.post("/my-data/choose/", sent).status_code == 302
    make_match(enrolled_alice.subject)
    before = len(mail.outbox)
    dispatch.deliver()
    assert len(mail.outbox) == before
    assert AuditEvent.objects.filter(action="objection.made", about=alice.pk).count() == 1
    browser.post("/my-data/choose/", {**sent, "allowed": "yes"})
    make_match(enrolled_alice.subject)
    dispatch.deliver()
    assert len(mail.outbox) == before + 1
    assert browser.post("/my-data/choose/", {"choice": "Anything", "allowed": "no"}).status_code == 404
