"""The table of platforms: sound data, the right entry for a host, the right desk for a ground."""

from collections import Counter
from datetime import date, timedelta

import pytest

from takedowns import contacts
from takedowns.contacts import platforms
from takedowns.contacts.found import usable_email, usable_form
from takedowns.contacts.roles import Role, fit
from takedowns.grounds import Addressee
from takedowns.models import AbuseContact, DmcaAgent, InfringingUrl, Operator
from takedowns.rdap import registrable_domain

TABLE = platforms.table()


def place(page: str, image: str) -> InfringingUrl:
    return InfringingUrl(page_url=page, image_url=image)


def test_it_has_platforms_engines_and_payment_services() -> None:
    kinds = Counter(entry.kind for entry in TABLE)
    assert kinds["platform"] >= 35
    assert [entry.name for entry in platforms.of_kind("search")] == ["Google Search", "Bing"]
    assert kinds["ads"] >= 3


@pytest.mark.parametrize("entry", TABLE, ids=[entry.code for entry in TABLE])
def test_every_entry_is_sound(entry: platforms.Platform) -> None:
    assert entry.source_url.startswith("https://")
    assert entry.reviewed <= date(2026, 11, 22)
    assert entry.kind in Operator.Kind.values
    assert entry.country == "" or (len(entry.country) == 2 and entry.country.isupper())
    assert len(entry.language) == 2
    assert all(domain == domain.lower() and registrable_domain(domain) for domain in entry.domains)
    ways = [(desk.email, desk.form_url) for desk in entry.desks]
    # One record for each address and form, so each stands here once.
    assert ways
    assert len(set(ways)) == len(ways)
    for desk in entry.desks:
        assert desk.role in set(Role)
        assert bool(desk.email) != bool(desk.form_url)
        assert desk.email == usable_email(desk.email)
        assert not desk.form_url or usable_form(desk.form_url) == desk.form_url


def test_no_domain_stands_twice() -> None:
    domains = Counter(domain for entry in TABLE for domain in entry.domains)
    assert [domain for domain, count in domains.items() if count > 1] == []


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("i.redd.it", "reddit"),
        ("scontent-lhr8-1.xx.fbcdn.net", "facebook"),
        ("someone.wordpress.com", "wordpress-com"),
        ("pbs.twimg.com", "x"),
        ("PHOTOS.GOOGLE.COM.", "google-hosted"),
        ("www.google.com", None),
        ("notreddit.com", None),
        ("reddit.com.example.org", None),
        ("com", None),
        ("", None),
    ],
)
def test_a_host_belongs_to_the_entry_that_its_name_ends_with(host: str, code: str | None) -> None:
    entry = platforms.platform_of(host)
    assert (entry.code if entry else None) == code


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ground", "role"),
    [("dmca_512c", Role.COPYRIGHT), ("take_it_down", Role.NCII), ("impersonation", Role.IMPERSONATION)],
)
def test_a_ground_goes_to_the_desk_for_it(ground: str, role: Role) -> None:
    page = place("https://www.facebook.com/x", "https://scontent.xx.fbcdn.net/1.jpg")
    contact = contacts.find(Addressee.PLATFORM, page, ground).contact
    assert contact is not None
    assert (contact.role, contact.operator.key, contact.source) == (role, "platform:facebook", "platform_table")
    assert contact.source_url


@pytest.mark.django_db
def test_the_files_platform_comes_before_the_pages() -> None:
    contact = contacts.find(Addressee.PLATFORM, place("https://reddit.com/r/x", "https://i.imgur.com/1.jpg")).contact
    assert contact is not None
    assert contact.operator.key == "platform:imgur"


@pytest.mark.django_db
def test_a_designated_agent_is_the_platforms_contact() -> None:
    DmcaAgent.objects.create(name="imgur.com", provider="Imgur, Inc.", email="agent@imgur.example")
    contact = contacts.find(Addressee.PLATFORM, place("https://imgur.com/a", "https://i.imgur.com/1.jpg")).contact
    assert contact is not None
    assert (contact.email, contact.operator.key) == ("agent@imgur.example", "platform:imgur")


@pytest.mark.django_db
def test_a_site_that_designated_an_agent_is_a_platform_too() -> None:
    DmcaAgent.objects.create(name="pics.example", provider="Pics Ltd", email="agent@pics.example", country="GB")
    contact = contacts.find(
        Addressee.PLATFORM, place("https://a.pics.example/1", "https://a.pics.example/1.jpg")
    ).contact
    assert contact is not None
    assert (contact.operator.name, contact.operator.kind, contact.operator.country) == ("Pics Ltd", "platform", "GB")


@pytest.mark.django_db
def test_any_other_site_is_no_platform() -> None:
    search = contacts.find(Addressee.PLATFORM, place("https://blog.example/1", "https://blog.example/1.jpg"))
    assert search.contact is None
    assert "not a platform" in search.reason


@pytest.mark.django_db
def test_of_two_engines_the_other_one_is_found_when_one_was_asked() -> None:
    url = place("https://blog.example/1", "https://blog.example/1.jpg")
    first = contacts.find(Addressee.SEARCH, url, "search_explicit").contact
    assert first is not None
    second = contacts.find(Addressee.SEARCH, url, "search_explicit", besides=[first.operator_id]).contact
    assert second is not None
    assert [first.operator.key, second.operator.key] == ["search:google", "search:bing"]
    assert {first.role, second.role} == {Role.NCII}
    assert first.operator.kind == Operator.Kind.SEARCH


@pytest.mark.django_db
def test_what_staff_set_survives_another_look() -> None:
    url = place("https://imgur.com/a", "https://i.imgur.com/1.jpg")
    contacts.find(Addressee.PLATFORM, url)
    Operator.objects.update(stance="ignores", language="pl")
    contacts.find(Addressee.PLATFORM, url)
    operator = Operator.objects.get()
    assert (operator.stance, operator.language, operator.name) == ("ignores", "pl", "Imgur")


@pytest.mark.django_db
def test_data_of_a_platforms_page_is_the_platforms_to_answer_for() -> None:
    url = place("https://www.tiktok.com/@x", "https://p16.tiktokcdn.com/1.jpg")
    contact = contacts.find(Addressee.OWNER, url, "gdpr_erasure").contact
    assert contact is not None
    assert (contact.operator.key, contact.role) == ("platform:tiktok", Role.PRIVACY)
    assert set(AbuseContact.objects.values_list("role", flat=True)) == {Role.PRIVACY}


def test_an_entry_that_nobody_looked_at_for_years_counts_for_less() -> None:
    entry = TABLE[0]
    fresh = platforms.contacts_of(entry, entry.reviewed)[0].confidence
    old = platforms.contacts_of(entry, entry.reviewed + timedelta(days=1000))[0].confidence
    assert old < fresh


@pytest.mark.parametrize("addressee", list(Addressee))
@pytest.mark.parametrize("ground", ["", "dmca_512c", "take_it_down", "gdpr_erasure", "eu_rtbf", "unheard_of"])
def test_fit_is_a_share(addressee: Addressee, ground: str) -> None:
    assert all(0 < fit(role, addressee.value, ground) <= 1 for role in (*Role, "", "unheard_of"))
