"""Pictures of which nothing may be kept: listed ones, and ones that may show a minor.

`withdraw` is the one way there, whoever found out. What is left of such a picture are the places for senior staff to
report (`crawler.blocklists.restricted`) and, where a case hangs on it, rows without a face, a preview or an address.
"""

import hashlib
from collections.abc import Collection, Iterable
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from crawler.blocklists import blocklist, restricted
from crawler.blocklists.near_hashes import turned
from search import gallery
from search.models import Face, Image, Match, Sighting

REPORTED_MINOR = "Reported as a minor"
"""In the place of a list's name, where somebody said that a picture may show a person under 18."""
_SWEPT = "withdrawal-swept"
_CHUNK = 1_000


def withdraw(images: Iterable[Image], list_name: str) -> int:
    """Delete all that we have of these pictures and of their variants; doing it twice changes nothing more.

    Places go to the restricted queue. Faces, embeddings, sightings, previews, waiting rows and bytes go for good, and
    so does a match without a case; one with a case stays, and is shown to nobody. What no programme's list would know
    again, because somebody here reported it or because it is a variant in other bytes, is put on our own list by its
    SHA-256. Returns how many pictures were withdrawn.
    """
    given = {image.pk for image in images}
    if not given:
        return 0
    with transaction.atomic():
        group = list(Image.objects.filter(pk__in=_with_variants(given)))
        hashes = [image.sha256 for image in group]
        sightings = Sighting.objects.filter(image__in=group)
        restricted.note(sightings.values_list("page_url", "image_url"), list_name)
        restricted.take_away(hashes, list_name)
        unlisted = [image.sha256 for image in group if list_name == REPORTED_MINOR or image.pk not in given]
        if unlisted:
            blocklist.remember(unlisted)
        Face.objects.filter(image__in=group).delete()
        sightings.delete()
        _strip(group)
        # The index is brought in line by every search as well.
        transaction.on_commit(gallery.tidy)
    return len(group)


def withdraw_listed(images: QuerySet[Image]) -> int:
    """Withdraw those of these pictures that are on a list. Returns how many were.

    By SHA-256 and perceptual hash: an MD5 is not kept of a picture, so that one that is listed by MD5 alone is found
    out when it is fetched again.
    """
    rows = images.filter(withdrawn_at=None).order_by("pk").values_list("pk", "sha256", "pdq")
    withdrawn = 0
    found: dict[str, list[Image]] = {}
    waiting: list[tuple[UUID, str, str]] = []
    for row in rows.iterator(chunk_size=_CHUNK):
        waiting.append(row)
        if len(waiting) == _CHUNK:
            _find(waiting, found)
            waiting = []
    _find(waiting, found)
    for list_name, listed in found.items():
        withdrawn += withdraw(listed, list_name)
    return withdrawn


def sweep() -> int:
    """Withdraw what is listed by now, where lists have changed since the last sweep. Returns how many were."""
    lists = blocklist.stamp()
    if not lists:
        return 0
    mark = hashlib.sha256(repr(lists).encode()).hexdigest()
    if cache.get(_SWEPT) == mark:
        return 0
    withdrawn = withdraw_listed(Image.objects.all())
    cache.set(_SWEPT, mark, None)
    return withdrawn


def withdrawn_among(hashes: Collection[str]) -> set[str]:
    """Those of these SHA-256 that are of withdrawn pictures."""
    rows = Image.objects.filter(sha256__in=hashes, withdrawn_at__isnull=False)
    return set(rows.values_list("sha256", flat=True))


def _find(rows: Collection[tuple[UUID, str, str]], found: dict[str, list[Image]]) -> None:
    exact = blocklist.listed([sha256 for _, sha256, _ in rows])
    near = blocklist.has_pdq()
    for pk, sha256, pdq in rows:
        list_name = exact.get(sha256, "") or (blocklist.pdq_lists(turned(pdq)) if near and pdq else "")
        if list_name:
            found.setdefault(list_name, []).append(Image(pk=pk))


def _with_variants(given: Collection[UUID]) -> set[UUID]:
    """These pictures and every one that is the same to a person, as some match says."""
    group: set[UUID] = set()
    more = set(given)
    while more:
        group |= more
        related = Match.objects.filter(Q(image__in=more) | Q(variants__in=more))
        found = related.values_list("image", "variants")
        more = {pk for pair in found for pk in pair if pk is not None} - group
    return group


def _strip(group: Collection[Image]) -> None:
    """Matches without a case go with their pictures; of the others there is nothing left to be shown."""
    matches = Match.objects.filter(image__in=group)
    now = timezone.now()
    matches.filter(cases=None).delete()
    for match in matches:
        match.variants.clear()
        audit.record("match.withdrawn", match, about=match.subject.user)
    matches.update(sealed_preview=None, face=None)
    matches.filter(alerted_at=None).update(alerted_at=now)
    matches.filter(screened_at=None).update(screened_at=now)
    kept = set(matches.values_list("image", flat=True))
    images = Image.objects.filter(pk__in=[image.pk for image in group])
    images.exclude(pk__in=kept).delete()
    images.filter(pk__in=kept).update(withdrawn_at=now, pdq="")


__all__ = ["REPORTED_MINOR", "sweep", "withdraw", "withdraw_listed", "withdrawn_among"]
