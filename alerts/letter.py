"""A digest in words: what its alerts tell as they stand now, without a picture, an address, a name or a score."""

from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from accounts import mailing
from accounts.mailing import Mail
from accounts.models import User
from alerts import rules, unsubscribing, wording, words
from alerts.addresses import return_path
from alerts.kinds import Part
from alerts.models import Alert, Digest, Kind
from alerts.wording import Happened, Letter
from alerts.words import Language
from search import leaving
from search.models import Match
from search.states import Decision, MatchState

TEMPLATE = "alerts/email/digest"
# The page on which the most urgent part of a mail is seen to. Each wants a signed-in session.
_PAGES = {
    Part.ANSWER: "takedowns:cases",
    Part.NEW: "search:matches",
    Part.DONE: "takedowns:cases",
    Part.ACCOUNT: "alerts:webhooks",
}


def of(digest: Digest) -> Mail | None:
    """The mail that tells a digest's alerts as they stand now; None where nothing of it is left to tell."""
    user = digest.user
    open_ones = _open_matches(user)
    told = happened(list(digest.alerts.filter(settled_at=None).order_by("created_at", "pk")), open_ones)
    if not told:
        return None
    rule = rules.of(user)
    language = words.language(rule.language)
    letter = wording.compose(told, language=language, zone=rules.zone(rule), earlier=_earlier(digest, open_ones))
    return mailing.message(
        TEMPLATE,
        context(letter, language, stop=unsubscribing.link(user), discreet=user.discreet),
        to=user.email,
        message_id=digest.message_id,
        headers=unsubscribing.headers(user),
        return_path=return_path(digest),
    )


def context(letter: Letter, language: Language, *, stop: str, discreet: bool) -> dict[str, object]:
    """What the templates show. A discreet subject says nothing in their own language, and so does the first line that
    lists of messages show beside it.
    """
    return {
        "language": language.code,
        "subject": language.say("neutral") if discreet else letter.subject,
        "preheader": language.say("neutral_more") if discreet else letter.preheader,
        "hello": language.say("hello"),
        "sections": letter.sections,
        "closing": letter.closing,
        "button": language.say(letter.button),
        "link": _page(_PAGES[letter.part]),
        "why": language.say("why"),
        "change": language.say("change"),
        "change_link": _page("alerts:settings"),
        "stop": language.say("stop"),
        "stop_link": stop,
        "contact": language.say("contact", contact=settings.CONTACT_EMAIL),
    }


def happened(alerts: Sequence[Alert], open_ones: Q) -> list[Happened]:
    """What is still worth telling of these alerts: not the pictures that were answered, withdrawn or lost meanwhile."""
    through = Alert.matches.through.objects
    waiting = Match.objects.filter(open_ones).values("pk")
    pictures: dict[object, int] = {}
    for pk in through.filter(alert__in=alerts, match__in=waiting).values_list("alert_id", flat=True):
        pictures[pk] = pictures.get(pk, 0) + 1
    return [
        Happened(Kind(one.kind), one.created_at, str(one.case or one.pk), pictures.get(one.pk, 1))
        for one in alerts
        if one.kind != Kind.MATCH or one.pk in pictures
    ]


def _open_matches(user: User) -> Q:
    """What they can still answer."""
    unanswered = Q(state=MatchState.CANDIDATE, decision=Decision.NONE, image__withdrawn_at=None)
    return Q(subject__user=user) & unanswered & leaving.not_left(user)


def _earlier(digest: Digest, open_ones: Q) -> int:
    """How many pictures other mails told them of that still wait."""
    others = Alert.objects.filter(user=digest.user_id, kind=Kind.MATCH).exclude(digest=None).exclude(digest=digest)
    told = Alert.matches.through.objects.filter(alert__in=others.values("pk"))
    now = Alert.matches.through.objects.filter(alert__digest=digest)
    waiting = Match.objects.filter(open_ones, pk__in=told.values("match"))
    return waiting.exclude(pk__in=now.values("match")).count()


def _page(name: str) -> str:
    return f"{settings.PORTAL_URL}{reverse(name)}"
