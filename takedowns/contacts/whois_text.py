"""What a WHOIS answer says (RFC 3912 gives it no form). Pure: no Django, no network.

Registries write in half a dozen layouts: `Key: value`; a heading with indented lines below it; `[Key] value`; objects
that name each other by handle. They are all read by the same few rules into keys and values. Any text at all is read
without an exception; what is withheld or belongs to a privacy service is left out, and nothing is guessed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_LINES = 2000
MAX_NAME_SERVERS = 20
_LONGEST = 200

_COMMENT = re.compile(r"\s*(?:%|#|>>>|--)")
_STARS = re.compile(r"^\s*\*\*\s*")
_BRACKETS = re.compile(r"\s*(?:[a-z0-9]{1,2}\.\s*)?\[([^\]]{1,60})\]\s*(.*)")
_KEYED = re.compile(r"(\s*)([^:\s][^:]{0,60}?)[\s.]*:(?:\s+(.*)|\s*)$")
_EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+'-]{0,63}@(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{1,62}", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
_WORDS = re.compile(r"[^a-z0-9]+")

# What stands where a name or an address is withheld, in the words of registries, registrars and privacy services.
_WITHHELD = re.compile(
    r"redact|privacy|private (?:person|registra)|whois ?(?:guard|agent|protect|trustee)|proxy|proxies"
    r"|not (?:disclosed|available|shown|applicable|published|provided)|non-public|withheld|undisclosed|mask(?:ed|ing)"
    r"|protected|hidden|confidential|anonym|gdpr|statutory|obfuscat|identity ?shield|select (?:request|contact)"
    r"|please (?:query|visit|contact)|rdds service|visit (?:www|http)|restricted|^on behalf of|domains? by|njalla"
    r"|^\W*(?:n/?a|none|null)?\W*$",
    re.IGNORECASE,
)

# Keys in the order of trust, as `section.key` or `key`, lower case with single blanks.
_REGISTRAR = (
    *("registrar.name", "registrar.organization", "registrar.organisation", "registrar.registrar"),
    *("registrar", "sponsoring registrar", "registrar name", "registrar organization", "registrar.value"),
)
_REGISTRAR_ABUSE = (
    *("registrar abuse contact email", "abuse contact email", "registrar.abuse contact email"),
    *("registrar.abuse email", "registrar.abuse contact", "abuse contact", "registrar abuse email"),
)
_REGISTRANT = (
    *("registrant organization", "registrant organisation", "registrant.organization", "registrant.organisation"),
    *("registrant name", "registrant.name", "registrant", "registrant.value", "holder", "owner", "holder.name"),
    *("domain holder", "domain holder.name", "domain holder.value", "owner name", "owner.name"),
)
# Of a domain that is one object; where there are several, they may be a technician's.
_PERSON = ("org", "person")
_REGISTRANT_EMAIL = (
    *("registrant email", "registrant contact email", "registrant e mail", "registrant.email", "registrant.e mail"),
    *("holder.email", "holder.e mail", "owner.email", "owner.e mail", "domain holder.email"),
)
_REGISTRANT_COUNTRY = (
    *("registrant country", "registrant country code", "registrant.country", "registrant.country code"),
    *("holder.country", "owner.country", "country"),
)
_NAME_SERVERS = (
    *("name server", "name servers", "nameserver", "nameservers", "nserver", "ns", "dns", "host name"),
    *("name servers.value", "name server.value", "nameservers.value", "nserver.value", "nameservers.name server"),
    *("domain nameservers", "domain nameservers.value", "domain servers", "domain servers.value"),
    *("domain servers in listed order.value", "dns servers.value"),
)
_DOMAIN = ("domain name", "domain", "domain.value", "domain name.value", "domain.name")
_HOLDER_HANDLES = ("holder c", "owner c", "registrant c", "registrant contact", "registrant handle", "registrant")
_HANDLES = ("nic hdl", "nic hdl br", "contact id", "handle", "contact", "person id")
_REFERRALS = ("refer", "whois", "registrar whois server", "whois server", "referralserver", "registrar.whois server")


@dataclass(frozen=True, slots=True)
class Told:
    """What one answer says of a domain. Empty fields are not in it, or are withheld."""

    domain: str = ""
    registrar: str = ""
    registrar_abuse_email: str = ""
    registrant_name: str = ""
    registrant_email: str = ""
    country: str = ""
    name_servers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.registrar or self.name_servers or self.registrant_name or self.registrant_email)


@dataclass
class _Block:
    """The lines up to an empty one: a whole answer, a section of it, or one object. Values by key."""

    values: dict[str, list[str]] = field(default_factory=dict)
    heading: str = ""
    # How far the heading is indented, and the key that an indented line without one goes on with.
    depth: int = 0
    last: str = ""

    def read(self, line: str) -> None:
        indent = len(line) - len(line.lstrip())
        key, value = _key_and_value(line)
        if key and indent <= self.depth:
            self.heading = ""
        if key and value:
            self.last = f"{self.heading}.{key}" if self.heading else key
            self._add(self.last, value)
        elif key or (not self.heading and _is_heading(line)):
            self.heading, self.depth, self.last = key or _normal(line), indent, ""
        elif self.heading:
            self._add(f"{self.heading}.value", _clean(line))
        elif self.last and indent:
            self._add(self.last, _clean(line))

    def _add(self, key: str, value: str) -> None:
        if value:
            self.values.setdefault(key, []).append(value)


def read(answer: str) -> Told:
    """What `answer` says."""
    blocks = list(_blocks(answer))
    holder = _holder(blocks)
    objects = bool(holder) or bool(_all(blocks, _HANDLES[:2]))
    own = [holder] if holder else []
    handles = frozenset(value.lower() for value in _all(blocks, _HOLDER_HANDLES[:-1]))
    if holder:
        handles |= frozenset(value.lower() for value in _all(blocks, _HOLDER_HANDLES)) & _handles_of(holder)
    about = [block for block in blocks if _all([block], _DOMAIN)] if objects else blocks
    named = _names(blocks, _REGISTRANT, handles) + _names(own, ("contact", "person", "name", "org"), handles)
    return Told(
        domain=next(iter(_hosts(_all(blocks, _DOMAIN))), ""),
        registrar=next(iter(_all(blocks, _REGISTRAR)), ""),
        registrar_abuse_email=_email(_all(blocks, _REGISTRAR_ABUSE)),
        registrant_name=next(iter(named + ([] if objects else _names(blocks, _PERSON))), ""),
        registrant_email=_email(_all(own, ("e mail", "email")) + _all(blocks, _REGISTRANT_EMAIL)),
        country=_country(_all(own, ("country",)) + _all(about, _REGISTRANT_COUNTRY)),
        name_servers=tuple(dict.fromkeys(_hosts(_all(blocks, _NAME_SERVERS))))[:MAX_NAME_SERVERS],
    )


def referral(answer: str) -> str:
    """The server that knows more, as the answer names it, such as `whois.example.net` or `whois.example.net:43`."""
    for value in _all(list(_blocks(answer)), _REFERRALS):
        server = value.strip().lower().removeprefix("whois://").removeprefix("rwhois://").rstrip("/.")
        if re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,252}(?::[0-9]{1,5})?", server):
            return server
    return ""


def _blocks(answer: str) -> Iterator[_Block]:
    """Blocks of keys and values; a key below a heading is `heading.key`, a bare line below one `heading.value`."""
    block = _Block()
    for line in answer.splitlines()[:MAX_LINES]:
        line = _STARS.sub("", line.expandtabs(8)[: _LONGEST * 4]).rstrip()
        if _COMMENT.match(line):
            continue
        if line:
            block.read(line)
        else:
            yield block
            block = _Block()
    yield block


def _key_and_value(line: str) -> tuple[str, str]:
    """Both are empty for a bare line; the value is, for a heading."""
    if bracketed := _BRACKETS.match(line):
        return _normal(bracketed[1]), _clean(bracketed[2])
    keyed = _KEYED.match(line)
    if keyed is None or keyed[2].lower() in ("http", "https"):
        return "", ""
    return _normal(keyed[2]), _clean(keyed[3] or "")


def _is_heading(line: str) -> bool:
    """A line of one to three plain words that is not indented, such as `Registrant`."""
    return re.fullmatch(r"[A-Za-z][A-Za-z-]*(?: [A-Za-z-]+){0,2}", line) is not None


def _holder(blocks: list[_Block]) -> _Block | None:
    """The object that the domain names as its holder's."""
    handles = {value.lower() for value in _all(blocks, _HOLDER_HANDLES)}
    for block in blocks:
        if handles & _handles_of(block) and not _all([block], ("domain", "nserver")):
            return block
    return None


def _handles_of(block: _Block) -> frozenset[str]:
    return frozenset(value.lower() for value in _all([block], _HANDLES))


def _all(blocks: Iterable[_Block], keys: Iterable[str]) -> list[str]:
    """The values of the first key that has any anywhere, then those of the next."""
    known = list(blocks)
    return [value for key in keys for block in known for value in block.values.get(key, ())]


def _normal(key: str) -> str:
    return _WORDS.sub(" ", key.lower()).strip()


def _clean(value: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(printable.split())[:_LONGEST]


def _names(blocks: Iterable[_Block], keys: Iterable[str], handles: frozenset[str] = frozenset()) -> list[str]:
    """Names that are not withheld and no handles. Below a heading only the first line is a name."""
    lines = [values[:1] for key in keys for block in blocks if (values := block.values.get(key))]
    return [line for values in lines for line in values if not _WITHHELD.search(line) and line.lower() not in handles]


def _email(values: Iterable[str]) -> str:
    """The first address in them that is not a privacy service's."""
    for value in values:
        found = _EMAIL.search(value)
        if found and not _WITHHELD.search(found[0]):
            return found[0].lower()
    return ""


def _hosts(values: Iterable[str]) -> Iterator[str]:
    """The host that each value begins with; addresses of name servers may follow it."""
    for value in values:
        if found := _HOST.match(value.lower()):
            yield found[0]


# Registries that write the country's name; others write its code.
_COUNTRIES = {"united states": "US", "united kingdom": "GB", "germany": "DE", "france": "FR", "japan": "JP"}


def _country(values: Iterable[str]) -> str:
    for value in values:
        code = value.strip().upper()
        if len(code) == 2 and code.isascii() and code.isalpha():
            return code
        if known := _COUNTRIES.get(value.lower()):
            return known
    return ""
