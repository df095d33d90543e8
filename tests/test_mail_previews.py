"""Every mail we send can be looked at by staff: as it is really made, from data that is nobody's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts import mail_layout, mailing
from accounts.models import User
from alerts import letter, previews
from alerts.words import LANGUAGES

TEMPLATES = Path(settings.BASE_DIR) / "templates"
PREVIEWS = previews.all_of_them()
# What other templates of mails are made of.
PARTS = {"account/email/base_message", "account/email/base_notification"}
each = pytest.mark.parametrize("key", PREVIEWS)


def test_every_mail_has_a_preview() -> None:
    texts = {str(path.relative_to(TEMPLATES))[: -len(".txt")] for path in TEMPLATES.glob("*/email/*.txt")}
    mails = {name for name in texts if not name.endswith("_subject")} - PARTS
    assert mails == {preview.template for preview in PREVIEWS.values()}


def test_every_situation_is_there_in_every_language() -> None:
    digests = [preview for preview in PREVIEWS.values() if preview.template == letter.TEMPLATE]
    assert len(digests) == len({preview.name for preview in digests}) * len(LANGUAGES)
    assert {preview.language for preview in digests} == set(LANGUAGES)


@pytest.mark.django_db
@each
def test_it_has_a_subject_a_text_and_html(key: str) -> None:
    mail = PREVIEWS[key].made()
    html = PREVIEWS[key].html
    assert mail.subject
    assert "\n" not in mail.subject
    assert "{" not in f"{mail.subject}{mail.body}"
    assert "{{" not in html
    assert "{%" not in html
    assert f'<html lang="{PREVIEWS[key].language}"' in html
    assert 2_000 < len(html.encode()) < 30_000
    for word in ("<img", "src=", "url(", "@import", "<link", "<script", "background=", "<form"):
        assert word not in html


@pytest.mark.django_db
@each
def test_its_links_lead_to_the_portal(key: str) -> None:
    for part in PREVIEWS[key].html.split('href="')[1:]:
        assert part.startswith(f"{settings.PORTAL_URL}/")


# --- The layout of mails that are a text -------------------------------------------------------------------


def test_what_somebody_wrote_never_becomes_markup_or_a_link() -> None:
    html = mail_layout.html("<script>alert(1)</script>\n\nhttps://evil.example/\n\njavascript:alert(1)", "Re: <b>")
    assert "<script" not in html
    assert "<b>" not in html
    assert "href" not in html


def test_a_code_stands_by_itself_and_not_in_the_list_of_messages() -> None:
    code, said = "K7RW-2MQD", "Type this code in."
    html = mail_layout.html(f"Hello,\n\n{said}\n\n{code}\n\nFaceward\n", "Your code")
    assert f"<span>{code}</span>" in html
    assert mail_layout.first_sentence(f"Hello,\n\n{said}\n\n{code}") == said
    assert mail_layout.first_sentence(code) == ""


def test_an_address_of_ours_is_a_link() -> None:
    (block,) = mail_layout.blocks(f"Choose a new one here:\n\n{settings.PORTAL_URL}/account/\n")
    assert block.lines == ["Choose a new one here:"]
    assert block.link == f"{settings.PORTAL_URL}/account/"


@pytest.mark.django_db
def test_a_discreet_mail_shows_nothing_beside_its_subject(alice: User) -> None:
    alice.discreet = True
    context = {"link": f"{settings.PORTAL_URL}/enrol/", "contact_email": "c@example.org"}
    mail = mailing.message("search/email/recapture", context, to=alice.email, user=alice)
    html = str(mail.alternatives[0][0])
    assert f"<title>{mailing.NEUTRAL}</title>" in html
    assert html.count("We have changed how we measure faces.") == 1
    assert '<div style="display:none' in html


# --- The pages ---------------------------------------------------------------------------------------------


def test_staff_see_each_of_them(carol: User, client_for: Callable[[User], Client]) -> None:
    browser = client_for(carol)
    listed = browser.get("/console/delivery/previews/").content.decode()
    for key, preview in PREVIEWS.items():
        assert f"/console/delivery/previews/{key}/" in listed
        if preview.language in {"en", "pl"}:
            page = browser.get(f"/console/delivery/previews/{key}/")
            assert page.status_code == 200
            assert "sandbox" in page.content.decode()


def test_the_mail_may_do_nothing_in_its_frame(carol: User, client_for: Callable[[User], Client]) -> None:
    answer = client_for(carol).get("/console/delivery/previews/alert-day-de/mail/")
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert sorted(policy) == [
        "base-uri 'none'",
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
        "style-src 'unsafe-inline'",
    ]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_other_pages_may_not_be_framed_nor_carry_styles(carol: User, client_for: Callable[[User], Client]) -> None:
    page = client_for(carol).get("/console/delivery/previews/alert-day-de/")
    policy = page.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"


def test_what_is_not_there_is_404(carol: User, client_for: Callable[[User], Client]) -> None:
    browser = client_for(carol)
    for path in ("nothing/", "nothing/mail/", "alert-day-xx/"):
        assert browser.get(f"/console/delivery/previews/{path}").status_code == 404
