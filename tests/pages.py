"""Pages as evidence keeps them: a picture of the page, and the row that it belongs to."""

import hashlib
from pathlib import Path

from django.conf import settings

from crawler.models import Evidence
from takedowns.models import Case, InfringingUrl
from tests import photos

JPEG = photos.jpeg(photos.coffee())


def saved(case: Case, data: bytes = JPEG) -> Evidence:
    """One place of this case was captured with a screenshot; whichever case it is, in a file of its own."""
    name = f"ab/{case.pk}.jpg"
    file = Path(settings.EVIDENCE_DIR) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    place = InfringingUrl.objects.filter(case=case).order_by("page_url")[0]
    capture = Evidence.objects.create(
        page_url=place.page_url,
        image_url=place.image_url,
        warc_name="ab/x.warc.gz",
        sha256="c" * 64,
        size=2048,
        page_status=200,
        screenshot_name=name,
        screenshot_sha256=hashlib.sha256(data).hexdigest(),
        screenshot_size=len(data),
    )
    InfringingUrl.objects.filter(pk=place.pk).update(evidence=capture)
    return capture
