"""Sites that a person leaves alone: they are neither asked about what is only there, nor told of it.

No answer is made up for such a match. It waits as it is, and is asked about again once its picture is seen on a site
that they do not leave alone, or once they want to hear of the site again.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import audit
from accounts.models import User
from search.models import LeftSite, Match, Sighting, Subject, seen_at
from search.states import Decision, MatchState


def sites(user: User) -> QuerySet[LeftSite]:
    """The sites that this person leaves alone, by name."""
    return LeftSite.objects.filter(subject__user=user).order_by("site")


def leave_site(user: User, site: str) -> bool:
    """Leave a site alone, named as in `Sighting.site`. False where they do already.

    Raises `Subject.DoesNotExist` for somebody who was never enrolled: they have no matches to leave.
    """
    with transaction.atomic():
        row, new = LeftSite.objects.get_or_create(subject=Subject.objects.get(user=user), site=site)
        if new:
            audit.record("site.left", row, actor=user, about=user)
    return new


def listen_again(user: User, site: str) -> bool:
    """Ask about this site's pictures again: those found meanwhile wait in the portal. False where it was not left."""
    with transaction.atomic():
        row = sites(user).select_for_update().filter(site=site).first()
        if row is None:
            return False
        audit.record("site.heard", row, actor=user, about=user)
        row.delete()
    return True


def asked(match: Match) -> bool:
    """Whether the subject wants to hear of this match: not where every place of it is on a site they leave alone."""
    left = set(LeftSite.objects.filter(subject=match.subject_id).values_list("site", flat=True))
    if not left:
        return True
    seen = set(Sighting.objects.filter(seen_at(match.pk, match.image_id)).values_list("site", flat=True))
    return not seen or not seen <= left


def left(user: User) -> Q:
    """For a queryset of matches: seen on sites that this person leaves alone, and nowhere else. Costs one query."""
    return only_on(user, names(user))


def names(user: User) -> list[str]:
    """The sites that this person leaves alone."""
    return list(sites(user).values_list("site", flat=True))


def only_on(user: User, named: Collection[str]) -> Q:
    """This person's matches that were seen on these sites, and nowhere else."""
    there = Sighting.objects.filter(site__in=named).values("image")
    variants = Match.variants.through.objects.filter(image__in=there).values("match")
    elsewhere = Sighting.objects.filter(seen_at(OuterRef("pk"), OuterRef("image"))).exclude(site__in=named)
    mine = Match.objects.filter(subject__user=user).order_by()
    found = mine.filter(Q(image__in=there) | Q(pk__in=variants)).exclude(Exists(elsewhere))
    return Q(pk__in=found.values("pk"))


def not_left(user: User) -> Q:
    """The others. Not empty where no site is left alone, so that it may be negated."""
    return ~left(user)


def silent(images: Collection[UUID]) -> list[UUID]:
    """The unanswered matches of these pictures that their subjects are not asked about. Before places are added."""
    leaving = Match.objects.filter(subject__in=LeftSite.objects.values("subject"))
    open_ones = leaving.filter(state=MatchState.CANDIDATE, decision=Decision.NONE)
    variants = Match.variants.through.objects.filter(image__in=images).values("match")
    shown = open_ones.filter(Q(image__in=images) | Q(pk__in=variants))
    return [match.pk for match in shown.only("pk", "subject", "image") if not asked(match)]


def wake(matches: Collection[UUID]) -> int:
    """Of those that were silent, tell again of each that is asked about now. Returns how many. After adding places.

    Once: what is asked about is not silent any more.
    """
    heard = [match.pk for match in Match.objects.filter(pk__in=matches) if asked(match)]
    return Match.objects.filter(pk__in=heard).update(alerted_at=None)
