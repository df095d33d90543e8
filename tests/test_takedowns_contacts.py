"""Who can take a place down: the network of the file, then of the page; the owner of the page's domain."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from model_bakery import baker

from accounts.models import User
from takedowns import contacts
from takedowns.contacts import clusters, networks
from takedowns.contacts.found import learn
from takedowns.grounds import Addressee
from takedowns.models import AbuseContact, Case, InfringingUrl, Operator
from tests import cases
from tests.sites import page, serve
from tests.test_rdap import bootstrap, entity, reply


@pytest.fixture
def _registry(settings: Any) -> Iterator[None]:
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield


def place(page: str, image: str) -> InfringingUrl:
    return InfringingUrl(page_url=page, image_url=image)


BLOG = place("http://blog.localhost/post", "http://img.blog.localhost/1.jpg")


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_host_and_owner_with_source_and_confidence() -> None:
    host, owner = contacts.find(Addressee.HOST, BLOG).contact, contacts.find(Addressee.OWNER, BLOG).contact
    assert (host.email, host.operator.key) == (cases.HOST_ABUSE, "network:NET-127-0-0-0-1")
    assert (host.operator.kind, host.operator.country) == (Operator.Kind.HOST, "US")
    assert (owner.email, owner.operator.key) == (cases.OWNER, "domain:blog.localhost")
    assert (owner.role, owner.source) == ("registrant", "rdap_domain")
    assert owner.source_url.endswith("/domain/blog.localhost")
    assert host.confidence > owner.confidence > 0


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_the_registrar_is_never_taken_for_the_owner() -> None:
    search = contacts.find(Addressee.OWNER, place("http://forum.localhost/t", "http://forum.localhost/1.jpg"))
    assert search.contact is None
    assert "registrant" in search.reason
    assert not AbuseContact.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_finding_it_again_is_the_same_contact() -> None:
    first = contacts.find(Addressee.HOST, BLOG).contact
    assert contacts.find(Addressee.HOST, BLOG).contact == first
    assert Operator.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_an_address_that_bounced_is_not_used_again() -> None:
    AbuseContact.objects.filter(pk=contacts.find(Addressee.HOST, BLOG).contact.pk).update(bounced_at=timezone.now())
    search = contacts.find(Addressee.HOST, BLOG)
    assert search.contact is None
    assert search.reason


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_a_file_that_nobody_seems_to_host_leads_to_the_pages_host() -> None:
    found = contacts.find(Addressee.HOST, place("http://blog.localhost/post", "http://192.0.2.1/1.jpg"))
    assert found.contact.email == cases.HOST_ABUSE


@pytest.mark.django_db
def test_the_files_host_comes_before_the_pages(settings: Any) -> None:
    with serve({}) as site:
        settings.RDAP_BOOTSTRAP_URL = site.url("/")
        services = [[["127.0.0.0/8"], [site.url("/file/")]], [["10.0.0.0/8"], [site.url("/page/")]]]
        site.answers["/ipv4.json"] = reply({"services": services})
        site.answers["/file/ip/127.0.0.1"] = reply({"handle": "F", "entities": [entity("abuse", "f@file.example")]})
        site.answers["/page/ip/10.0.0.1"] = reply({"handle": "P", "entities": [entity("abuse", "p@page.example")]})
        found = contacts.find(Addressee.HOST, place("http://10.0.0.1/post", "http://127.0.0.1/1.jpg"))
    assert found.contact.email == "f@file.example"


@pytest.mark.django_db
def test_an_outage_is_a_reason_and_no_crash(settings: Any) -> None:
    with serve({}) as site:
        settings.RDAP_BOOTSTRAP_URL = site.url("/")
        site.answers["/ipv4.json"] = bootstrap(site, ["127.0.0.0/8"])
        site.answers["/rdap/ip/127.0.0.1"] = reply({}, 503)
        assert "503" in contacts.find(Addressee.HOST, BLOG).reason


@pytest.mark.django_db
def test_an_address_without_a_name_has_no_owner() -> None:
    search = contacts.find(Addressee.OWNER, place("http://127.0.0.1/p", "http://127.0.0.1/1.jpg"))
    assert "domain name" in search.reason


# --- Whom else ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_the_registrars_abuse_desk() -> None:
    contact = contacts.find(Addressee.REGISTRAR, BLOG).contact
    assert contact is not None
    assert (contact.email, contact.operator.name) == ("abuse@one-line-registrar.example", "One Line Registrar Ltd")
    assert (contact.operator.kind, contact.role) == (Operator.Kind.REGISTRAR, "abuse")


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_the_pages_host_is_nobody_new_where_it_is_the_pictures() -> None:
    assert contacts.find(Addressee.PAGE_HOST, BLOG).contact is None
    assert (
        "same host" in contacts.find(Addressee.PAGE_HOST, place("http://a.localhost/", "http://a.localhost/1")).reason
    )


@pytest.mark.django_db
def test_the_pages_host_where_it_is_another_one(settings: Any) -> None:
    with serve({}) as site:
        settings.RDAP_BOOTSTRAP_URL = site.url("/")
        services = [[["127.0.0.0/8"], [site.url("/file/")]], [["10.0.0.0/8"], [site.url("/page/")]]]
        site.answers["/ipv4.json"] = reply({"services": services})
        site.answers["/file/ip/127.0.0.1"] = reply({"handle": "F", "entities": [entity("abuse", "f@file.example")]})
        site.answers["/page/ip/10.0.0.1"] = reply({"handle": "P", "entities": [entity("abuse", "p@page.example")]})
        found = contacts.find(Addressee.PAGE_HOST, place("http://10.0.0.1/post", "http://127.0.0.1/1.jpg"))
    assert found.contact is not None
    assert found.contact.email == "p@page.example"


# An address of Cloudflare's published list; nothing is sent to it.
BEHIND = place("http://104.16.132.229/post", "http://104.16.132.229/1.jpg")


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_a_network_in_front_hides_the_host_until_somebody_names_it() -> None:
    search = contacts.find(Addressee.HOST, BEHIND)
    assert search.contact is None
    assert "Cloudflare" in search.reason
    front = contacts.find(Addressee.CDN, BEHIND).contact
    assert front is not None
    assert (front.operator.key, front.form_url) == ("cdn:cloudflare", "https://abuse.cloudflare.com/")
    host = contacts.find(Addressee.HOST, BLOG).contact
    assert host is not None
    contacts.remember_host(host.operator, "104.16.132.229")
    assert contacts.find(Addressee.HOST, BEHIND).contact == host


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_nothing_in_front_is_a_reason() -> None:
    assert "stands in front" in contacts.find(Addressee.CDN, BLOG).reason


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
@pytest.mark.parametrize("addressee", list(Addressee))
def test_everybody_is_found_or_there_is_a_reason(addressee: Addressee) -> None:
    for url in (BLOG, place("not a url", ""), place("http://192.0.2.1/", "http://[::1]/"), place("ftp://x/", "data:,")):
        search = contacts.find(addressee, url)
        assert (search.contact is None) == bool(search.reason)
        assert search.reason == "" or search.reason.endswith(".")


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_a_source_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("broken")

    for name in ("pages.contacts_of", "well_known.contacts_of", "platforms.platform_of"):
        monkeypatch.setattr(f"takedowns.contacts.{name}", fail)
    contact = contacts.find(Addressee.OWNER, BLOG).contact
    assert contact is not None
    assert contact.email == cases.OWNER


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_a_page_that_says_enough_saves_the_registry_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "/p": page('<a href="/privacy">Privacy</a>'),
        "/privacy": page('<a href="mailto:privacy@blog.localhost">us</a>'),
    }
    monkeypatch.setattr("takedowns.contacts.networks.registration_of", lambda _domain: 1 / 0)
    with serve(answers) as site:
        contact = contacts.find(Addressee.OWNER, place(site.url("/p", "blog.localhost"), "")).contact
    assert contact is not None
    assert (contact.email, contact.role, contact.source) == ("privacy@blog.localhost", "privacy", "page")
    assert contact.source_url == site.url("/privacy", "blog.localhost")


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_the_registrant_goes_before_a_stray_address_on_the_page() -> None:
    with serve({"/p": page('<a href="mailto:tom@blog.localhost">Tom</a>')}) as site:
        contact = contacts.find(Addressee.OWNER, place(site.url("/p", "blog.localhost"), "")).contact
    assert contact is not None
    assert contact.email == cases.OWNER
    assert AbuseContact.objects.filter(email="tom@blog.localhost", source="page").exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
@pytest.mark.parametrize("ground", ["", "upstream"])
def test_who_carries_the_network_where_that_is_known(monkeypatch: pytest.MonkeyPatch, ground: str) -> None:
    assert "carries" in contacts.find(Addressee.UPSTREAM, BLOG, ground).reason
    above = networks.autonomous_system(64500)
    monkeypatch.setattr("takedowns.contacts.networks.above", lambda _host: above)
    contact = contacts.find(Addressee.UPSTREAM, BLOG, ground).contact
    assert contact is not None
    assert (contact.email, contact.operator.key) == ("abuse@local-transit.example", "upstream:AS64500")
    assert (contact.operator.kind, contact.operator.country) == (Operator.Kind.UPSTREAM, "SE")


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_the_protected_persons_own_address_is_never_a_contact(alice: User) -> None:
    url = baker.make(
        InfringingUrl,
        case=baker.make(Case, subject=baker.make("search.Subject", user=alice), outcome=""),
        state="live",
        image_url="",
    )
    answers = {
        "/p": page(""),
        "/": page('<a href="/contact">Contact</a>'),
        "/contact": page(f"{alice.email} x@y.example"),
    }
    with serve(answers) as site:
        url.page_url = site.url("/p", "forum.localhost")
        contact = contacts.find(Addressee.OWNER, url).contact
    assert contact is not None
    assert contact.email == "x@y.example"
    assert not AbuseContact.objects.filter(email=alice.email).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("takedowns.contacts.finding.TOTAL_SECONDS", -1.0)
    search = contacts.find(Addressee.HOST, BLOG)
    assert search.contact is None
    assert "time" in search.reason


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_an_address_that_answered_for_one_site_serves_its_owners_other_sites() -> None:
    known = contacts.find(Addressee.OWNER, place("http://blog.localhost/", "")).contact
    assert known is not None
    AbuseContact.objects.update(answered_at=timezone.now())
    other = Operator.objects.create(key="domain:forum.localhost", kind="owner", name="Forum")
    for operator in (known.operator, other):
        learn(operator, clusters.ANALYTICS, "UA-1", "page")
    contact = contacts.find(Addressee.OWNER, place("http://forum.localhost/", "")).contact
    assert contact is not None
    assert (contact.email, contact.source, contact.operator) == (cases.OWNER, "cluster", other)


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_a_service_that_the_page_is_paid_by() -> None:
    with serve({"/p": page('<script src="https://pagead2.googlesyndication.com/x.js"></script>')}) as site:
        url = place(site.url("/p", "blog.localhost"), "")
        contact = contacts.find(Addressee.ADS, url).contact
    assert contact is not None
    assert (contact.operator.key, contact.operator.kind) == ("ads:google-ads", Operator.Kind.ADS)
