"""What sites say of themselves: contact pages, imprints, hidden addresses, security.txt. And how they could lie."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from takedowns.contacts import page_contacts, pages, well_known
from takedowns.contacts.page_contacts import decoded_cloudflare, labelled, read, read_policy, written_in
from takedowns.contacts.roles import Role
from takedowns.models import Lookup
from tests.sites import Reply, Site, page, redirect, serve

HOST = "gallery.localhost"


@pytest.fixture
def site() -> Iterator[Site]:
    with serve({}) as running:
        yield running


def soon() -> float:
    return time.monotonic() + 30


def found(site: Site, path: str = "/p", host: str = HOST) -> dict[str, tuple[str, float]]:
    """Address or form, with its role and how sure it is."""
    says = pages.contacts_of(site.url(path, host), soon())
    return {one.email or one.form_url: (one.role, one.confidence) for one in says.found}


# --- One page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<a href="mailto:abuse@site.example">x</a>', "abuse@site.example"),
        ('<a href="MAILTO:Abuse@Site.Example?subject=Hi">x</a>', "abuse@site.example"),
        ('<a href="mailto:%61buse%40site.example">x</a>', "abuse@site.example"),
        ('<a href="&#109;ailto:abuse&#64;site.example">x</a>', "abuse@site.example"),
        ('<a href="mailto:a@site.example,b@site.example">x</a>', "b@site.example"),
        ('<span class="__cf_email__" data-cfemail="543531213731142735203 1">', None),
        ('<a href="mailto:">x</a>', None),
        ('<a href="mailto:noreply@site.example">x</a>', None),
        ('<a href="mailto:logo@2x.png">x</a>', None),
    ],
)
def test_addresses_in_links(html: str, address: str | None) -> None:
    mailed = read(html, "http://site.example/").mailed
    assert address in mailed if address else mailed == []


def hidden(address: str, key: int = 0x5A) -> str:
    return bytes([key, *(byte ^ key for byte in address.encode())]).hex()


def test_addresses_that_cloudflare_hides() -> None:
    assert decoded_cloudflare(hidden("legal@site.example")) == "legal@site.example"
    code = hidden("dmca@site.example")
    html = f'<a href="/cdn-cgi/l/email-protection#{code}">[email&#160;protected]</a>'
    assert read(html, "http://site.example/").mailed == ["dmca@site.example"]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Write to legal@site.example.", ["legal@site.example"]),
        ("legal [at] site [dot] example", ["legal@site.example"]),
        ("legal(at)site.example", ["legal@site.example"]),
        ("legal {AT} site {DOT} example", ["legal@site.example"]),
        ("legal at site dot example", ["legal@site.example"]),
        ("Look at example.org and meet us at noon", []),
        ("picture@2x.png and a@b", []),
        ("user@@site.example", []),
    ],
)
def test_addresses_in_words(text: str, addresses: list[str]) -> None:
    assert written_in(text) == addresses


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("Impressum", Role.IMPRINT),
        ("Mentions légales", Role.IMPRINT),
        ("DMCA", Role.COPYRIGHT),
        ("Copyright policy", Role.COPYRIGHT),
        ("Copyright 2026", ""),
        ("Privacy", Role.PRIVACY),
        ("Datenschutzerklärung", Role.PRIVACY),
        ("Report abuse", Role.ABUSE),
        ("Anmelden", ""),
        ("Kontakt", Role.CONTACT),
        ("Terms of use", Role.LEGAL),
        ("My holiday", ""),
    ],
)
def test_what_a_link_is_for(words: str, role: str) -> None:
    assert labelled(words) == role


def test_structured_data_names_the_publisher() -> None:
    data = (
        '{"@type": "Organization", "legalName": "Pics GmbH", "address": {"addressCountry": "de"},'
        '"contactPoint": [{"@type": "ContactPoint", "email": "mailto:help@site.example"}]}'
    )
    says = read(f'<script type="application/ld+json">{data}</script>', "http://site.example/")
    assert (says.organisation, says.country, says.mailed) == ("Pics GmbH", "DE", ["help@site.example"])


def test_a_commenter_in_structured_data_is_not_the_publisher() -> None:
    data = (
        '{"@type": "Comment", "email": "visitor@site.example", "author": {"@type": "Person", "email": "v@x.example"}}'
    )
    assert read(f'<script type="application/ld+json">{data}</script>', "http://site.example/").mailed == []


def test_accounts_and_other_hosts_of_a_page() -> None:
    html = (
        '<script src="https://www.googletagmanager.com/gtag/js?id=G-ABCDEF1234"></script>'
        '<script>ga("create", "UA-1234567-2")</script><iframe src="//ads.example/x"></iframe>'
        '<form action="https://pay.example/now"></form>UA-7654321-1'
    )
    says = read(html, "http://site.example/")
    assert says.analytics == ["G-ABCDEF1234", "UA-1234567"]
    assert says.outside == ["www.googletagmanager.com", "ads.example", "pay.example"]


def test_a_policy_for_text_and_data_mining() -> None:
    policy = '{"assigner": {"vcard:fn": "Pics", "vcard:hasEmail": "mailto:rights@site.example"}}'
    assert read_policy(policy) == ["rights@site.example"]


PIECES = st.sampled_from(
    ["<a href=", '"mailto:', "a@b.cd", "</a>", "<script type='application/ld+json'>", '{"@type":', "[[[", "</script>",
     "<base href='http://[x'>", "data-cfemail='00ff", "<meta name='tdm-policy' content='//'>", " at ", " [at] ",
     " dot ", "<textarea>", "\x00", "\ud800", "<form action='http://::/'>", "&#64;", "%40", "ca-pub-123456789012"]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=40).map("".join))
def test_any_page_is_read(text: str) -> None:
    says = read(text, "http://site.example/p")
    assert len(says.mailed) <= page_contacts.MAX_EMAILS
    assert all(address.count("@") == 1 for address in says.mailed + says.written)
    read_policy(text)
    decoded_cloudflare(text)


@pytest.mark.parametrize(
    "text",
    ["a@" * 200_000, "a" * 400_000 + "@", "<a href=mailto:x@y.zz>" * 50_000, "[" * 300_000, " at " * 100_000,
     '<script type="application/ld+json">' + '{"a":' * 100_000, "a.b-" * 100_000 + "@x.example",
     '<script type="application/ld+json">[' + "{}," * 150_000 + "{}]</script>", "x [at] y [dot] z " * 20_000],
    ids=["ats", "long", "links", "deep", "words", "json", "local", "wide", "obfuscated"],
)  # fmt: skip
def test_no_page_takes_long(text: str) -> None:
    started = time.monotonic()
    read(text, "http://site.example/")
    read_policy(text)
    assert time.monotonic() - started < 5


# --- A site ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_contact_pages_are_read_and_tell_what_their_addresses_are_for(site: Site) -> None:
    site.answers["/p"] = page('<a href="/imprint">Impressum</a> <a href="/privacy">Privacy</a>')
    site.answers["/imprint"] = page("<p>Pics GmbH, jane (at) gallery.localhost</p>")
    site.answers["/privacy"] = page('<a href="mailto:jane.doe@gallery.localhost">write</a>')
    assert found(site) == {
        "jane@gallery.localhost": (Role.IMPRINT, pages.WRITTEN_OUT),
        "jane.doe@gallery.localhost": (Role.PRIVACY, pages.ON_CONTACT_PAGE),
    }


@pytest.mark.django_db
def test_on_the_page_itself_only_the_sites_own_addresses_count(site: Site) -> None:
    """Whoever exposes somebody wrote that page, and often put the person's address there, or one of their own."""
    site.answers["/p"] = page(
        "Her address: victim@mail.example"
        '<a href="mailto:victim@mail.example">write to her</a>'
        '<a href="mailto:dmca@trap.example">DMCA</a>'
        '<a href="/trap">DMCA</a>'
        '<a href="mailto:tom@gallery.localhost">Tom</a>'
    )
    site.answers["/trap"] = page('<a href="mailto:legal@trap.example">Write here</a> me@trap.example')
    assert set(found(site)) == {"tom@gallery.localhost"}
    assert site.requests["/trap"] == 1


@pytest.mark.django_db
def test_what_the_front_page_leads_to_may_have_its_mail_elsewhere(site: Site) -> None:
    site.answers["/p"] = page('<a href="/terms">Copyright</a>')
    site.answers["/"] = page('<a href="/terms">Copyright</a><a href="mailto:abuse@agency.example">x</a>')
    site.answers["/terms"] = page('<a href="mailto:jane@agency.example">write</a>')
    assert {email: role for email, (role, _) in found(site).items()} == {
        "abuse@agency.example": Role.ABUSE,
        "jane@agency.example": Role.COPYRIGHT,
    }


@pytest.mark.django_db
def test_a_page_that_does_not_lead_to_its_contacts_does_not_name_the_owner(site: Site) -> None:
    data = '<script type="application/ld+json">{"@type": "Organization", "name": "Not Us"}</script>'
    site.answers["/p"] = page(data + '<a href="mailto:tom@gallery.localhost">Tom</a>')
    (tom,) = pages.contacts_of(site.url("/p", HOST), soon()).found
    assert tom.name == ""


@pytest.mark.django_db
def test_a_page_without_links_leads_to_the_front_page(site: Site) -> None:
    site.answers["/p"] = page("<img src=/1.jpg>")
    site.answers["/"] = page('<a href="/legal/dmca">DMCA</a>')
    site.answers["/legal/dmca"] = page('<form action="/send"><textarea></textarea></form>')
    form = site.url("/legal/dmca", HOST)
    assert found(site) == {form: (Role.COPYRIGHT, pages.FORM)}


@pytest.mark.django_db
def test_few_pages_are_opened_each_once(site: Site) -> None:
    links = "".join(f'<a href="/contact{number}">Contact {number}</a>' for number in range(30))
    site.answers["/p"] = page(links)
    for number in range(30):
        site.answers[f"/contact{number}"] = page(links)
    found(site)
    found(site)
    assert sum(site.requests.values()) == pages.MAX_PAGES
    assert set(site.requests.values()) == {1}


@pytest.mark.django_db
def test_a_button_that_reports_a_picture_is_not_pressed(site: Site) -> None:
    site.answers["/p"] = page('<a href="/flag?picture=7">Report this photo</a>')
    found(site)
    assert "/flag?picture=7" not in site.requests


@pytest.mark.django_db
def test_links_to_other_sites_are_not_followed(site: Site) -> None:
    other = site.url("/contact", "other.localhost")
    site.answers["/p"] = page(f'<a href="{other}">Contact</a>')
    site.answers["/contact"] = page("someone@other.localhost")
    assert found(site) == {}
    assert "/contact" not in site.requests


@pytest.mark.django_db
def test_what_another_site_says_after_a_redirect_is_not_the_first_ones(site: Site) -> None:
    site.answers["/p"] = redirect(site.url("/there", "other.localhost"))
    site.answers["/there"] = page('<a href="mailto:abuse@other.localhost">x</a>')
    assert found(site) == {}
    assert site.requests["/there"] == 1


@pytest.mark.django_db
def test_a_contact_page_that_redirects_away_tells_nothing(site: Site) -> None:
    site.answers["/p"] = page('<a href="/contact">Contact</a>')
    site.answers["/contact"] = redirect(site.url("/there", "other.localhost"))
    site.answers["/there"] = page("abuse@other.localhost")
    assert found(site) == {}


@pytest.mark.django_db
@override_settings(FETCH_ALLOW_PRIVATE=False)
def test_private_addresses_are_refused(site: Site) -> None:
    site.answers["/p"] = page('<a href="mailto:abuse@gallery.localhost">x</a>')
    assert found(site) == {}
    assert well_known.contacts_of(site.url("/p", HOST), soon()) == []
    assert not site.requests


@pytest.mark.django_db
@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"gone", status=500),
        Reply(b"mailto:abuse@gallery.localhost", "image/jpeg"),
        Reply(b"<a href='mailto:abuse@gallery.localhost'>" + b"x" * 2_000_000),
        redirect("http://[::1"),
        redirect("/p"),
    ],
    ids=["error", "picture", "too large", "bad redirect", "loop"],
)
def test_a_bad_answer_is_no_contact(site: Site, answer: Reply) -> None:
    site.answers["/p"] = answer
    assert found(site) == {}


@pytest.mark.django_db
def test_no_time_left_asks_nobody(site: Site) -> None:
    assert pages.contacts_of(site.url("/p", HOST), time.monotonic()) == pages.SiteContacts()
    assert not site.requests


@pytest.mark.django_db
def test_the_addresses_of_pages_are_not_kept(site: Site) -> None:
    site.answers["/p"] = page("<p>A picture</p>")
    found(site)
    rows = str(list(Lookup.objects.values_list("key", "answer")))
    assert "/p" not in rows


# --- security.txt ------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def security_txt(expires: str = "2027-01-01T00:00:00Z", contact: str = "mailto:security@gallery.localhost") -> str:
    return f"-----BEGIN PGP SIGNED MESSAGE-----\n\n# Hello\nContact: {contact}\r\nexpires: {expires}\n"


def test_contacts_of_a_security_txt_in_their_order() -> None:
    text = security_txt() + "Contact: https://gallery.localhost/report\n"
    assert well_known.read_security_txt(text, NOW) == [
        "mailto:security@gallery.localhost",
        "https://gallery.localhost/report",
    ]


@pytest.mark.parametrize(
    "text",
    [
        security_txt("2026-11-21T00:00:00Z"),
        security_txt("never"),
        "Contact: mailto:a@site.example\n",
        security_txt() + "Expires: 2028-01-01T00:00:00Z\n",
        "",
        "<html>Contact: mailto:a@site.example Expires: 2028-01-01T00:00:00Z</html>",
    ],
    ids=["expired", "no date", "without date", "two dates", "empty", "page"],
)
def test_an_expired_or_broken_file_says_nothing(text: str) -> None:
    assert well_known.read_security_txt(text, NOW) == []


@given(st.text(max_size=300))
def test_any_security_txt_is_read(text: str) -> None:
    well_known.read_security_txt(text, NOW)
    well_known.read_security_txt(f"Expires: {text}\nContact: {text}", NOW)


@pytest.mark.django_db
def test_a_security_txt_is_a_weak_contact(site: Site) -> None:
    expires = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    site.answers[well_known.PATH] = Reply(security_txt(expires).encode(), "text/plain; charset=utf-8")
    contact = well_known.contacts_of(site.url("/p", HOST), soon())[0]
    assert (contact.email, contact.role) == ("security@gallery.localhost", Role.SECURITY)
    assert contact.confidence < pages.ON_THE_PAGE


@pytest.mark.django_db
@pytest.mark.parametrize("content_type", ["text/html", ""])
def test_a_security_txt_that_is_a_page_is_none(site: Site, content_type: str) -> None:
    expires = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    site.answers[well_known.PATH] = Reply(security_txt(expires).encode(), content_type)
    assert well_known.contacts_of(site.url("/p", HOST), soon()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "contact",
    ["mailto:", "mailto:not an address", "tel:+1-555", "javascript:alert(1)", "http://gallery.localhost/x", "https://"],
)
def test_odd_contacts_are_passed_by(site: Site, contact: str) -> None:
    expires = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    site.answers[well_known.PATH] = Reply(security_txt(expires, contact).encode(), "text/plain")
    found: list[Any] = well_known.contacts_of(site.url("/p", HOST), soon())
    assert found == []
