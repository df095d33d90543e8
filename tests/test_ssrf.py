"""No request leaves for an address inside: the known ways around such a rule, through every door of the project."""

import ast
import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from crawler.defaults import crawl_policy
from crawler.fetch import fetch
from crawler.models import BlockedHost
from crawler.policy import PRIVATE_NETWORKS, FetchPolicy, FetchRefused, private_kind
from crawler.resolver import resolve
from demo.names import NameServer
from takedowns.contacts import names as contact_names
from takedowns.contacts import networks, whois
from takedowns.contacts.lookups import LookupFailed
from tests.sites import page, redirect, serve
from tests.small_crawl import codes, crawl

PUBLIC = FetchPolicy()

# Every one of these has led some fetcher to 127.0.0.1, 169.254.169.254, 10.0.0.1 or 0.0.0.0.
SPELLINGS = [
    # One number, short forms, octal, hexadecimal, and mixtures of them
    *("http://2130706433/", "http://0x7f000001/", "http://0X7F000001/", "http://017700000001/", "http://0/"),
    *("http://127.1/", "http://127.0.1/", "http://0x7f.1/", "http://0177.1/", "http://0177.0.0.0x1/", "http://10.1/"),
    *(
        "http://00000177.0.0.1/",
        "http://0x0000007f.0.0.1/",
        "http://127.0x1/",
        "http://2852039166/",
        "http://0xA9FEA9FE/",
    ),
    *("http://0251.254.169.254/", "http://0251.00376.000251.0000376/", "http://169.254.43518/", "http://169.16689662/"),
    *("http://127.000.000.001/", "http://127.0.0.1./", "http://0x/", "http://0.0.0.0/", "http://127.127.127.127:80/"),
    # Other alphabets
    *(
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
        "http://\u24db\u24de\u24d2al\u24d7ost/",
    ),
    *("http://127\u30020\u30020\u30021/", "http://127\uff0e0\uff0e0\uff0e1/", "http://127\uff610\uff610\uff611/"),
    *(
        "http://loc\u00adalhost/",
        "http://loc\u200balhost/",
        "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
    ),
    *("http://169\u3002254\u3002169\u3002254/", "http://\u217c\u2134calhost/"),
    # localhost
    *(
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.b.localhost/",
        "http://localhost:80/",
        "http://%6cocalhost/",
    ),
    # IPv6, and IPv4 inside it: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP, site- and link-local
    *("http://[::1]/", "http://[0000::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    *(
        "http://[0:0:0:0:0:ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[::7f00:1]/",
        "http://[::ffff:0:127.0.0.1]/",
    ),
    *(
        "http://[::ffff:0:7f00:1]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b:1::1]/",
    ),
    *("http://[64:ff9b:1:a9fe:a9:fe00::]/", "http://[2002:7f00:1::1]/", "http://[2002:a9fe:a9fe::]/"),
    *(
        "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
        "http://[2a00:1450::5efe:7f00:1]/",
        "http://[2a00::200:5efe:a00:1]/",
    ),
    *("http://[fe80::1]/", "http://[fec0::1]/", "http://[fc00::1]/", "http://[ff02::1]/", "http://[fd00:ec2::254]/"),
    *(
        "http://[fd20:ce::254]/",
        "http://[fd00:42::42]/",
        "http://[fe80::a9fe:a9fe]/",
        "http://[::ffff:169.254.169.254]/",
    ),
    *("http://[fe80::1%25eth0]/", "http://[::1%25lo]/", "http://[::1%lo]/", "http://[v1.127.0.0.1]/", "http://[::1]]/"),
    *("http://[3fff::1]/", "http://[2001:db8::1]/", "http://[100::1]/", "http://[5f00::1]/", "http://[4000::1]/"),
    # Metadata, broadcast, multicast, shared, reserved and documentation ranges
    *("http://169.254.169.254/", "http://169.254.170.2/", "http://100.100.100.200/", "http://168.63.129.16/"),
    *(
        "http://192.0.0.192/",
        "http://0.1.2.3/",
        "http://255.255.255.255/",
        "http://224.0.0.251/",
        "http://239.255.255.250/",
    ),
    *("http://240.0.0.1/", "http://198.18.0.1/", "http://192.0.2.1/", "http://203.0.113.1/", "http://192.88.99.1/"),
    *("http://10.0.0.1/", "http://172.31.255.255/", "http://192.168.0.1/", "http://100.127.255.255/"),
    # Names and passwords, backslashes, blanks, breaks, escapes, empty and wrong hosts
    *("http://example.org@127.0.0.1/", "http://127.0.0.1@example.org/", "http://a:b@127.0.0.1/", "http://@127.0.0.1/"),
    *(
        "http://example.org:80@127.0.0.1/",
        "http://1.1.1.1 &@127.0.0.1# @3.3.3.3/",
        "http://127.1.1.1:80\\@127.2.2.2:80/",
    ),
    *("http://127.1.1.1:80:\\@@127.2.2.2:80/", "http://example.org\\@127.0.0.1/", "http://127.0.0.1\\@example.org/"),
    *(
        "http:\\\\127.0.0.1\\",
        "http:/\\127.0.0.1/",
        "http:///127.0.0.1/",
        "http:127.0.0.1/",
        "//127.0.0.1/",
        "/\\127.0.0.1",
    ),
    *(
        "http://127.0.0.1\t/",
        "http://127.\n0.0.1/",
        "ht\ntp://127.0.0.1/",
        " http://127.0.0.1",
        "\x00http://127.0.0.1/",
    ),
    *(
        "http://127.0.0.1\x00.example.org/",
        "http://127.0.0.1%00/",
        "http://127.0.0.1%2f@example.org/",
        "http://%31%32%37.0.0.1/",
    ),
    *(
        "http://127.0.0.1%23.example.org/",
        "http://127.0.0.1%0d%0a.example.org/",
        "http:// 127.0.0.1/",
        "http://127.0.0.1 /",
    ),
    *("http://127.0.0.1;@example.org/", "http://{127.0.0.1}/", "http://<127.0.0.1>/", "http://127.0.0.1,example.org/"),
    *(
        "http://localhost\u2044.example.org@127.0.0.1/",
        "http://127.0.0.1\uff03@example.org/",
        "http://\uff20127.0.0.1/",
    ),
    *("http://1.2.3.4.5/", "http://127.0.0.256/", "http://127.0.0.0x100/", "http://08.1.1.1/", "http://..127.0.0.1/"),
    # Other schemes and ports
    *(
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x",
        "dict://127.0.0.1/",
        "ftp://127.0.0.1/",
        "jar:http://127.0.0.1!/",
    ),
    *(
        "url:http://127.0.0.1/",
        "netdoc:///etc/passwd",
        "ldap://127.0.0.1/",
        "data:text/html,x",
        "view-source:http://127.0.0.1/",
    ),
    *("http://example.org:22/", "http://example.org:25/", "http://example.org:6379/", "http://example.org:0x50/"),
    *("http://example.org:65616/", "http://example.org:+80/", "http://example.org:80 /", "http://example.org:\u0661/"),
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_no_spelling_of_an_inner_address_is_let_through(url: str) -> None:
    with pytest.raises(FetchRefused) as refusal:
        PUBLIC.check_url(url)
    assert refusal.value.code in {
        *("private_address", "forbidden_address", "host", "url", "scheme", "port", "credentials"),
    }


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://example.org#@127.0.0.1/", "example.org"),
        ("http://example.org?@127.0.0.1/", "example.org"),
        ("http://example.org/@127.0.0.1/", "example.org"),
        ("http://example.org/\\@127.0.0.1/", "example.org"),
        ("http://example.org#\\@127.0.0.1/", "example.org"),
        ("http://127.0.0.1.example.org/", "127.0.0.1.example.org"),
        ("http://0x7f000001.example.org/", "0x7f000001.example.org"),
        ("http://example.org:/", "example.org"),
    ],
)
def test_what_merely_looks_like_an_inner_address_is_one_host_and_written_so_that_no_parser_errs(
    url: str, host: str
) -> None:
    parsed = PUBLIC.check_url(url)
    assert parsed.host == host
    assert parsed.url.startswith(f"http://{host}/") and "\\" not in parsed.url and "#" not in parsed.url


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%2", "::ffff:10.0.0.1", "0.0.0.0"]
)
def test_names_that_lead_inside_are_refused_alone_and_among_public_addresses(address: str) -> None:
    """Wildcard names such as 127.0.0.1.nip.example, metadata names, and answers that mix both."""
    for answer in (
        [address],
        ["93.184.216.34", address],
        [address, "2606:4700::1111"],
        ["93.184.216.34"] * 20 + [address],
    ):
        with pytest.raises(FetchRefused):
            resolve("127-0-0-1.wildcard.example", PUBLIC, lookup=lambda _host, answer=answer: answer)


# --- The policy of a crawl ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_crawl_opens_the_kind_of_private_network_that_it_starts_in() -> None:
    names = {"wiki.example": ["10.2.3.4"], "web.example": ["93.184.216.34"], "odd.example": ["169.254.1.1"]}

    def policy(*urls: str, allow_private: bool = True) -> FetchPolicy:
        return crawl_policy(urls, allow_private=allow_private, lookup=lambda host: names.get(host, []))

    loopback = policy("http://127.0.0.1:8001/", "http://a.localhost/")
    assert loopback.allow_private and loopback.private_networks == private_kind(ip_address("::1"))
    assert loopback.private_hosts == frozenset()
    assert policy("http://wiki.example/").private_networks == private_kind(ip_address("10.0.0.1"))
    assert set(policy("http://wiki.example/", "http://[::1]/").private_networks) < set(PRIVATE_NETWORKS)
    for urls in (["http://web.example/"], ["http://odd.example/"], ["http://none.example/"], ["file:///x.warc"], []):
        assert not policy(*urls).allow_private
    assert not policy("http://127.0.0.1/", allow_private=False).allow_private
    mixed = policy("http://wiki.example/", "http://web.example/")
    assert mixed.private_hosts == {"wiki.example"}


@pytest.mark.django_db
def test_a_crawl_leaves_blocked_hosts_alone() -> None:
    BlockedHost.objects.create(host="B\u00fccher.example", reason="They asked.")
    policy = crawl_policy([], allow_private=False)
    with pytest.raises(FetchRefused) as refusal:
        policy.check_url("http://www.xn--bcher-kva.example/")
    assert refusal.value.code == "blocked_host"


# --- Connections ----------------------------------------------------------------------------------------------


def test_a_name_that_changes_its_answer_is_connected_to_where_it_was_judged() -> None:
    """DNS rebinding, in a single fetch and with Scrapy: nobody listens at the second answer."""
    with serve({"/": page("one")}) as site:
        url = site.url("/", host="rebind.example")
        answers = iter([["127.0.0.1"], ["127.0.0.2"]])
        assert fetch(url, FetchPolicy(allow_private=True), lookup=lambda _host: next(answers)).ip == "127.0.0.1"
        outcomes = crawl([url, url], names={"rebind.example": [["127.0.0.1"], ["127.0.0.2"]]})
        assert [(outcome["result"], outcome["ip"]) for outcome in outcomes] == [(200, "127.0.0.1")] * 2


def test_scrapy_reaches_nothing_inside_through_names_redirects_or_spellings() -> None:
    names = {"inside.example": [["127.0.0.1"]], "mixed.example": [["93.184.216.34", "127.0.0.1"]]}
    with serve({"/": page("secret"), "/robots.txt": page("")}) as secret:
        asked = [
            secret.url("/", host=host)
            for host in ("inside.example", "mixed.example", "localhost", "127.1", "[::ffff:127.0.0.1]", "2130706433")
        ]
        policy = {"allow_private": False, "allowed_ports": [80, 443, secret.port]}
        results = codes(crawl([*asked, "http://169.254.169.254/", "http://a:b@127.0.0.1/"], policy=policy, names=names))
        assert set(results.values()) <= {"private_address", "forbidden_address", "credentials"} and len(results) == 8
        assert not secret.requests


def test_every_hop_of_a_single_fetch_is_judged() -> None:
    with serve({"/secret": page("secret")}) as secret:
        loopback = FetchPolicy(allow_private=True, private_networks=private_kind(ip_address("127.0.0.1")))
        for target in ("http://10.0.0.1/", "http://[fd00::1]/", "http://169.254.169.254/", "http://inner.example/"):
            with serve({"/": redirect("/2"), "/2": redirect("/3"), "/3": redirect(target)}) as site:
                with pytest.raises(FetchRefused):
                    fetch(site.url(), loopback, lookup=lambda _host: ["192.168.0.1"])
                assert site.requests["/3"] == 1
    assert not secret.requests


def test_pages_of_a_public_site_lead_nowhere_inside_although_another_source_of_the_crawl_lies_there() -> None:
    """Both lie on loopback here; `private_hosts` says which of them counts as private."""
    with serve({"/": page("own"), "/own.jpg": page("x"), "/robots.txt": page("")}) as own:
        own_page, public_page = own.url("/", host="own.localhost"), "http://public.example/"
        picture = own.url("/own.jpg", host="other.localhost")
        asked = [
            {"url": own_page},
            {"url": picture, "headers": {"Referer": own_page}},
            {"url": picture + "?1", "headers": {"Referer": public_page}},
            {"url": picture + "?2", "meta": {"source_url": public_page}},
            {"url": own.url("/", host="rebound.example")},
        ]
        names = {"rebound.example": [["127.0.0.1"]]}
        policy = {"private_hosts": ["own.localhost"], "allowed_ports": [own.port]}
        results = codes(crawl(asked, policy=policy, names=names))
    assert results[own_page] == 200 and results[picture] == 200
    assert [results[entry["url"]] for entry in asked[2:]] == ["private_address"] * 3
    assert set(own.requests) <= {"/", "/own.jpg", "/robots.txt"}


# --- Registries -----------------------------------------------------------------------------------------------

INSIDE = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00:ec2::254", "::ffff:10.0.0.1", "0.0.0.0"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", INSIDE)
def test_no_whois_server_inside_is_asked(settings: Any, address: str) -> None:
    """By its address, by a name that leads there, and at the port of another service."""
    settings.FETCH_ALLOW_PRIVATE = False
    host = f"[{address}]" if ":" in address else address
    for server in (f"{host}:43", "whois.inside.example", "whois.inside.example:6379"):
        settings.WHOIS_SERVER = server
        with pytest.raises(LookupFailed):
            whois.registration("a-site.com", lookup=lambda _host: ["93.184.216.34", address])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "referral", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "inside.example", "169.254.169.254"]
)
def test_whois_referrals_lead_nowhere_inside(settings: Any, monkeypatch: pytest.MonkeyPatch, referral: str) -> None:
    """The first server is ours to choose; the one that it refers to is judged like any other, its port too."""
    settings.FETCH_ALLOW_PRIVATE, settings.WHOIS_SERVER = False, "whois.root.example"
    asked: list[tuple[list[str], int]] = []

    def exchange(addresses: list[Any], port: int, _question: bytes) -> bytes:
        asked.append((list(map(str, addresses)), port))
        return f"refer: {referral}:{len(asked) + 42}\nwhois: {referral}\n".encode()

    monkeypatch.setattr(whois, "_exchange", exchange)
    names = {"whois.root.example": ["93.184.216.34"], "inside.example": ["10.0.0.1"]}
    with suppress(LookupFailed):
        assert whois.registration("a-site.com", lookup=lambda host: names.get(host, [])) is None
    assert asked == [(["93.184.216.34"], 43)]


@pytest.mark.django_db
def test_a_whois_referral_to_another_port_is_not_followed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FETCH_ALLOW_PRIVATE, settings.WHOIS_SERVER = False, "whois.root.example"
    ports: list[int] = []

    def exchange(_addresses: list[Any], port: int, _question: bytes) -> bytes:
        ports.append(port)
        return b"refer: whois.registry.example:25\n"

    monkeypatch.setattr(whois, "_exchange", exchange)
    with pytest.raises(LookupFailed):
        whois.registration("a-site.com", lookup=lambda _host: ["93.184.216.34"])
    assert ports == [43]


@pytest.mark.django_db
def test_only_the_name_servers_of_our_own_choice_are_asked(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers full of addresses inside lead to no question elsewhere."""
    inside = {
        ("site.test", "NS"): ["ns.site.test."],
        ("site.test", "MX"): ["1 mail.site.test."],
        ("site.test", "SOA"): ["ns.site.test. root.site.test. 1 1 1 1 1"],
        ("site.test", "A"): ["169.254.169.254"],
        ("ns.site.test", "A"): ["127.0.0.2"],
        ("mail.site.test", "A"): ["10.0.0.1"],
    }
    reached: list[tuple[str, int]] = []
    connect = socket.socket.sendto

    def sendto(self: socket.socket, data: bytes, *to: Any) -> int:
        reached.append(to[-1][:2])
        return connect(self, data, *to)

    monkeypatch.setattr(socket.socket, "sendto", sendto)
    with NameServer(0, inside) as server:
        settings.DNS_SERVERS = [server.address]
        assert contact_names.takes_mail("site.test")
        assert contact_names.name_servers("site.test") == ("ns.site.test",)
        assert contact_names.zone_mailbox("site.test") == "root@site.test"
        sent = [to for to in reached if to != server._udp.server_address]
        assert not [to for to in sent if to[0] in ("127.0.0.2", "10.0.0.1", "169.254.169.254")]
    assert len(server.asked) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("address", INSIDE)
def test_networks_inside_are_asked_about_nowhere(settings: Any, address: str) -> None:
    """Neither a host that leads there nor a registry that lies there."""
    settings.FETCH_ALLOW_PRIVATE = False
    with serve({}) as site, pytest.raises(LookupFailed):
        settings.RDAP_BOOTSTRAP_URL = site.url("/")
        networks.network_of("inside.example", lookup=lambda _host: ["93.184.216.34", address])
    assert not site.requests
    with serve({}) as site:
        settings.RDAP_BOOTSTRAP_URL = settings.PEERINGDB_URL = site.url("/")
        for ask in (lambda: networks.network_of("93.184.216.34"), lambda: networks.autonomous_system(3333)):
            with pytest.raises(LookupFailed):
                ask()
        with pytest.raises(LookupFailed):
            networks._peeringdb(3333)
    assert not site.requests


# --- The whole project ----------------------------------------------------------------------------------------

NETWORK = {
    *("httpx", "requests", "urllib.request", "urllib3", "httpcore", "http.client", "http.server", "socket"),
    *("ftplib", "telnetlib", "poplib", "imaplib", "xmlrpc", "socketserver", "aiohttp", "websockets"),
    *("twisted", "scrapy", "playwright", "scrapy_playwright", "selenium", "pycurl", "h2", "wget", "dns"),
}
APPS = ("accounts", "alerts", "config", "crawler", "portal", "search", "takedowns", "vault")
# The crawler has Scrapy, under settings that `tests/test_manners.py` holds it to, and a browser without a network.
CRAWL = ("scrapy", "twisted", "scrapy_playwright", "playwright")
ALLOWED = {
    "crawler.fetch": {"httpcore"},
    "crawler.resolver": {"socket"},
    # Name servers of our own choice, and port 43 of judged addresses
    "takedowns.contacts.names": {"dns"},
    "takedowns.contacts.whois": {"socket"},
    # The operator's own mailbox
    "accounts.tickets.mailboxes": {"imaplib"},
    # The name of this machine
    "crawler.frontiers.frontier_client": {"socket"},
}


def imported(path: Path) -> set[str]:
    """The network libraries that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return {known for known in NETWORK for name in names if name == known or name.startswith(f"{known}.")}


def test_nothing_but_the_crawler_s_own_doors_can_reach_the_network() -> None:
    stray: dict[str, set[str]] = {}
    for app in APPS:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
            allowed = ALLOWED.get(module, set()).union(CRAWL if app == "crawler" else ())
            if found := imported(path) - allowed:
                stray[module] = found
    assert stray == {}
    assert imported(settings.BASE_DIR / "crawler" / "fetch.py") == {"httpcore"}
