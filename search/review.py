"""A subject's answers about their matches, and what the portal may show of a match."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.transitions import StaleState, change_state
from search import faces, previews
from search.models import PLACES, Match
from search.states import MATCH, Decision, MatchState


def visible_matches(user: User) -> QuerySet[Match]:
    """A subject's own matches, newest first, with their places. Withdrawn pictures are shown to nobody."""
    matches = Match.objects.filter(subject__user=user, image__withdrawn_at=None)
    return matches.select_related("image", "face", "subject__user").prefetch_related(*PLACES)


def confirm(match: Match, user: User, decision: Decision) -> None:
    """ "This is me": remove it, or leave it; or the other of the two, on second thoughts.

    Raises `IllegalTransition` or `StaleState`.
    """
    if match.state == MatchState.CONFIRMED:
        _change_decision(match, user, decision)
    else:
        _decide(match, user, MatchState.CONFIRMED, decision)


def dismiss(match: Match, user: User) -> None:
    """ "This is not me." Raises `IllegalTransition` or `StaleState`."""
    _decide(match, user, MatchState.DISMISSED, Decision.NONE)


def undo(match: Match, user: User) -> None:
    """Back to the question. Raises `IllegalTransition` or `StaleState`."""
    _decide(match, user, MatchState.CANDIDATE, Decision.NONE)


def preview(match: Match) -> bytes | None:
    """A small JPEG with every other face blurred, or None where the picture was gone before one could be made."""
    return previews.unsealed(match)


def chance_words(match: Match) -> str:
    """How likely it is that the match shows someone else, in words: "about 1 in 40,000 chance that …"."""
    return faces.calibration(match.model_id).words(match.score, match.gallery_size)


def _change_decision(match: Match, user: User, decision: Decision) -> None:
    with transaction.atomic():
        same = Match.objects.filter(pk=match.pk, state=MatchState.CONFIRMED, decision=match.decision)
        if not same.update(decision=decision.value, decided_at=timezone.now()):
            raise StaleState(f"Match {match.pk} was decided anew")
        match.decision = decision.value
        audit.record("match.confirmed", match, actor=user, about=user, decision=decision.value)


def _decide(match: Match, user: User, state: MatchState, decision: Decision) -> None:
    decided_at = None if state == MatchState.CANDIDATE else timezone.now()
    with transaction.atomic():
        change_state(match, MATCH, state, decision=decision.value, decided_at=decided_at)
        audit.record(f"match.{state.value}", match, actor=user, about=user, decision=decision.value)
