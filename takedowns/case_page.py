"""One case as its subscriber sees it: where it stands, whose move it is, what was done, written and said."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.access import signed_in
from accounts.transitions import allowed
from takedowns import asking, casefile, papers, preparing, story
from takedowns.grounds import GROUNDS, Lane, decide
from takedowns.mail import counter
from takedowns.models import Case, CaseMessage, GroundDecision, InfringingUrl, Notice
from takedowns.states import CASE, CaseState, NoticeState, Outcome
from takedowns.story import Sentence

# What a subscriber may read of the letters: those that were checked, and were not taken back.
_READABLE = tuple(set(NoticeState) - {NoticeState.DRAFT, NoticeState.WITHDRAWN})
_NO_LETTER = {Lane.MINOR, Lane.EXPRESSION}


def page(request: HttpRequest, pk: UUID, *, typed: str = "", problem: str = "", counter_text: str = "") -> HttpResponse:
    """The page; with a `problem`, what was `typed` stands in its field again. `counter_text` is shown once."""
    own = Case.objects.filter(subject__user=signed_in(request))
    found = get_object_or_404(with_everything(own), pk=pk)
    context = _context(found) | _conversation(found)
    context |= {"typed": typed, "problem": problem, "counter_text": counter_text}
    return render(request, "takedowns/case.html", context, status=422 if problem else 200)


def with_everything(found: QuerySet[Case]) -> QuerySet[Case]:
    """With what the page shows, in a bounded number of queries."""
    places = InfringingUrl.objects.select_related("evidence").prefetch_related("verifications")
    related = ("ground_decision", "relapse_of__ground_decision", "follows__ground_decision", "match__image")
    return found.select_related(*related, "subject__user").prefetch_related(
        Prefetch("urls", places.order_by("host", "page_url")),
        Prefetch("notices", Notice.objects.select_related("operator").prefetch_related("urls")),
        "relapses",
        "followed_by",
    )


def answered_before(case: Case) -> Case | None:
    """The earlier case with whose answers this one can go on, if it waits for the subscriber's word."""
    earlier = case.relapse_of or case.follows
    waits = case.state == CaseState.AWAITING_SUBJECT and not hasattr(case, "ground_decision")
    return earlier if waits and earlier is not None and hasattr(earlier, "ground_decision") else None


def _context(found: Case) -> dict[str, object]:
    decision = getattr(found, "ground_decision", None)
    urls, notices = list(found.urls.all()), list(found.notices.all())
    disputed = counter.open_of(found)
    return {
        "counter": disputed,
        "choices": counter.choices(disputed) if disputed and not disputed.choice else (),
        "packs": papers.offered(found),
        "engines": papers.engines(found),
        "case": found,
        "standing": casefile.for_subscriber(found),
        "next": story.next_step(found),
        "earlier": answered_before(found),
        "asks_questions": found.state == CaseState.AWAITING_SUBJECT and decision is None,
        "no_letter": _no_letter_lane(decision),
        "preparing": not notices and preparing.unprepared().filter(pk=found.pk).exists(),
        "steps": casefile.steps(found, notices),
        "story": _told(story.story(found)),
        "extent": casefile.extent(urls),
        "hosts": casefile.hosts(urls),
        "letters": [casefile.letter(notice) for notice in notices if notice.state in _READABLE],
        "ground": GROUNDS.get(decision.ground) if decision else None,
        "relapses": found.relapses.all(),
        "may_end": allowed(CASE, found.state, CaseState.CLOSED),
    }


def _conversation(case: Case) -> dict[str, object]:
    """What was said, and what may be."""
    closed = case.state == CaseState.CLOSED
    told, asked = asking.said(case), asking.asks(case)
    questions = [one for one in told if one.kind == CaseMessage.Kind.QUESTION]
    return {
        "said": told,
        "asked": asked,
        "question": questions[-1] if asked else None,
        "may_write": not closed,
        "may_reopen": closed and case.outcome != Outcome.REMOVED and not case.match.image.withdrawn_at,
        "longest": asking.LONGEST,
    }


def _told(sentences: list[Sentence]) -> list[Sentence]:
    """Newest first, and what was said of several places at once only once."""
    return list(reversed({sentence.text: sentence for sentence in sentences}.values()))


def _no_letter_lane(decision: GroundDecision | None) -> str:
    """The lane of a case about which no letter is written by rule, or an empty string."""
    if decision is None or decision.ground:
        return ""
    lane = decide(decision.answers).lane
    return lane.value if lane in _NO_LETTER else ""
