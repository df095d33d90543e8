"""Who can take a place down: the network of the file, then of the page; the owner of the page's domain."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from takedowns import contacts
from takedowns.grounds import Addressee
from takedowns.models import AbuseContact, InfringingUrl, Operator
from tests import cases
from tests.sites import serve
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
