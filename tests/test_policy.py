"""The fetch policy against the known ways around such policies."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crawler.policy import FetchPolicy, FetchRefused, canonical_url, parse_url, private_kind

PUBLIC = FetchPolicy()
OPEN = FetchPolicy(allow_private=True)

LOOPBACK_SPELLINGS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0x7f.1/",
    "http://127.0.0.1./",
    "http://127.255.255.254/",
    "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",  # full-width digits
    "http://127\u30020\u30020\u30021/",  # ideographic full stops
    "http://\u2460\u2461\u2466.0.0.1/",  # circled digits
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://blog.localhost/",
    "http://\uff4c\uff4f\uff43\uff41\uff4chost/",
    "  http://127.0.0.1/  ",
    "http://127.0.0.1\t/",
    "ht\ntp://127.0.0.1/",
]
PRIVATE = [
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://3232235777/",
    "http://100.64.0.1/",
    "http://[fd00::1]/",
    "http://[::ffff:10.0.0.1]/",
]
NEVER = [
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://0.0.0.0/",
    "http://0/",
    "http://[::]/",
    "http://[::ffff:0.0.0.0]/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
    "http://[2001:db8::1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[::127.0.0.1]/",
    "http://[100::1]/",
    "http://[fec0::1]/",
]
MALFORMED = [
    "",
    "http://",
    "http:///path",
    "//example.org/",
    "/path",
    "http:example.org",
    "http:/example.org",
    "file:///etc/passwd",
    "ftp://example.org/",
    "gopher://127.0.0.1:6379/_INFO",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://user@example.org/",
    "http://user:secret@example.org/",
    "http://example.org@127.0.0.1/",
    "http://a@b@c/",
    "http://example.org\\@127.0.0.1/",
    "http://127.0.0.1\\.example.org/",
    "http://example.org:0/",
    "http://example.org:65536/",
    "http://example.org:80:80/",
    "http://example.org:8o/",
    "http://example.org:-80/",
    "http://example.org:\uff18\uff10/",
    "http://exam ple.org/",
    "http://exa\x00mple.org/",
    "http://example.org/a\x00b",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%2f.example.org/",
    "http://[::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1/",
    "http://::1/",
    "http://[]/",
    "http://[127.0.0.1]/",
    "http://1.2.3.4.5/",
    "http://1.2.3.256/",
    "http://08.0.0.1/",
    "http://1.2.3.0x100/",
    "http://4294967296/",
    "http://.example.org/",
    "http://a..example.org/",
    "http://-/",
    "http://" + "a" * 64 + ".org/",
    "http://" + "a." * 130 + "org/",
    "http://example.org/" + "a" * 5000,
    "http://0x" + "f" * 100 + "/",
]


@pytest.mark.parametrize("url", LOOPBACK_SPELLINGS + PRIVATE)
def test_private_addresses_are_refused_in_every_spelling_and_open_only_when_asked(url: str) -> None:
    with pytest.raises(FetchRefused) as refusal:
        PUBLIC.check_url(url)
    assert refusal.value.code == "private_address"
    assert OPEN.check_url(url)


@pytest.mark.parametrize("url", NEVER)
def test_metadata_reserved_and_transition_addresses_are_never_fetched(url: str) -> None:
    for policy in (PUBLIC, OPEN):
        with pytest.raises(FetchRefused):
            policy.check_url(url)


@pytest.mark.parametrize("url", MALFORMED)
def test_what_is_not_a_plain_web_address_is_refused(url: str) -> None:
    for policy in (PUBLIC, OPEN):
        with pytest.raises(FetchRefused) as refusal:
            policy.check_url(url)
        assert refusal.value.code and refusal.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTP://EXAMPLE.org:80/A", "http://example.org/A"),
        ("https://example.org:8443/x?y#z", "https://example.org:8443/x?y"),
        ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/"),
        ("http://my_blog.example.org/", "http://my_blog.example.org/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://134744072/", "http://8.8.8.8/"),
        ("http://[2606:4700:4700:0:0:0:0:1111]/", "http://[2606:4700:4700::1111]/"),
        ("http://[64:ff9b::808:808]/", "http://[64:ff9b::808:808]/"),
        ("http://example.org./a b", "http://example.org/a%20b"),
    ],
)
def test_public_addresses_are_fetched_in_their_normal_form(url: str, fetched: str) -> None:
    assert PUBLIC.check_url(url).url == fetched


def test_ports() -> None:
    with pytest.raises(FetchRefused) as refusal:
        PUBLIC.check_url("http://example.org:6379/")
    assert refusal.value.code == "port"
    assert OPEN.check_url("http://example.org:6379/").port == 6379


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://Example.ORG/a/./b/../c/%7euser/%2e%2e/d#frag", "http://example.org/a/c/d"),
        ("http://example.org/?b=2&utm_source=x&a=1&fbclid=y", "http://example.org/?b=2&a=1"),
        ("http://example.org/?utm_source=x", "http://example.org/"),
        ("http://example.org/a//b", "http://example.org/a//b"),
        ("http://example.org/..", "http://example.org/"),
        ("http://example.org/caf\u00e9?q=\u00e9", "http://example.org/caf%C3%A9?q=%C3%A9"),
        ("http://example.org/100%", "http://example.org/100%25"),
        ("http://example.org/%c3%a9%2F", "http://example.org/%C3%A9%2F"),
    ],
)
def test_canonical_url(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


def test_every_port_is_open_on_private_addresses_only() -> None:
    parsed = OPEN.check_url("http://example.org:6379/")
    OPEN.check_target(parsed, [IPv4Address("10.0.0.1")])
    for addresses in (["93.184.216.34"], ["10.0.0.1", "93.184.216.34"]):
        with pytest.raises(FetchRefused) as refusal:
            OPEN.check_target(parsed, [IPv4Address(address) for address in addresses])
        assert refusal.value.code == "port"


def test_blocked_hosts_with_all_names_below_them() -> None:
    policy = FetchPolicy(
        allow_private=True, blocked_hosts=frozenset({"bad.example", "10.0.0.1", "xn--bcher-kva.example"})
    )
    for host in ("bad.example", "BAD.example.", "a.b.bad.example", "10.0.0.1", "167772161", "b\u00fccher.example"):
        with pytest.raises(FetchRefused) as refusal:
            policy.check_url(f"http://{host}/")
        assert refusal.value.code == "blocked_host"
    for host in ("notbad.example", "example", "bad.example.org", "10.0.0.2"):
        assert policy.check_url(f"http://{host}/")


def test_only_the_private_networks_named_are_opened() -> None:
    loopback = FetchPolicy(allow_private=True, private_networks=private_kind(IPv4Address("127.0.0.1")))
    for url in ("http://127.9.9.9/", "http://[::1]/", "http://localhost:9/", "http://[::ffff:127.0.0.1]/"):
        assert loopback.check_url(url)
    for url in ("http://10.0.0.1/", "http://192.168.0.1/", "http://[fd00::1]/", "http://[::ffff:10.0.0.1]/"):
        with pytest.raises(FetchRefused) as refusal:
            loopback.check_url(url)
        assert refusal.value.code == "private_address"
    assert private_kind(IPv4Address("8.8.8.8")) == ()


def test_pages_of_public_hosts_do_not_lead_inside_where_private_hosts_are_named() -> None:
    mixed = FetchPolicy(allow_private=True, private_hosts=frozenset({"intranet.example"}))
    assert mixed.seen_from("intranet.example").check_url("http://127.0.0.1/")
    with pytest.raises(FetchRefused):
        mixed.seen_from("public.example").check_url("http://127.0.0.1/")
    assert OPEN.seen_from("public.example") is OPEN


hosts = st.one_of(st.text(max_size=20), st.ip_addresses().map(str), st.integers(0, 2**32).map(str))
urls = st.builds(
    "{}://{}{}/{}?{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    hosts,
    st.sampled_from(["", ":80", ":443", ":99999"]),
    st.text(max_size=30),
    st.text(max_size=30),
)


@given(st.one_of(st.text(), urls))
@example("http://\ud800/")
@example("http://example.org/\ud800?\udfff")
def test_any_text_is_refused_or_has_one_stable_form(text: str) -> None:
    try:
        canonical = canonical_url(text)
    except FetchRefused:
        return
    assert canonical.isascii() and canonical_url(canonical) == canonical
    parsed = parse_url(canonical)
    assert parsed.url == canonical and "@" not in parsed.netloc and "\\" not in parsed.netloc


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_every_ipv4_address_that_is_fetched_is_global_and_hiding_it_in_ipv6_changes_nothing(
    address: IPv4Address,
) -> None:
    hidden = [IPv6Address(f"::ffff:{address}"), IPv6Address(f"64:ff9b::{address}")]
    try:
        PUBLIC.check_address(address)
    except FetchRefused:
        for other in hidden:
            with pytest.raises(FetchRefused):
                PUBLIC.check_address(other)
    else:
        assert address.is_global and not address.is_multicast
        for other in hidden:
            assert PUBLIC.check_address(other)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_every_ipv6_address_that_is_fetched_is_global_unicast(address: IPv6Address) -> None:
    assume(address.ipv4_mapped is None)  # judged by the address inside; see above
    try:
        PUBLIC.check_address(address)
    except FetchRefused:
        return
    assert address.is_global and not address.is_multicast and not address.is_private
    assert int(address) >> 32 & 0xFFFFFFFF not in (0x5EFE, 0x2005EFE)
