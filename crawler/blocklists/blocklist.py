"""Lists of known pictures that must not be kept, and what is asked of them at every picture.

Exact hashes are looked up in the database. Perceptual ones (PDQ) are loaded once per process, and again when a list
has changed.
"""

import hashlib
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crawler.blocklists import restricted
from crawler.blocklists.near_hashes import NearHashes
from crawler.models import HashList, ImageBlock, RestrictedPicture

WITHDRAWN = "Withdrawn here"
"""The list that this installation makes itself; see `remember`."""
_AGAIN_SECONDS = 5.0
_CHUNK = 20_000
_BATCH = 1_000

Stamp = tuple[tuple[int, datetime], ...]
"""Every list and when it changed last: two equal ones mean that no list has changed between."""


class Guard:
    """What one crawl asks. Made outside of an event loop, as everything but `address` asks the database."""

    def __init__(self) -> None:
        self._addresses: set[bytes] = set()
        self._count = -1
        self._asked_at = 0.0
        self._reload()

    def address(self, url: str) -> bool:
        """Whether this is a restricted picture's address: do not request it. Asks memory alone."""
        return any(bytes.fromhex(digest) in self._addresses for digest in restricted.address_digests(url))

    def digest(self, data: bytes) -> str:
        """The name of a list on which the SHA-256 or MD5 of these bytes is, or an empty string."""
        # Now and then, so that a long crawl learns what others have met.
        if time.monotonic() - self._asked_at > _AGAIN_SECONDS:
            self._reload()
        return known(data)

    def restrict(self, page_url: str, image_url: str, list_name: str) -> None:
        """Note where a listed picture was met; noting it twice changes nothing."""
        restricted.note([(page_url, image_url)], list_name)
        self._addresses.update(map(bytes.fromhex, restricted.address_digests(image_url)[:1]))

    def _reload(self) -> None:
        self._asked_at = time.monotonic()
        count = RestrictedPicture.objects.count()
        if count != self._count:
            digests = RestrictedPicture.objects.values_list("image_digest", flat=True).iterator()
            self._addresses.update(map(bytes.fromhex, digests))
            self._count = count


def guard() -> Guard:
    """The guard of one crawl."""
    return Guard()


def known(data: bytes) -> str:
    """The name of a list on which the SHA-256 or MD5 of these bytes is, or an empty string.

    Found by MD5 alone, the SHA-256 joins that list: by it we know the pictures that we have measured already.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    is_listed = Q(kind=ImageBlock.Kind.SHA256, value=sha256) | Q(kind=ImageBlock.Kind.MD5, value=md5)
    found = list(ImageBlock.objects.filter(is_listed).select_related("hash_list"))
    if not found:
        return ""
    hash_list = found[0].hash_list
    if all(entry.kind == ImageBlock.Kind.MD5 for entry in found):
        _add(hash_list, [sha256])
    return hash_list.name


def listed(hashes: Collection[str]) -> dict[str, str]:
    """Those of these SHA-256 that are on a list, each with the name of one."""
    entries = ImageBlock.objects.filter(kind=ImageBlock.Kind.SHA256, value__in=hashes)
    return dict(entries.values_list("value", "hash_list__name"))


def remember(hashes: Collection[str]) -> None:
    """Put the SHA-256 of pictures that were withdrawn here on a list of our own.

    The same bytes at another address are known again by it, without anybody or anything looking at the picture. The
    hash is one that we hold anyway, of bytes that are gone; no perceptual hash is kept, so that what one person said
    about one picture does not reach pictures that only look alike.
    """
    own, _ = HashList.objects.get_or_create(
        name=WITHDRAWN, defaults={"note": "Pictures that were withdrawn here. Made by this installation."}
    )
    _add(own, hashes)


def _add(hash_list: HashList, hashes: Collection[str]) -> None:
    entries = [ImageBlock(hash_list=hash_list, kind=ImageBlock.Kind.SHA256, value=sha256) for sha256 in hashes]
    with transaction.atomic():
        ImageBlock.objects.bulk_create(entries, ignore_conflicts=True, batch_size=_BATCH)
        HashList.objects.filter(pk=hash_list.pk).update(updated_at=timezone.now())


def stamp() -> Stamp:
    """The lists as they are now. One cheap query."""
    return tuple(HashList.objects.order_by("pk").values_list("pk", "updated_at"))


def has_pdq() -> bool:
    """Whether any list has perceptual hashes."""
    return bool(len(_perceptual.now()))


def pdq_lists(pdq_hashes: Sequence[str]) -> str:
    """The name of a list with an entry near to one of these PDQ hashes, or an empty string.

    Give the hashes of a picture's eight mirrored and turned forms. Near are up to 31 of 256 bits.
    """
    hash_list = _perceptual.now().find(pdq_hashes)
    if hash_list is None:
        return ""
    name = HashList.objects.filter(pk=hash_list).values_list("name", flat=True).first()
    return name or ""


class _Perceptual:
    """All perceptual entries in memory, of the lists as they were at one moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._entries = NearHashes((), ())

    def now(self) -> NearHashes:
        with self._lock:
            current = stamp()
            if current != self._stamp:
                self._entries = _load() if current else NearHashes((), ())
                self._stamp = current
            return self._entries


def _load() -> NearHashes:
    entries = ImageBlock.objects.filter(kind=ImageBlock.Kind.PDQ)
    labels: list[int] = []

    def values() -> Iterator[str]:
        rows: Iterable[tuple[str, int]] = entries.values_list("value", "hash_list_id").iterator(chunk_size=_CHUNK)
        for value, label in rows:
            labels.append(label)
            yield value

    return NearHashes(list(values()), labels)


_perceptual = _Perceptual()
