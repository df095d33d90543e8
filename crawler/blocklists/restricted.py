"""Restricted pictures: on a list of known abuse pictures, or said to show a minor.

Of such a picture nothing is kept but where and when it was met and by which list, for senior staff to report. Its
address is not requested any more, not even once the report is closed.
"""

from collections.abc import Collection, Iterable, Iterator

from crawler import spool
from crawler.models import FetchedImage, PagePicture, Picture, RestrictedPicture, url_digest
from crawler.policy import FetchError, canonical_url

_BATCH = 500
_SCHEMES = ("http", "https")
# `page#data-…` is a picture inside of that page, which has no file of its own.
_INSIDE = "data-"

Place = tuple[str, str]
"""The page's URL and the picture's own."""


def note(places: Iterable[Place], list_name: str) -> None:
    """Put places on the desk of senior staff; one that is there stays as it is, whatever became of it."""
    rows = [
        RestrictedPicture(
            page_url=page_url,
            image_url=image_url,
            digest=url_digest(page_url, image_url),
            image_digest=address_digests(image_url)[0],
            list_name=list_name[:100],
        )
        for page_url, image_url in dict.fromkeys(places)
    ]
    RestrictedPicture.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_BATCH)


def is_restricted(url: str) -> bool:
    """Whether this is a restricted picture's address, which must not be requested."""
    return RestrictedPicture.objects.filter(image_digest__in=address_digests(url)).exists()


def address_digests(url: str) -> tuple[str, ...]:
    """By what an address is known, as it is stored first; with http and with https it is the same one."""
    try:
        canonical = canonical_url(url)
    except FetchError:
        return (url_digest(url),)
    fragment = url.partition("#")[2]
    if fragment.startswith(_INSIDE):
        canonical = f"{canonical}#{fragment}"  # the picture's address is not that of its page
    scheme, rest = canonical.split(":", 1)
    others = (f"{other}:{rest}" for other in _SCHEMES if other != scheme)
    return url_digest(canonical), *map(url_digest, others)


def take_away(hashes: Collection[str], list_name: str) -> None:
    """Note every place at which the crawler met the pictures of these SHA-256, and forget all else it has of them.

    The bytes go at once and even if the rows should not: call it in a transaction.
    """
    for sha256 in hashes:
        spool.discard(sha256)
    note(_met(hashes), list_name)
    FetchedImage.objects.filter(sha256__in=hashes).delete()
    Picture.objects.filter(sha256__in=hashes).delete()


def _met(hashes: Collection[str]) -> Iterator[Place]:
    yield from FetchedImage.objects.filter(sha256__in=hashes).values_list("page_url", "image_url")
    yield from PagePicture.objects.filter(picture__sha256__in=hashes).values_list("page__url", "picture__url")
