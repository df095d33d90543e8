"""What stands before a host is told by what networks publish about themselves, and by nothing weaker alone."""

from datetime import date
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.policy import parse_url
from takedowns.contacts import cdn
from takedowns.contacts.found import usable_email


@pytest.mark.parametrize(
    ("known", "code", "how"),
    [
        ({"addresses": ["104.16.1.1"]}, "cloudflare", "address"),
        ({"addresses": ["nonsense", "2606:4700::6810:1"]}, "cloudflare", "address"),
        ({"addresses": ["151.101.1.1"]}, "fastly", "address"),
        ({"aliases": ["d111111abcdef8.cloudfront.net."]}, "cloudfront", "alias"),
        ({"aliases": ["www.example.com.edgekey.net", "e1.a.akamaiedge.net"]}, "akamai", "alias"),
        ({"aliases": ["SHOP.B-CDN.NET"]}, "bunny", "alias"),
        ({"aliases": ["x.azurefd.net"]}, "azure", "alias"),
        ({"aliases": ["1234.rsc.cdn77.org"]}, "cdn77", "alias"),
        ({"aliases": ["cl-12.gcdn.co"]}, "gcore", "alias"),
        ({"aliases": ["x-1a.kxcdn.com"]}, "keycdn", "alias"),
        ({"headers": {"Server": "cloudflare"}}, "cloudflare", "header"),
        ({"headers": {"Via": "1.1 google"}}, "google", "header"),
        ({"headers": {"X-Sucuri-ID": "1"}}, "sucuri", "header"),
        ({"headers": {"Server": "ddos-guard"}}, "ddos-guard", "header"),
        ({"asn": 54113}, "fastly", "system"),
        # What a server says counts for less than where it is.
        ({"addresses": ["151.101.1.1"], "headers": {"server": "cloudflare"}}, "fastly", "address"),
        ({"aliases": ["x.cloudfront.net"], "addresses": ["104.16.1.1"]}, "cloudfront", "alias"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_networks_are_told(known: dict, code: str, how: str) -> None:
    found = cdn.cdn_of(**known)
    assert found is not None
    assert (found.code, found.how) == (code, how)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"addresses": ["192.0.2.1", "not an address"]},
        {"aliases": ["evilcloudfront.net", "cloudfront.net.example"]},
        {"headers": {"server": "nginx", "via": "1.1 varnish"}},
        # Clouds that host as well: Amazon, Google, Microsoft, Linode, Datacamp, Gcore.
        *({"asn": number} for number in (16509, 15169, 8075, 63949, 60068, 199524)),
    ],
)
def test_what_tells_nothing_is_no_network(known: dict) -> None:
    assert cdn.cdn_of(**known) is None


@given(st.lists(st.text(max_size=40)), st.lists(st.text(max_size=40)), st.dictionaries(st.text(), st.text()))
def test_anything_at_all_is_no_exception(addresses: list[str], aliases: list[str], headers: dict[str, str]) -> None:
    cdn.cdn_of(addresses, aliases, headers, -1)


def test_every_fingerprint_is_whole() -> None:
    codes = [one.code for one in cdn.FINGERPRINTS]
    assert len(codes) == len(set(codes)) >= 12
    for one in cdn.FINGERPRINTS:
        assert one.source and one.homepage and date(2026, 1, 1) <= one.reviewed
        assert one.suffixes or one.headers
        for url in filter(None, (one.source, one.homepage, one.form)):
            assert parse_url(url).scheme == "https"
        assert not one.email or usable_email(one.email) == one.email
        assert all(name == name.lower() and text == text.lower() for name, text in one.headers)


def test_no_two_networks_claim_the_same_place() -> None:
    owned = [(ip_network(prefix), one.code) for one in cdn.FINGERPRINTS for prefix in one.prefixes]
    for network, code in owned:
        for other, other_code in owned:
            assert code == other_code or network.version != other.version or not network.overlaps(other)
    claimed = [name for one in cdn.FINGERPRINTS for name in (*one.suffixes, *one.asns)]
    assert len(claimed) == len(set(claimed))


def test_a_network_by_its_code() -> None:
    assert cdn.named("cloudflare").form == "https://abuse.cloudflare.com/"
    assert cdn.named("nobody") is None
