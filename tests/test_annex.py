"""The printed notice: the letter, the evidence by its hashes, the same bytes each time, no intimate picture."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from accounts import consent
from accounts.models import Purpose, User
from crawler.models import Evidence
from search.models import Enrolment
from takedowns import annex, delivery
from takedowns.models import Case, CaseEvent, Notice
from tests import cases, photos
from tests.letters_out import mail_sink


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def notice(case: Case, carol: User) -> Notice:
    return cases.approved(case, carol)


@pytest.fixture
def pictured(notice: Notice, settings: Any) -> Notice:
    """Its place has a picture of the page as it looked, as a browser would have drawn it."""
    jpeg = photos.jpeg(photos.astronaut())
    (settings.EVIDENCE_DIR / "page.jpg").write_bytes(jpeg)
    place = notice.urls.get()
    capture = Evidence.objects.create(
        page_url=place.page_url,
        image_url=place.image_url,
        warc_name="none",
        sha256="a" * 64,
        size=1,
        page_status=200,
        image_status=200,
        screenshot_name="page.jpg",
        screenshot_sha256=hashlib.sha256(jpeg).hexdigest(),
        screenshot_size=len(jpeg),
    )
    notice.urls.update(evidence=capture)
    return notice


def read(data: bytes) -> tuple[str, int]:
    """The text without its line breaks, and the number of pictures."""
    pages = PdfReader(io.BytesIO(data)).pages
    return "".join("".join(page.extract_text() for page in pages).split()), sum(len(page.images) for page in pages)


def test_it_carries_the_letter_and_the_hashes_of_each_place(notice: Notice) -> None:
    text, pictures = read(annex.pdf(notice))
    place = notice.urls.get()
    assert place.evidence
    assert "".join(notice.body.split()) in text
    for said in (place.page_url, place.image_url, place.evidence.sha256, "page200,picture200", "ISO28500"):
        assert said in text
    assert f"{place.evidence.captured_at:%Y-%m-%d%H:%M:%S}UTC" in text
    assert not pictures, "no browser drew the page"


def test_the_same_notice_gives_the_same_bytes(notice: Notice) -> None:
    again = Notice.objects.get(pk=notice.pk)
    assert annex.pdf(notice) == annex.pdf(again)


def test_its_own_description_says_nothing_of_the_person(notice: Notice) -> None:
    known = PdfReader(io.BytesIO(annex.pdf(notice))).metadata
    assert known is not None
    told = " ".join(str(value) for value in known.values())
    assert notice.case.reference in told
    assert "Alice" not in told
    assert known.creation_date == notice.approved_at.replace(microsecond=0)


def test_a_copyright_notice_shows_which_work_is_meant(pictured: Notice) -> None:
    assert read(annex.pdf(pictured))[1] == 1


def test_no_picture_of_an_intimate_case_a_minor_or_on_another_ground(pictured: Notice, alice: User) -> None:
    decision, case, image = pictured.case.ground_decision, pictured.case, pictured.case.match.image
    for record, change in (
        (pictured, {"ground": "host_policy"}),
        (case, {"intimate": True}),
        (image, {"withdrawn_at": pictured.approved_at}),
        (decision, {"answers": {**cases.ANSWERS, "intimate": "yes"}}),
        (decision, {"answers": {**cases.ANSWERS, "minor": "not_sure"}}),
    ):
        before = {name: getattr(record, name) for name in change}
        for name, value in change.items():
            setattr(record, name, value)
        assert not annex.shows_pages(pictured), change
        for name, value in before.items():
            setattr(record, name, value)
    assert annex.shows_pages(pictured)
    consent.withdraw(alice, Purpose.EVIDENCE)
    assert read(annex.pdf(pictured))[1] == 0


def test_a_picture_that_is_not_what_was_captured_is_not_shown(pictured: Notice, settings: Any) -> None:
    (settings.EVIDENCE_DIR / "page.jpg").write_bytes(photos.jpeg(photos.hopper()))
    text, pictures = read(annex.pdf(pictured))
    assert not pictures
    assert hashlib.sha256(photos.jpeg(photos.astronaut())).hexdigest() in text


def test_it_goes_with_the_mail_and_its_hash_is_on_record(notice: Notice, settings: Any) -> None:
    with mail_sink(settings) as sink:
        delivery.send(notice)
    (mail,) = sink.for_recipient(cases.HOST_ABUSE)
    (part,) = mail.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("application/pdf", f"{notice.case.reference}.pdf")
    assert next(mail.walk()).get_content_type() == "multipart/mixed"
    assert [one.get_content_type() for one in mail.walk()][1] == "text/plain", "the text comes first"
    event = CaseEvent.objects.get(kind="notice.sending")
    assert event.data["annex_sha256"] == hashlib.sha256(part.get_content()).hexdigest()


_ODD = {"control": "\x00\x1b\u202e\n", "scripts": "漢字 العربية 🙂", "long": "x" * 5000, "empty": ""}


@pytest.mark.parametrize("body", _ODD.values(), ids=_ODD)
def test_no_text_breaks_it(notice: Notice, body: str) -> None:
    notice.body = body
    notice.title = body[:300]
    assert annex.pdf(notice).startswith(b"%PDF")
