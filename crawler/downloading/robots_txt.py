"""What a robots.txt file says, read as RFC 9309 has it. Pure.

Written here because the parser that comes with Scrapy takes a group for `Face` to be meant for `Faceward`, and a
group for `Faceward/1.0` not to be; reads permission for `/` out of `Allow: /index.html`; and weighs a rule by the
length of its percent-encoded form, so that a shorter one can win.
"""

import functools
import re
from dataclasses import dataclass, field

MAX_BYTES = 512 * 1024
MAX_SITEMAPS = 1000

# Spellings that other robots take for the same, too.
_FIELDS = {
    **dict.fromkeys((b"user-agent", b"useragent", b"user agent"), "agent"),
    b"allow": "allow",
    **dict.fromkeys((b"disallow", b"dissallow", b"dissalow", b"disalow", b"diasllow", b"disallaw"), "disallow"),
    **dict.fromkeys((b"crawl-delay", b"crawldelay", b"crawl delay"), "delay"),
    **dict.fromkeys((b"sitemap", b"site-map", b"sitemaps"), "sitemap"),
}
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE = re.compile(rb"\s*([A-Za-z][A-Za-z -]*?)\s*:\s*(.*?)\s*|\s*([A-Za-z-]+)\s+(\S.*?)\s*", re.DOTALL)
# RFC 9309, 2.2.1: what a robot may call itself.
_TOKEN = re.compile(rb"[A-Za-z_-]+")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
# Escaped delimiters are not the delimiters themselves (RFC 3986, 2.2); in a query the slash delimits nothing.
_KEPT_IN_PATH = frozenset(b"/?%")
_KEPT_IN_QUERY = frozenset(b"%")
_ANYONE = "*"


@dataclass(frozen=True, slots=True)
class _Rule:
    """`parts` are the octets between the asterisks; `weight` is the number of octets of the whole pattern."""

    allow: bool
    weight: int
    parts: tuple[bytes, ...]
    anchored: bool

    def matches(self, target: bytes) -> bool:
        first, *rest = self.parts
        if not target.startswith(first):
            return False
        if not rest:
            return not self.anchored or len(target) == len(first)
        at = len(first)
        for part in rest[:-1]:
            found = target.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        last = rest[-1]
        if self.anchored:
            return len(target) - len(last) >= at and target.endswith(last)
        return target.find(last, at) >= 0


@dataclass(slots=True)
class _Group:
    """The rules for one robot. Plain prefixes are looked up by their length: there can be many thousands."""

    delay: float = 0.0
    prefixes: dict[bytes, bool] = field(default_factory=dict)
    lengths: set[int] = field(default_factory=set)
    patterns: list[_Rule] = field(default_factory=list)

    def add(self, rule: _Rule) -> None:
        if len(rule.parts) > 1 or rule.anchored:
            self.patterns.append(rule)
        else:
            prefix = rule.parts[0]
            self.prefixes[prefix] = self.prefixes.get(prefix, False) or rule.allow
            self.lengths.add(len(prefix))

    def allows(self, target: bytes) -> bool:
        """RFC 9309, 2.2.2: the longest pattern that matches decides, and of two as long the one that allows."""
        verdicts = [(0, True)]
        for length in sorted((n for n in self.lengths if n <= len(target)), reverse=True):
            verdict = self.prefixes.get(target[:length])
            if verdict is not None:
                verdicts.append((length, verdict))
                break
        verdicts += ((rule.weight, rule.allow) for rule in self.patterns if rule.matches(target))
        return max(verdicts)[1]


@dataclass(slots=True)
class RobotsTxt:
    groups: dict[str, _Group] = field(default_factory=dict)
    sitemaps: list[str] = field(default_factory=list)

    def allows(self, target: str, agent: str) -> bool:
        """Whether the robot `agent` may ask for `target`: path and query, as in `ParsedUrl.target`."""
        group = self._group(agent)
        return target == "/robots.txt" or group is None or group.allows(_decoded(target.encode()))

    def delay(self, agent: str) -> float:
        """Seconds between two requests that are asked of `agent`; not part of the RFC."""
        group = self._group(agent)
        return group.delay if group else 0.0

    def _group(self, agent: str) -> _Group | None:
        return self.groups.get(agent.lower(), self.groups.get(_ANYONE))


def parse(body: bytes) -> RobotsTxt:
    """Read a robots.txt. Never raises; lines that make no sense say nothing, and so does what is past the limit."""
    robots, current, naming = RobotsTxt(), list[_Group](), False
    for line in _LINE_END.split(_cut(body).removeprefix(b"\xef\xbb\xbf")):
        name, value = _field(line.partition(b"#")[0])
        if name == "agent":
            current = current if naming else []
            naming = True
            token = _agent(value)
            if token:
                current.append(robots.groups.setdefault(token, _Group()))
        elif name == "sitemap":
            if value and len(robots.sitemaps) < MAX_SITEMAPS:
                robots.sitemaps.append(value.decode("utf-8", "replace"))
        elif name:
            naming = False
            for group in current:
                _apply(group, name, value)
    return robots


def _cut(body: bytes) -> bytes:
    """At most `MAX_BYTES`, whole lines only: half a rule could forbid less, or more, than the whole one."""
    if len(body) <= MAX_BYTES:
        return body
    ends = [match.start() for match in _LINE_END.finditer(body, 0, MAX_BYTES)]
    return body[: ends[-1]] if ends else b""


def _field(line: bytes) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        return "", b""
    name, value, bare_name, bare_value = match.groups()
    if name is None:
        return _FIELDS.get(bare_name.lower(), ""), bare_value
    return _FIELDS.get(name.lower(), ""), value


def _agent(value: bytes) -> str:
    if value.startswith(b"*"):
        return _ANYONE
    match = _TOKEN.match(value)
    return match.group().decode().lower() if match else ""


def _apply(group: _Group, name: str, value: bytes) -> None:
    if name == "delay":
        group.delay = max(group.delay, _seconds(value))
    elif value:
        group.add(_rule(name == "allow", value))


def _seconds(value: bytes) -> float:
    match = re.fullmatch(rb"\d{1,9}(\.\d{0,9})?|\.\d{1,9}", value)
    return float(match.group()) if match else 0.0


@functools.lru_cache(maxsize=1024)
def _rule(allow: bool, pattern: bytes) -> _Rule:
    anchored = pattern.endswith(b"$")
    parts, in_query = list[bytes](), False
    for part in re.split(rb"\*+", pattern.removesuffix(b"$")):
        parts.append(_decoded(part, in_query))
        in_query = in_query or b"?" in part
    weight = sum(map(len, parts)) + len(parts) - 1 + anchored
    return _Rule(allow, weight, tuple(parts), anchored)


def _decoded(text: bytes, in_query: bool = False) -> bytes:
    """The octets that percent-encoding stands for, so that all spellings of a path compare equal."""
    if b"%" not in text:
        return text
    path, mark, query = (b"", b"", text) if in_query else text.partition(b"?")
    return _unescaped(path, _KEPT_IN_PATH) + mark + _unescaped(query, _KEPT_IN_QUERY)


def _unescaped(text: bytes, kept: frozenset[int]) -> bytes:
    def replace(match: re.Match[bytes]) -> bytes:
        if match.group(1) is None:
            return b"%25"
        octet = int(match.group(1), 16)
        return b"%%%02X" % octet if octet in kept else bytes((octet,))

    return _ESCAPE.sub(replace, text)
