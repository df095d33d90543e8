"""Rows as ingest and matching leave them, for tests that are about what comes after."""

import hashlib
import itertools

from django.utils import timezone

from crawler.models import url_digest
from search import previews
from search.engine.rendering import render
from search.models import Image, Match, Sighting, Subject
from search.sites import site_of
from tests import photos

_numbers = itertools.count(1)


def make_match(subject: Subject, *, band: str = "likely", places: int = 1, with_preview: bool = False) -> Match:
    """A candidate match of a picture of its own, seen at this many pages of shop.example."""
    number = next(_numbers)
    image = Image.objects.create(
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        pdq=hashlib.sha256(f"pdq {number}".encode()).hexdigest(),
        width=512,
        height=512,
        model_id="sface-2021dec-int8bq",
    )
    for place in range(places):
        page = f"https://shop.example/page/{number}/{place}"
        picture = f"https://cdn.shop.example/{number}.jpg"
        Sighting.objects.create(
            image=image,
            page_url=page,
            page_title="A shop",
            image_url=picture,
            digest=url_digest(page, picture),
            site=site_of(page),
        )
    match = Match(
        subject=subject,
        image=image,
        box=[179, 63, 91, 110],
        score=0.71,
        quality_length=11.0,
        model_id=image.model_id,
        band=band,
        gallery_size=1000,
        screened_at=timezone.now(),
    )
    if with_preview:
        jpeg = render(photos.astronaut(), None, [])
        match.sealed_preview = previews.seal(subject, jpeg)
    match.save(force_insert=True)
    return match
