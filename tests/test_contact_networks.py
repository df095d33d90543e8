"""Who runs a host's network, who announces it, and who is above it: in the shapes that the five registries have."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.names import NameServer
from demo.registry import TRANSIT_ABUSE_ADDRESS
from takedowns.contacts import networks
from takedowns.contacts.lookups import LookupFailed
from takedowns.models import Lookup
from tests import cases
from tests.sites import Site, serve
from tests.test_rdap import bootstrap, entity, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def _demo(settings: Any) -> Iterator[None]:
    with cases.registry() as url, NameServer(0) as server:
        settings.RDAP_BOOTSTRAP_URL, settings.DNS_SERVERS, settings.PEERINGDB_URL = url, [server.address], ""
        yield


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    """A registry of our own making for 127.0.0.0/8, for `example`, and for systems 1 to 99999."""
    with serve({}) as running:
        settings.RDAP_BOOTSTRAP_URL, settings.PEERINGDB_URL, settings.DNS_SERVERS = running.url("/"), "", []
        running.answers["/ipv4.json"] = bootstrap(running, ["127.0.0.0/8"])
        running.answers["/dns.json"] = bootstrap(running, ["example"])
        running.answers["/asn.json"] = bootstrap(running, ["1-99999"])
        yield running


@pytest.mark.usefixtures("_demo")
def test_the_demos_network_and_what_is_above_it() -> None:
    network = networks.network_of("blog.localhost")
    assert (network.handle, network.holder, network.country) == ("NET-127-0-0-0-1", "Loopback Hosting Inc.", "US")
    assert (network.abuse_emails, network.asn) == ((cases.HOST_ABUSE,), 64496)
    assert network.source.endswith("/ip/127.0.0.1")
    assert networks.origin_of("127.0.0.1") == 64496
    assert networks.announcer_of("blog.localhost") is None
    assert networks.neighbours_of("127.0.0.1") == (64500,)
    above = networks.above("blog.localhost")
    assert (above.holder, above.abuse_emails) == ("Local Transit AB", (TRANSIT_ABUSE_ADDRESS,))
    assert networks.upstream_of(64496) is None
    assert networks.autonomous_system(64511) is None


@pytest.mark.usefixtures("_demo")
def test_the_registrars_desk_is_not_the_domains() -> None:
    record = networks.registration_of("blog.localhost")
    assert [desk.emails for desk in record.within("registrar", "abuse")] == [("abuse@one-line-registrar.example",)]
    assert record.within("registrant", "abuse") == []
    assert record.name_servers == ("ns1.loopback-hosting.example",)


# Where the five registries put the abuse desk.
ORGANISATION = {"handle": "ORG-1", "name": "NET"}
SHAPES = {
    "ripe": [entity("registrant", None), entity("abuse", "abuse@a.example"), entity("technical", "noc@a.example")],
    "arin": [
        {**entity("registrant", None), "entities": [entity("noc", "noc@a.example"), entity("abuse", "abuse@a.example")]}
    ],
    "apnic": [{**entity("abuse", "abuse@a.example"), "handle": "IRT-A-AP"}, entity("administrative", "adm@a.example")],
    "lacnic": [
        {**entity("registrant", None), "entities": [{**entity("abuse", "Abuse@a.example"), "roles": ["abuse"]}]}
    ],
    "afrinic": [{**entity("abuse", "abuse@a.example"), "roles": ["technical", "abuse"]}],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_abuse_desk_in_every_registrys_shape(site: Site, shape: str) -> None:
    site.answers["/rdap/ip/127.0.0.1"] = reply({**ORGANISATION, "entities": SHAPES[shape]})
    assert networks.network_of("127.0.0.1").abuse_emails == ("abuse@a.example",)


def test_a_technical_desk_is_not_taken_for_an_abuse_desk(site: Site) -> None:
    site.answers["/rdap/ip/127.0.0.1"] = reply({**ORGANISATION, "entities": [entity("technical", "noc@a.example")]})
    network = networks.network_of("127.0.0.1")
    assert (network.abuse_emails, network.other_emails) == ((), ("noc@a.example",))


@pytest.mark.parametrize(
    "told",
    [
        {"arin_originas0_originautnums": [64496, 1]},
        {"lacnic_originAutnum": ["AS64496"]},
        {"arin_originas0_originautnums": ["x", None, -1, 0, 2**40, True, {}, "64496"]},
    ],
)
def test_the_origin_where_the_registry_tells(site: Site, told: dict[str, Any]) -> None:
    site.answers["/rdap/ip/127.0.0.1"] = reply({**ORGANISATION, **told})
    assert networks.origin_of("127.0.0.1") == 64496


def test_the_narrowest_announcement_counts(site: Site, settings: Any) -> None:
    site.answers["/rdap/ip/127.0.0.1"] = reply(ORGANISATION)
    texts = ['"64497 | 127.0.0.0/8 | US"', '"64496 64499 | 127.0.0.0/16 | US"', '"x | y"', '"64498"', '"1 | a/999999"']
    with NameServer(0, {("1.0.0.127.origin.asn.cymru.com", "TXT"): texts}) as server:
        settings.DNS_SERVERS = [server.address]
        assert networks.origin_of("127.0.0.1") == 64496


def test_nothing_is_asked_of_the_public_system_about_our_own_addresses(site: Site) -> None:
    site.answers["/rdap/ip/127.0.0.1"] = reply(ORGANISATION)
    assert networks.origin_of("127.0.0.1") is None
    assert networks.neighbours_of("127.0.0.1") == networks.neighbours_of("::1") == ()
    assert not Lookup.objects.filter(key__startswith="dns").exists()


def test_ipv6_addresses_in_the_zones() -> None:
    ip = networks.ip_address("2001:db8::1")
    assert networks._reversed(ip) == "1." + "0." * 23 + "8.b.d.0.1.0.0.2"


def test_who_announces_a_network_for_another(site: Site) -> None:
    holder = {**entity("registrant", "me@small.example"), "handle": "SMALL"}
    carrier = {**entity("registrant", None), "handle": "BIG", "entities": [entity("abuse", "abuse@big.example")]}
    carrier["vcardArray"] = ["vcard", [["fn", {}, "text", "Big Carrier"]]]
    site.answers["/rdap/ip/127.0.0.1"] = reply({"arin_originas0_originautnums": [3333], "entities": [holder]})
    site.answers["/rdap/autnum/3333"] = reply({"handle": "AS3333", "entities": [carrier]})
    announcer = networks.announcer_of("127.0.0.1")
    assert (announcer.handle, announcer.holder) == ("AS3333", "Big Carrier")
    assert networks.above("127.0.0.1") == announcer


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"holder": "Example Hosting, Inc."}, {"holder": "EXAMPLE HOSTING LLC"}, True),
        ({"holder": "A", "holder_handle": "X-1"}, {"holder": "B", "holder_handle": "X-1"}, True),
        (
            {"holder": "A", "abuse_emails": ("abuse@a.example",)},
            {"holder": "B", "abuse_emails": ("x@m.a.example",)},
            True,
        ),
        ({"holder": "A"}, {"holder": "B"}, False),
        ({"holder": ""}, {"holder": ""}, False),
        ({"holder": "Inc."}, {"holder": "Ltd"}, False),
    ],
)
def test_one_organisation_under_two_names(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    empty = dict.fromkeys(("address", "handle", "name", "holder", "holder_handle", "country", "source"), "")
    lists = dict.fromkeys(("abuse_emails", "other_emails", "origins"), ())
    first, second = (networks.Network(**{**empty, **lists, "asked_at": None, **fields}) for fields in (one, other))
    assert networks.same_organisation(first, second) is same


# --- PeeringDB -------------------------------------------------------------------------------------------------------


def peeringdb(*desks: Any, name: Any = "Big Carrier") -> Any:
    return reply({"data": [{"name": name, "poc_set": list(desks)}]})


def test_peeringdb_has_the_desks_that_the_registry_lacks(site: Site, settings: Any) -> None:
    settings.PEERINGDB_URL = site.url("/api/")
    site.answers["/rdap/autnum/3333"] = reply({"handle": "AS3333", "name": "BIG"})
    desks = ({"role": "Abuse", "email": "Abuse@big.example"}, {"role": "NOC", "email": "noc@big.example"}, None, "x")
    site.answers["/api/net?asn=3333&depth=2"] = peeringdb(*desks)
    site.answers["/api/net?asn=4444&depth=2"] = peeringdb(*desks)
    known, unknown = networks.autonomous_system(3333), networks.autonomous_system(4444)
    assert (known.abuse_emails, known.other_emails) == (("abuse@big.example",), ("noc@big.example",))
    assert (known.name, known.source) == ("BIG", site.url("/api/net?asn=3333&depth=2"))
    assert (unknown.handle, unknown.holder) == ("AS4444", "Big Carrier")
    assert networks.autonomous_system(5555) is None


def test_peeringdb_is_asked_only_where_it_is_needed(site: Site, settings: Any) -> None:
    settings.PEERINGDB_URL = site.url("/api/")
    site.answers["/rdap/autnum/3333"] = reply({"entities": [entity("abuse", "abuse@big.example")]})
    for number in (3333, 64496, 4200000001):
        networks.autonomous_system(number)
    assert not [path for path in site.requests if path.startswith("/api/")]


@pytest.mark.parametrize("body", [b"[", b"[]", b"{}", b'{"data": {}}', b'{"data": [[]]}', b"[" * 50_000], ids=range(6))
def test_a_useless_answer_of_peeringdb_is_none_or_a_sentence(site: Site, settings: Any, body: bytes) -> None:
    settings.PEERINGDB_URL = site.url("/api/")
    answer = reply({})
    answer.body = body
    site.answers["/api/net?asn=3333&depth=2"] = answer
    try:
        assert networks.autonomous_system(3333) is None
    except LookupFailed as failure:
        assert str(failure).endswith(".")


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "poc_set", "role", "email", "name"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values)
def test_any_json_is_read_without_an_exception(answer: Any) -> None:
    networks.read_peeringdb(answer, "https://peering.example/")


# --- What is remembered ----------------------------------------------------------------------------------------------


def test_answers_are_kept_in_the_database(site: Site) -> None:
    site.answers["/rdap/ip/127.0.0.1"] = reply({**ORGANISATION, "entities": SHAPES["arin"], "country": "NL"})
    first = networks.network_of("127.0.0.1")
    networks._registries.cache_clear()
    assert networks.network_of("127.0.0.1") == first
    assert site.requests["/rdap/ip/127.0.0.1"] == 1
    assert networks.network_of("127.0.0.2") is None


def test_a_registrar_that_was_out_is_asked_again_soon(site: Site, time_machine: Any) -> None:
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    link = {"rel": "related", "type": "application/rdap+json", "href": site.url("/registrar/a")}
    site.answers["/rdap/domain/a.example"] = reply({"ldhName": "a.example", "links": [link]})
    site.answers["/registrar/a"] = reply({}, 503)
    assert "503" in networks.registration_of("a.example").missing
    site.answers["/registrar/a"] = reply({"entities": [entity("registrant", "me@a.example")]})
    networks._registries.cache_clear()
    assert networks.registration_of("a.example").missing
    time_machine.shift(networks.KEEP_PARTIAL + timedelta(seconds=1))
    assert networks.registration_of("A.example").having("registrant")[0].emails == ("me@a.example",)


def test_an_outage_is_one_exception_with_a_sentence(site: Site) -> None:
    site.answers["/rdap/ip/127.0.0.1"] = reply({}, 503)
    for _ in range(2):
        with pytest.raises(LookupFailed, match="503"):
            networks.network_of("127.0.0.1")
    assert site.requests["/rdap/ip/127.0.0.1"] == 1
    with pytest.raises(LookupFailed):
        networks.network_of("")
