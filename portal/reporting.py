"""The pages a subscriber reported: what became of each, in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse

from accounts import consent
from accounts.models import User
from crawler import health
from crawler.models import CrawlRun, FetchedImage, PageVisit, Source
from crawler.states import RunState
from search import enrolment, recapture
from search.models import Match, Sighting
from search.states import EnrolmentState, MatchState

# Told apart, these would say what names and machines there are inside of our network.
_NOT_TOLD = frozenset({"dns", "connect", "timeout", "tls", "address", "private_address", "forbidden_address"})
_UNREACHABLE = "We could not reach a page at this address."


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why somebody cannot report a page now, and where to put that right, if they can."""

    title: str
    text: str
    href: str = ""
    action: str = ""


def hindrance(user: User) -> Hindrance | None:
    """A page is compared with the person's face: there has to be one, and their consent."""
    current = enrolment.current(user)
    if current is None:
        text = "We look at a page for your face. So it starts with your consent and a few photos."
        return Hindrance("We do not know your face yet", text, reverse("search:enrol"), "Start")
    if not consent.given(user) >= consent.REQUIRED:
        text = "We do not compare your face, because a consent that we need is withdrawn."
        return Hindrance("Looking for you is paused", text, reverse("search:consents"), "Look at your consents")
    if recapture.needed(current):
        text = "We measure faces in a new way now. Until you give us new photos we do not look for you."
        return Hindrance("We need new photos of you", text, reverse("search:enrol"), "Give us new photos")
    if enrolment.stage(current) in {enrolment.Stage.LIVE_CHECK, enrolment.Stage.PHOTOS}:
        text = "A page is compared with your face. So finish your enrolment first."
        return Hindrance("Your enrolment is not finished", text, reverse("search:enrol"), "Go on")
    if current.state != EnrolmentState.ACTIVE:
        text = "A member of staff confirms with you that you are you. You can report pages after that."
        return Hindrance("Waiting for the identity check", text)
    return None


@dataclass(frozen=True, slots=True)
class Report:
    """One reported page: its state in words, and where its matches are."""

    source: Source
    tone: str
    state: str
    text: str
    at: datetime | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of the last look at a page. `pictures` is how many it showed, `comparing` how many wait."""

    run: CrawlRun | None
    comparing: int
    matches: Sequence[UUID]


def reports(user: User, shown: Sequence[Source]) -> list[Report]:
    """What became of reported pages, in five queries however many they are."""
    runs = _last_runs(shown)
    comparing = _comparing(runs.values())
    matches = _matches(user, shown, runs)
    return [
        _report(source, _Found(run, comparing.get(run.pk, 0) if run else 0, matches[source.pk]))
        for source, run in ((source, runs.get(source.pk)) for source in shown)
    ]


def _last_runs(shown: Sequence[Source]) -> dict[UUID, CrawlRun]:
    latest = CrawlRun.objects.filter(source=OuterRef("source")).order_by("-started_at", "-id").values("pk")[:1]
    runs = CrawlRun.objects.filter(source__in=shown, pk=Subquery(latest))
    return {run.source_id: run for run in runs}


def _comparing(runs: Iterable[CrawlRun]) -> dict[UUID, int]:
    waiting = FetchedImage.objects.filter(run__in=list(runs), processed_at=None).order_by().values("run")
    return {row["run"]: row["count"] for row in waiting.annotate(count=Count("pk"))}


def _matches(user: User, shown: Sequence[Source], runs: dict[UUID, CrawlRun]) -> dict[UUID, list[UUID]]:
    """The person's matches at each page: at its own address, or at the one it led to."""
    owners: dict[str, set[UUID]] = defaultdict(set)
    for source in shown:
        owners[source.url].add(source.pk)
    at = {run.pk: source_id for source_id, run in runs.items()}
    for run_id, url in PageVisit.objects.filter(run__in=at).values_list("run", "url"):
        owners[url].add(at[run_id])
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for match_id, url in _places(user, owners):
        for source_id in owners[url]:
            if match_id not in found[source_id]:
                found[source_id].append(match_id)
    return found


def _places(user: User, urls: Iterable[str]) -> list[tuple[UUID, str]]:
    """Which of the person's matches are seen at which of `urls`; not those that they said are somebody else."""
    matches = Match.objects.filter(subject__user=user).exclude(state=MatchState.DISMISSED)
    shown = Q(image__in=matches.values("image")) | Q(image__in=matches.values("variants"))
    places = list(Sighting.objects.filter(shown, page_url__in=list(urls)).values_list("page_url", "image_id"))
    if not places:
        return []
    by_image: dict[UUID, set[UUID]] = defaultdict(set)
    for match_id, image_id, variant_id in matches.values_list("pk", "image_id", "variants"):
        by_image[image_id].add(match_id)
        if variant_id:
            by_image[variant_id].add(match_id)
    return [(match_id, url) for url, image_id in places for match_id in by_image[image_id]]


def _report(source: Source, found: _Found) -> Report:
    run = found.run
    if run is None:
        return Report(source, "waiting", "Waiting", "We look at it as soon as we can.")
    if found.matches:
        return _with_matches(source, run, found.matches)
    if run.state in (RunState.RUNNING, RunState.PAUSED):
        return Report(source, "waiting", "Being looked at", "We are reading the page now.")
    at = run.finished_at or run.started_at
    if not run.pages and not run.images:
        return Report(source, "stopped", "Could not be read", _why(run), at)
    if found.comparing:
        text = "We have read the page and are comparing the pictures on it with your face."
        return Report(source, "waiting", "Being compared", text, at)
    return Report(source, "", "Nothing of you found", _pictures(run.images), at)


def _with_matches(source: Source, run: CrawlRun, matches: Sequence[UUID]) -> Report:
    one = len(matches) == 1
    href = reverse("search:match", args=[matches[0]]) if one else reverse("search:matches")
    words = "1 match found" if one else f"{len(matches)} matches found"
    text = "A picture on this page may show you." if one else "Pictures on this page may show you."
    return Report(source, "needs", words, text, run.finished_at or run.started_at, href)


def _why(run: CrawlRun) -> str:
    if run.state == RunState.INTERRUPTED:
        return "Our visit broke off. Report it again, and we try once more."
    troubles = health.troubles(run)
    if not troubles:
        return "It showed us neither text nor pictures."
    return _UNREACHABLE if troubles[0].code in _NOT_TOLD else troubles[0].sentence


def _pictures(number: int) -> str:
    if not number:
        return "There was no picture on it that we could see."
    return f"We compared {number} picture{'' if number == 1 else 's'} on it with your face."
