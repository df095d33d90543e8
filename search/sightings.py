"""Where pictures were seen, written for many at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from crawler.models import FetchedImage, url_digest
from search import leaving
from search.models import Image, Sighting
from search.sites import site_of

INGESTED = "ingested"
Key = tuple[UUID, str]
"""An image's id and the digest of a place."""


def write(images: Mapping[str, Image], rows: Sequence[FetchedImage]) -> int:
    """Write where these rows saw their pictures, and mark them as done. Returns how many places are new.

    `images` by SHA-256, one for each row's. Call it in the transaction that writes the pictures.
    """
    new: dict[Key, Sighting] = {}
    for row in rows:
        image = images[row.sha256]
        sighting = _sighting(image, row)
        earlier = new.setdefault((image.pk, sighting.digest), sighting)
        earlier.first_seen = min(earlier.first_seen, row.fetched_at)
        earlier.last_seen = max(earlier.last_seen, row.fetched_at)
        image.last_seen = max(image.last_seen, row.fetched_at)
    silent = leaving.silent([image.pk for image in images.values()])
    count = _write_places(new)
    # A picture of a site that somebody leaves alone is news to them on another one.
    leaving.wake(silent)
    _write_last_seen(list(images.values()))
    done = FetchedImage.objects.filter(pk__in=[row.pk for row in rows])
    done.update(processed_at=timezone.now(), outcome=INGESTED)
    return count


def _sighting(image: Image, row: FetchedImage) -> Sighting:
    return Sighting(
        image=image,
        page_url=row.page_url,
        page_title=row.page_title,
        image_url=row.image_url,
        digest=url_digest(row.page_url, row.image_url),
        site=site_of(row.page_url),
        first_seen=row.fetched_at,
        last_seen=row.fetched_at,
    )


def _write_places(wanted: Mapping[Key, Sighting]) -> int:
    """New places, and when known ones were seen last, which never goes back."""
    images = {image for image, _ in wanted}
    held = Sighting.objects.filter(image__in=images, digest__in=[digest for _, digest in wanted])
    known = {(place.image_id, place.digest): place for place in held.only("image_id", "digest", "last_seen")}
    later = []
    for key, place in known.items():
        if key in wanted and place.last_seen < wanted[key].last_seen:
            place.last_seen = wanted[key].last_seen
            later.append(place)
    Sighting.objects.bulk_update(later, ["last_seen"], batch_size=200)
    new = [place for key, place in wanted.items() if key not in known]
    Sighting.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _write_last_seen(images: Sequence[Image]) -> None:
    stored: dict[UUID, datetime] = dict(
        Image.objects.filter(pk__in=[image.pk for image in images]).values_list("pk", "last_seen")
    )
    later = [image for image in images if image.pk in stored and stored[image.pk] < image.last_seen]
    Image.objects.bulk_update(later, ["last_seen"], batch_size=200)
