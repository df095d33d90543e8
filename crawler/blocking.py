"""Hosts that are never crawled: which they are, and how they come on and off the list."""

import tldextract
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import audit
from accounts.models import User
from crawler.models import BlockedHost, CrawlRun, Source
from crawler.policy import FetchRefused, parse_url
from crawler.states import RunState, SourceState

# From the list that comes with the package: nothing is downloaded.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class NotAccepted(Exception):
    """What was asked about a source or a host is not done; the text says why, in one sentence for people.

    `source` is the one that stands in the way, if there is one.
    """

    def __init__(self, sentence: str, *, source: Source | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.source = source


def normal_host(text: str) -> str:
    """The host in `text`, which may be a whole URL, as the policy spells it. Raises NotAccepted."""
    given = text.strip()
    if given.count(":") > 1 and "/" not in given and not given.startswith("["):
        given = f"[{given}]"
    try:
        host = parse_url(given if "://" in given else f"http://{given}").host
    except FetchRefused:
        raise NotAccepted("That is not the name of a host.") from None
    split = _suffixes.extract_str(host)
    if split.suffix and not split.domain:
        raise NotAccepted(f"That would block everything under “{host}”. Name one host.")
    return host


def names(host: str) -> set[str]:
    """The host and every name above it: an entry for any of them blocks it."""
    labels = host.split(".")
    return {".".join(labels[start:]) for start in range(len(labels))}


def hosts() -> set[str]:
    """Every host on the list."""
    return set(BlockedHost.objects.values_list("host", flat=True))


def blocking(host: str) -> BlockedHost | None:
    """The entry that keeps us from `host`: its own, or that of a name above it."""
    return BlockedHost.objects.filter(host__in=names(host)).first()


def host_of(source: Source) -> str:
    """Without the port that `Source.host` may have."""
    return parse_url(f"http://{source.host}").host


def sources_at(host: str) -> QuerySet[Source]:
    """The sources at a host and at every name below it."""
    name = f"[{host}]" if ":" in host else host
    below = Q(host__endswith=f".{name}") | Q(host__contains=f".{name}:")
    return Source.objects.filter(Q(host=name) | Q(host__startswith=f"{name}:") | below)


def block_host(host: str, reason: str, staff: User | None) -> BlockedHost:
    """Never crawl a host and the names below it again. Its sources pause and their runs stop.

    A host on the list already gets the new reason. Raises NotAccepted.
    """
    name = normal_host(host)
    with transaction.atomic():
        blocked, _created = BlockedHost.objects.update_or_create(
            host=name, defaults={"reason": reason.strip(), "blocked_by": staff}
        )
        sources = sources_at(name)
        running = CrawlRun.objects.filter(source__in=sources, state=RunState.RUNNING)
        running.update(wish=CrawlRun.Wish.STOP)
        paused = sources.filter(state=SourceState.ACTIVE).update(state=SourceState.PAUSED)
        audit.record("host.blocked", blocked, actor=staff, sources=paused)
    return blocked


def unblock_host(host: str, staff: User | None) -> None:
    """Take a host off the list; its sources stay paused until somebody resumes each. Raises NotAccepted."""
    name = normal_host(host)
    with transaction.atomic():
        blocked = BlockedHost.objects.filter(host=name).first()
        if blocked is None:
            raise NotAccepted(f"{name} is not blocked.")
        audit.record("host.unblocked", blocked, actor=staff)
        blocked.delete()
