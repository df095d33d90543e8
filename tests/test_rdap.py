"""Registries are found by bootstrap files, asked once, and never believed blindly."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.policy import FetchPolicy
from takedowns import rdap
from takedowns.rdap import RdapUnavailable, Registries, registrable_domain
from tests.cases import HOST_ABUSE, OWNER, registry
from tests.sites import Reply, Site, serve

POLICY = FetchPolicy(allow_private=True, timeout_seconds=5, max_bytes=100_000)


def reply(document: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(document).encode(), "application/rdap+json", status)


def bootstrap(site: Site, entries: list[str], *urls: str) -> Reply:
    return reply({"version": "1.0", "services": [[entries, list(urls) or [site.url("/rdap/")]]]})


@pytest.fixture
def site() -> Iterator[Site]:
    with serve({}) as running:
        yield running


def registries(site: Site, policy: FetchPolicy = POLICY) -> Registries:
    return Registries(site.url("/"), policy)


def entity(role: str, email: Any = "desk@host.example", **more: Any) -> dict[str, Any]:
    return {
        "roles": [role],
        "vcardArray": ["vcard", [["fn", {}, "text", "Desk"], ["email", {}, "text", email]]],
        **more,
    }


def test_the_demos_registry_names_host_and_owner() -> None:
    with registry() as url:
        known = Registries(url, POLICY)
        network, domain = known.network("127.0.0.1"), known.domain("blog.localhost")
    assert network is not None
    assert [desk.emails for desk in network.having("abuse")] == [(HOST_ABUSE,)]
    assert (network.handle, network.country) == ("NET-127-0-0-0-1", "US")
    assert domain is not None
    assert [holder.emails for holder in domain.having("registrant")] == [(OWNER,)]
    assert domain.having("registrant")[0].country == "IE"


def test_the_longest_prefix_and_the_longest_name_win(site: Site) -> None:
    other = site.url("/other/")
    services = [[["127.0.0.0/8", "nonsense"], [other]], [["127.0.0.0/16"], [site.url("/rdap/")]]]
    site.answers["/ipv4.json"] = reply({"services": services})
    site.answers["/rdap/ip/127.0.0.1"] = reply({"name": "NEAR"})
    site.answers["/dns.json"] = reply({"services": [[["example"], [other]], [["co.example"], [site.url("/rdap/")]]]})
    site.answers["/rdap/domain/a.co.example"] = reply({"ldhName": "a.co.example"})
    known = registries(site)
    assert known.network("127.0.0.1").name == "NEAR"
    assert known.domain("a.co.example").name == "a.co.example"


def test_a_secure_service_is_preferred(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"], site.url("/rdap/"), "https://127.0.0.1:1/")
    with pytest.raises(RdapUnavailable):
        registries(site).domain("a.example")
    assert site.requests["/rdap/domain/a.example"] == 0


def test_nobody_registered_it(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    assert registries(site).domain("a.example") is None
    assert registries(site).domain("a.other") is None
    assert registries(site).network("192.0.2.1") is None


def test_answers_are_remembered_also_that_there_is_none(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    site.answers["/rdap/domain/a.example"] = reply({"handle": "A"})
    known = registries(site)
    for _ in range(3):
        known.domain("a.example")
        known.domain("none.example")
    assert site.requests == {"/dns.json": 1, "/rdap/domain/a.example": 1, "/rdap/domain/none.example": 1}


def test_a_registrars_own_answer_is_asked_for_where_the_registry_shows_no_address(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    link = {"rel": "related", "type": "application/rdap+json", "href": site.url("/registrar/a")}
    site.answers["/rdap/domain/a.example"] = reply({"entities": [entity("registrar")], "links": [{}, 3, link]})
    site.answers["/registrar/a"] = reply({"entities": [entity("registrant", "owner@a.example")]})
    found = registries(site).domain("a.example")
    assert [holder.emails for holder in found.having("registrant")] == [("owner@a.example",)]
    assert found.url == site.url("/registrar/a")


def test_a_link_into_a_private_network_is_not_followed(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    link = {"rel": "related", "type": "application/rdap+json", "href": "http://169.254.169.254/latest"}
    site.answers["/rdap/domain/a.example"] = reply({"ldhName": "a.example", "links": [link]})
    found = registries(site).domain("a.example")
    assert (found.name, found.entities) == ("a.example", ())
    assert "could not be asked" in found.missing


def test_private_registries_are_refused_by_the_one_fetch_policy(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    with pytest.raises(RdapUnavailable):
        registries(site, FetchPolicy()).domain("a.example")
    assert not site.requests


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"<html>busy</html>"),
        Reply(b"[" * 50_000, "application/json"),
        reply([1, 2]),
        reply({}, 429),
        reply({}, 500),
        Reply(b" " * 200_000),
    ],
)
def test_a_useless_answer_is_an_error_with_a_sentence(site: Site, answer: Reply) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    site.answers["/rdap/domain/a.example"] = answer
    with pytest.raises(RdapUnavailable) as caught:
        registries(site).domain("a.example")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "email",
    ["REDACTED FOR PRIVACY", "Please query the RDDS service", "a@b\r\nBcc: c@d.example", "", None, 7, ["a@b.example"]],
)
def test_what_is_no_address_is_not_used(email: Any) -> None:
    (found,) = rdap._record({"entities": [entity("abuse", email)]}, "u").entities
    assert found.emails == ()


def test_names_are_one_printable_line_of_bounded_length() -> None:
    card = ["vcard", [["fn", {}, "text", "Evil\r\nBcc: x\x00\u2028" + "y" * 5000]]]
    (found,) = rdap._record({"entities": [{"roles": ["abuse"], "vcardArray": card}]}, "u").entities
    assert found.name.startswith("Evil Bcc: x y")
    assert len(found.name) == 200


def test_nesting_is_followed_only_so_far() -> None:
    inner: dict[str, Any] = entity("abuse")
    for _ in range(100):
        inner = {"roles": ["x"], "entities": [inner]}
    assert len(rdap._record({"entities": [inner]}, "u").entities) == rdap.MAX_DEPTH + 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["entities", "roles", "vcardArray", "links", "rel", "href", "handle", "name", "services"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["entities", "links", "handle", "name", "country"]), values, max_size=5))
def test_any_json_is_read_without_an_exception(answer: dict[str, Any]) -> None:
    rdap._record(answer, "https://registry.example/")
    rdap._related(answer, "https://registry.example/")


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.com", "example.com"),
        ("img.cdn.example.co.uk", "example.co.uk"),
        ("co.uk", ""),
        ("blog.localhost", "blog.localhost"),
        ("img.blog.localhost", "blog.localhost"),
        ("localhost", ""),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
    ],
)
def test_registrable_domain(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


# --- Autonomous systems, registrars, and what is stored ----------------------------------------------------------


def test_the_demos_registry_knows_systems_and_who_announces_the_network() -> None:
    with registry() as url:
        known = Registries(url, POLICY)
        system, nobody, network = known.autonomous_system(64496), known.autonomous_system(1), known.network("127.0.0.1")
    assert (system.handle, system.name, system.country) == ("AS64496", "LOOPBACK-HOSTING-AS", "US")
    assert [desk.emails for desk in system.within("registrant", "abuse")] == [(HOST_ABUSE,)]
    assert nobody is None
    assert network.origins == (64496,)


def test_the_range_that_holds_the_number_wins(site: Site) -> None:
    entries = ["x-9", "1-y", "-5", "64497", "64500-64511", "99-", "4294967296-9999999999"]
    site.answers["/asn.json"] = bootstrap(site, entries)
    site.answers["/rdap/autnum/64505"] = reply({"handle": "AS64505"})
    known = registries(site)
    assert known.autonomous_system(64505).handle == "AS64505"
    for number in (5, 64498, 64512, 2**33):
        assert known.autonomous_system(number) is None
    assert site.requests == {"/asn.json": 1, "/rdap/autnum/64505": 1}


def test_whose_desk_it_is_depends_on_whom_it_is_listed_under() -> None:
    registrar = {**entity("registrar", None), "entities": [entity("abuse", "abuse@registrar.example")]}
    registrant = {**entity("registrant", None), "entities": [entity("abuse", "abuse@owner.example")]}
    record = rdap._record({"entities": [registrant, registrar, entity("abuse", "abuse@loose.example")]}, "u")
    assert [desk.emails for desk in record.within("registrar", "abuse")] == [("abuse@registrar.example",)]
    assert [desk.emails for desk in record.within("registrant", "abuse")] == [("abuse@owner.example",)]
    assert len(record.having("abuse")) == 3


def test_the_registrars_answer_is_completed_by_the_registrys(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    link = {"rel": "related", "type": "application/rdap+json", "href": site.url("/registrar/a")}
    registrar = {**entity("registrar", None), "entities": [entity("abuse", "abuse@registrar.example")]}
    servers = [{"ldhName": "NS1.a.example."}, {}, 7]
    site.answers["/rdap/domain/a.example"] = reply({"entities": [registrar], "links": [link], "nameservers": servers})
    site.answers["/registrar/a"] = reply({"entities": [entity("registrant", "owner@a.example")]})
    found = registries(site).domain("a.example")
    assert [desk.emails for desk in found.within("registrar", "abuse")] == [("abuse@registrar.example",)]
    assert (found.name_servers, found.missing) == (("ns1.a.example",), "")


def test_each_request_waits_for_its_turn(site: Site) -> None:
    site.answers["/dns.json"] = bootstrap(site, ["example"])
    asked: list[str] = []
    known = Registries(site.url("/"), POLICY, asked.append)
    known.domain("a.example")
    known.domain("a.example")
    assert asked == ["127.0.0.1"] * 2


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "entities",
                "handle",
                "name",
                "country",
                "nameservers",
                "arin_originas0_originautnums",
                "lacnic_originAutnum",
            ]
        ),
        values,
        max_size=6,
    )
)
def test_what_is_stored_comes_back_the_same(answer: dict[str, Any]) -> None:
    record = rdap._record(answer, "https://registry.example/")
    assert rdap.from_json(json.loads(json.dumps(rdap.as_json(record)))) == record
