"""A subject's answers about their matches, and what the portal may show of a match."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState, change_state
from search import faces, previews
from search.models import PLACES, Image, Match
from search.states import MATCH, Decision, MatchState

# The most that is answered in one go, so that it is done while somebody waits.
MOST = 200


@dataclass
class Batch:
    """What became of many matches: those that were answered, each with what was said before, and those skipped."""

    done: list[tuple[UUID, str]] = field(default_factory=list)
    skipped: int = 0


def of(user: User) -> QuerySet[Match]:
    """A subject's own matches, newest first. Withdrawn pictures are shown to nobody."""
    # Not by a join: withdrawn pictures are few, and an index has them.
    withdrawn = Image.objects.filter(withdrawn_at__isnull=False).values("pk")
    return Match.objects.filter(subject__user=user).exclude(image__in=withdrawn)


def visible_matches(user: User) -> QuerySet[Match]:
    """The same with their places."""
    return with_places(of(user))


def with_places(matches: QuerySet[Match]) -> QuerySet[Match]:
    """With all that a page shows of them."""
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


def unsure(match: Match, user: User) -> None:
    """ "I cannot tell": it is no answer, and the question waits apart. Raises `IllegalTransition` or `StaleState`."""
    if match.state != MatchState.CANDIDATE or match.decision == Decision.UNSURE:
        raise IllegalTransition(f"Match {match.pk} is no open question")
    _change_decision(match, user, Decision.UNSURE)


def undo(match: Match, user: User) -> None:
    """Back to the question. Raises `IllegalTransition` or `StaleState`."""
    if match.state == MatchState.CANDIDATE and match.decision == Decision.UNSURE:
        _change_decision(match, user, Decision.NONE)
    else:
        _decide(match, user, MatchState.CANDIDATE, Decision.NONE)


def remove(match: Match, user: User) -> None:
    """ "This is me: remove it." Raises `IllegalTransition` or `StaleState`."""
    confirm(match, user, Decision.ACT)


def leave(match: Match, user: User) -> None:
    """ "This is me: leave it." Raises `IllegalTransition` or `StaleState`."""
    confirm(match, user, Decision.KEEP)


# As forms name them.
ANSWERS = {"act": remove, "keep": leave, "not_me": dismiss, "unsure": unsure}


def many(matches: QuerySet[Match], user: User, answer: Callable[[Match, User], None]) -> Batch:
    """Give one answer to each of these matches, MOST of them; one that cannot take it is skipped and counted.

    A match with a case is left to its case, whose page says what an answer leads to.
    """
    batch = Batch()
    chosen = list(matches[:MOST])
    with transaction.atomic():
        theirs = _with_case([match.pk for match in chosen])
        for match in chosen:
            before = match.decision
            try:
                if match.pk in theirs:
                    raise IllegalTransition(f"Match {match.pk} has a case")
                answer(match, user)
            except (IllegalTransition, StaleState):
                batch.skipped += 1
            else:
                batch.done.append((match.pk, before))
    return batch


def undo_many(user: User, done: Sequence[tuple[UUID, str]]) -> Batch:
    """Take back what `many` answered: each is as open as it was, and the unsure are unsure again."""
    unsure_before = {pk for pk, before in done if before == Decision.UNSURE}

    def back(match: Match, user: User) -> None:
        undo(match, user)
        if match.pk in unsure_before:
            unsure(match, user)

    return many(of(user).filter(pk__in=[pk for pk, _ in done]).defer("sealed_preview"), user, back)


def _with_case(matches: Sequence[UUID]) -> set[UUID]:
    """Through the relation, as cases lie to the right of here."""
    return set(Match.objects.filter(pk__in=matches).exclude(cases=None).values_list("pk", flat=True))


def preview(match: Match) -> bytes | None:
    """A small JPEG with every other face blurred, or None where the picture was gone before one could be made."""
    return previews.unsealed(match)


def chance_words(match: Match) -> str:
    """How likely it is that the match shows someone else, in words: "about 1 in 40,000 chance that …"."""
    return faces.calibration(match.model_id).words(match.score, match.gallery_size)


def _change_decision(match: Match, user: User, decision: Decision) -> None:
    with transaction.atomic():
        same = Match.objects.filter(pk=match.pk, state=match.state, decision=match.decision)
        decided_at = None if match.state == MatchState.CANDIDATE else timezone.now()
        if not same.update(decision=decision.value, decided_at=decided_at):
            raise StaleState(f"Match {match.pk} was decided anew")
        match.decision = decision.value
        action = "match.unsure" if decision == Decision.UNSURE else f"match.{match.state}"
        audit.record(action, match, actor=user, about=user, decision=decision.value)


def _decide(match: Match, user: User, state: MatchState, decision: Decision) -> None:
    decided_at = None if state == MatchState.CANDIDATE else timezone.now()
    with transaction.atomic():
        change_state(match, MATCH, state, decision=decision.value, decided_at=decided_at)
        audit.record(f"match.{state.value}", match, actor=user, about=user, decision=decision.value)
