"""WHOIS: from IANA to the registry to the registrar, in everybody's own layout, and nothing withheld is believed."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.whois import WhoisServer, registry, root
from takedowns.contacts import whois, whois_text
from takedowns.contacts.lookups import LookupFailed
from tests.sites import dribble, talker

GTLD = """\
   Domain Name: EXAMPLE.COM
   Registrar WHOIS Server: whois.registrar.example
   Registrar: Example Registrar, LLC
   Registrar Abuse Contact Email: Abuse@Registrar.example
   Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited
Registrant Name: REDACTED FOR PRIVACY
Registrant Organization: Example Media Inc.
Registrant Country: US
Registrant Email: owner@example.com
Tech Email: tech@example.com
   Name Server: NS1.EXAMPLE.COM
   Name Server: NS2.EXAMPLE.COM
>>> Last update of whois database: 2026-11-20T10:00:00Z <<<
For more information on Whois status codes, please visit https://icann.org/epp
"""
NOMINET = """
    Domain name:
        example.co.uk

    Registrant:
        Example Photos Ltd

    Registrant type:
        UK Limited Company

    Registrar:
        Example Registrar t/a Example [Tag = EXAMPLE]
        URL: https://www.registrar.example

    Name servers:
        ns1.example.co.uk    192.0.2.1
        ns2.example.net

    WHOIS lookup made at 10:00:00 20-Nov-2026
"""
AFNIC = """\
%% This is the AFNIC Whois server.

domain:                        example.fr
status:                        ACTIVE
holder-c:                      EM123-FRNIC
admin-c:                       ANO00-FRNIC
registrar:                     Exemple Registrar
nserver:                       ns1.example.fr [192.0.2.1]
nserver:                       ns2.example.fr
source:                        FRNIC

registrar:                     Exemple Registrar
address:                       1 rue Exemple
country:                       FR
e-mail:                        support@registrar.example

nic-hdl:                       ANO00-FRNIC
type:                          PERSON
contact:                       Ano Nymous

nic-hdl:                       EM123-FRNIC
type:                          ORGANIZATION
contact:                       Exemple Medias
country:                       BE
e-mail:                        contact@example.fr
"""
ITALY = """\
Domain:             example.it
Status:             ok

Registrant
  Organization:     Esempio S.p.A.
  Address:          Via Esempio 1
                    Milano
                    IT

Admin Contact
  Name:             Mario Rossi

Registrar
  Organization:     Esempio Registrar s.r.l.
  Name:             ESEMPIO-REG

Nameservers
  ns1.example.it
  ns2.example.it
"""
JAPAN = """\
[ JPRS database provides information on network administration.              ]
Domain Information:
[Domain Name]                   EXAMPLE.JP
[Registrant]                    Example Corporation
[Name Server]                   ns1.example.jp
[Name Server]                   ns2.example.jp
"""
POLAND = """\
DOMAIN NAME:           example.pl
registrant type:       organization
nameservers:           ns1.example.pl. [192.0.2.1]
                       ns2.example.pl.
created:               2001.01.01 13:00:00

REGISTRAR:
Przyklad sp. z o.o.
ul. Przykladowa 1
+48.100000000
"""
RUSSIA = """\
domain:        EXAMPLE.RU
nserver:       ns1.example.ru.
state:         REGISTERED, DELEGATED, VERIFIED
person:        Private Person
registrar:     EXAMPLE-RU
admin-contact: https://registrar.example/whois
"""
EURID = """\
% The WHOIS service offered by EURid
Domain: example.eu
Script: LATIN

Registrant:
        NOT DISCLOSED!
        Visit www.eurid.eu for the web-based WHOIS.

Registrar:
        Name: Example Registrar BV
        Website: https://registrar.example

Name servers:
        ns1.example.eu
"""
BRAZIL = """\
domain:      example.com.br
owner:       Exemplo Ltda
owner-c:     EXE12
country:     BR
nserver:     ns1.example.com.br

nic-hdl-br:  EXE12
person:      Joana Exemplo
e-mail:      joana@example.com.br
"""
CZECH = """\
domain:       example.cz
registrant:   SB:EXAMPLE
nsset:        NSS:EX
registrar:    REG-EXAMPLE

contact:      SB:EXAMPLE
org:          Priklad s.r.o.
name:         Jana Prikladova
"""


@pytest.mark.parametrize(
    ("answer", "domain", "registrar", "name", "email", "country", "servers"),
    [
        (GTLD, "example.com", "Example Registrar, LLC", "Example Media Inc.", "owner@example.com", "US", 2),
        (NOMINET, "example.co.uk", "Example Registrar t/a Example [Tag = EXAMPLE]", "Example Photos Ltd", "", "", 2),
        (AFNIC, "example.fr", "Exemple Registrar", "Exemple Medias", "contact@example.fr", "BE", 2),
        (ITALY, "example.it", "ESEMPIO-REG", "Esempio S.p.A.", "", "", 2),
        (JAPAN, "example.jp", "", "Example Corporation", "", "", 2),
        (POLAND, "example.pl", "Przyklad sp. z o.o.", "", "", "", 2),
        (RUSSIA, "example.ru", "EXAMPLE-RU", "", "", "", 1),
        (EURID, "example.eu", "Example Registrar BV", "", "", "", 1),
        (BRAZIL, "example.com.br", "", "Exemplo Ltda", "joana@example.com.br", "BR", 1),
        (CZECH, "example.cz", "REG-EXAMPLE", "Jana Prikladova", "", "", 0),
    ],
    ids=["gtld", "uk", "fr", "it", "jp", "pl", "ru", "eu", "br", "cz"],
)
def test_registries_in_their_own_layouts(
    answer: str, domain: str, registrar: str, name: str, email: str, country: str, servers: int
) -> None:
    for text in (answer, answer.replace("\n", "\r\n")):
        told = whois_text.read(text)
        assert (told.domain, told.registrar) == (domain, registrar)
        assert (told.registrant_name, told.registrant_email, told.country) == (name, email, country)
        assert len(told.name_servers) == servers


def test_the_registrars_desk_and_no_other() -> None:
    assert whois_text.read(GTLD).registrar_abuse_email == "abuse@registrar.example"
    assert whois_text.read(AFNIC).registrar_abuse_email == ""


@pytest.mark.parametrize(
    "withheld",
    [
        "REDACTED FOR PRIVACY",
        "Data Protected, Not Disclosed",
        "Statutory Masking Enabled",
        "Domains By Proxy, LLC",
        "Privacy service provided by Withheld for Privacy ehf",
        "WhoisGuard Protected",
        "Not Available",
        "GDPR Masked",
        "N/A",
        "-",
        "Please query the RDDS service of the Registrar of Record",
        "a1b2c3@privacyguardian.org",
        "example.com@domainsbyproxy.com",
        "9f8e7d@withheldforprivacy.com",
        "abcdef@contactprivacy.com",
    ],
)
def test_what_is_withheld_is_left_out(withheld: str) -> None:
    told = whois_text.read(f"Domain Name: a.example\nRegistrant Name: {withheld}\nRegistrant Email: {withheld}\n")
    assert (told.registrant_name, told.registrant_email) == ("", "")


def test_the_line_below_a_withheld_name_is_no_name() -> None:
    told = whois_text.read("Domain name:\n    a.example\n\nRegistrant:\n    REDACTED FOR PRIVACY\n    12 Secret Road\n")
    assert told.registrant_name == ""


def test_values_are_one_printable_line_of_bounded_length() -> None:
    told = whois_text.read("Registrar: Evil\tX\x00\x1b[31m" + "y" * 5000 + "\nRegistrant Name: \u202eabc\n")
    assert told.registrar.startswith("Evil X [31my") and len(told.registrar) == 200
    assert told.registrant_name == "abc"


@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    whois_text.read(text)
    whois_text.referral(text)


parts = st.sampled_from(
    [
        "Registrant",
        ":",
        "\n",
        "\n\n",
        "  ",
        "\t",
        "[",
        "]",
        "holder-c: X",
        "nic-hdl: X",
        "Domain Name: a.b",
        "x",
        "é",
        "%",
    ]
)


@given(st.lists(parts, max_size=30).map("".join))
def test_any_layout_is_read_without_an_exception(text: str) -> None:
    whois_text.read(text)
    whois_text.referral(text)


def test_long_lines_and_many_of_them_take_no_time() -> None:
    for answer in ("a" * 65536, ("x " * 30 + "\n") * 2000, " " * 65536, "a." * 32000 + ":", ("[" * 50 + "\n") * 1200):
        whois_text.read(answer)
        whois_text.referral(answer)


# --- Asking --------------------------------------------------------------------------------------------------------


@contextmanager
def servers(settings: Any, *answers: str) -> Iterator[list[WhoisServer]]:
    """Servers of which each refers to the next; the first is the configured one."""
    with ExitStack() as running:
        chain: list[WhoisServer] = []
        for answer in reversed(answers):
            text = f"refer: {chain[0].address}\n{answer}" if chain else answer
            chain.insert(0, running.enter_context(WhoisServer(0, lambda _question, text=text: text)))
        settings.WHOIS_SERVER = chain[0].address
        yield chain


@pytest.mark.django_db
def test_the_demos_registry_is_found_by_way_of_the_root(settings: Any) -> None:
    with WhoisServer(0, registry) as whois_server, WhoisServer(0, root(whois_server.address)) as first:
        settings.WHOIS_SERVER = first.address
        blog, copies = whois.registration("blog.localhost"), whois.registration("copies.localhost")
        assert whois.registration("nobody.localhost") is None
    assert blog is not None and copies is not None
    assert (blog.registrant_name, blog.registrant_email) == ("Alice Carver", "alice@half-an-orbit.example")
    assert (blog.country, blog.name_servers) == ("IE", ("ns1.loopback-hosting.example",))
    assert blog.registrar_abuse_email == "abuse@one-line-registrar.example"
    assert blog.source == f"whois://{whois_server.address}"
    assert (copies.registrant_name, copies.registrant_email, copies.country) == ("", "", "US")


@pytest.mark.django_db
def test_the_registrar_completes_the_registry_and_each_is_asked_once(settings: Any) -> None:
    thin = "Domain Name: A.EXAMPLE\nRegistrar: Thin Ltd\nName Server: ns1.a.example\n"
    full = "Domain Name: a.example\nRegistrar: Thin Limited\nRegistrant Email: me@a.example\n"
    with servers(settings, "% IANA\n", thin, full) as chain:
        for _ in range(3):
            found = whois.registration("a.example")
        assert found is not None
        assert (found.registrar, found.registrant_email) == ("Thin Limited", "me@a.example")
        assert found.name_servers == ("ns1.a.example",)
        assert [len(server.asked) for server in chain] == [1, 1, 1]


@pytest.mark.django_db
def test_referrals_end(settings: Any) -> None:
    with servers(settings, "", "", "", "Domain Name: a.example\nRegistrar: Too Far\n") as chain:
        assert whois.registration("a.example") is None
        assert [len(server.asked) for server in chain] == [1, 1, 1, 0]
    with WhoisServer(0, lambda _question: f"refer: {settings.WHOIS_SERVER}\n") as itself:
        settings.WHOIS_SERVER = itself.address
        assert whois.registration("b.example") is None
        assert len(itself.asked) == 1


@pytest.mark.django_db
def test_an_answer_about_another_domain_is_not_believed(settings: Any) -> None:
    with servers(settings, "Domain Name: other.example\nRegistrar: Other\n"):
        assert whois.registration("a.example") is None
    with servers(settings, "domain: EXAMPLE\nnserver: a.root.example\n"):
        assert whois.registration("b.example") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "domain", ["", "example", "a b.example", "a.example\r\nevil", "-T.example", "a..example", "é.example"]
)
def test_only_a_domain_is_asked_about(settings: Any, domain: str) -> None:
    with servers(settings, "Domain Name: a.example\n") as chain:
        assert whois.registration(domain) is None
        assert not chain[0].asked


@pytest.mark.django_db
def test_a_registrar_that_fails_leaves_what_the_registry_told(settings: Any) -> None:
    with WhoisServer(0, lambda _: "Domain Name: a.example\nRegistrar: R\nRegistrar WHOIS Server: localhost:1\n") as one:
        settings.WHOIS_SERVER = one.address
        assert whois.registration("a.example").registrar == "R"


@pytest.mark.django_db
def test_nobody_answers_or_nobody_is_to_be_asked(settings: Any) -> None:
    settings.WHOIS_SERVER = "localhost:1"
    with pytest.raises(LookupFailed):
        whois.registration("a.example")
    for server, domain in (("", "b.localhost"), ("whois.iana.org:43", "forum.localhost"), ("", "site.com")):
        settings.WHOIS_SERVER = server
        assert whois.registration(domain) is None


@pytest.mark.django_db
def test_too_slow_and_too_long_answers_are_cut_off(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whois, "TIMEOUT_SECONDS", 0.4)
    with talker(dribble(b"Domain Name: a.example\nRegistrar: Slow\n")) as port:
        settings.WHOIS_SERVER = f"localhost:{port}"
        assert whois.registration("a.example").registrar == "Slow"

    def endless(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(b"Domain Name: b.example\nRegistrar: Long\n")
        while not stop.is_set():
            connection.sendall(b"x" * 65536)

    monkeypatch.setattr(whois, "TIMEOUT_SECONDS", 8)
    with talker(endless) as port:
        settings.WHOIS_SERVER = f"localhost:{port}"
        assert whois.registration("b.example").registrar == "Long"


@pytest.mark.django_db
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00" * 100, bytes(range(256)) * 10], ids=["empty", "binary", "all"])
def test_bytes_that_are_no_answer_are_no_exception(settings: Any, data: bytes) -> None:
    with talker(lambda connection, _stop: connection.sendall(data)) as port:
        settings.WHOIS_SERVER = f"localhost:{port}"
        assert whois.registration("a.example") is None
