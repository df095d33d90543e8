"""Cases as the story makes them, on a small real site with a real photo, with the demo's registry behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from accounts.models import User
from crawler.models import url_digest
from demo.registry import Registry
from search import faces, pictures
from search.engine import DetectedFace
from search.models import Face, Image, Match, Sighting, Subject
from search.sites import site_of
from takedowns import mandates, notices, workflow
from takedowns.models import Case, InfringingUrl, Notice
from takedowns.tasks import prepare_case
from tests import photos
from tests.sites import Reply, Site, page, serve

ANSWERS = {
    "minor": "no",
    "intimate": "no",
    "synthetic": "no",
    "photographer": "me",
    "consented": "never",
    "lives_in": "us",
    "context": "ordinary",
}
HOST = "blog.localhost"
HOST_ABUSE = "abuse@loopback-hosting.example"
OWNER = "alice@half-an-orbit.example"


@contextmanager
def blog() -> Iterator[Site]:
    """A page with the astronaut photo on it."""
    answers = {"/post": page('<p>Hello</p><img src="/photo.jpg">'), "/photo.jpg": photo()}
    with serve(answers) as site:
        yield site


@contextmanager
def registry() -> Iterator[str]:
    """The demo's registry; the URL of its bootstrap files."""
    running = Registry(0)
    with running.server:
        yield f"{running.url}/bootstrap/"


def photo(pixels: photos.Rgb | None = None) -> Reply:
    return Reply(photos.jpeg(photos.astronaut() if pixels is None else pixels), "image/jpeg")


def sighting(image: Image, site: Site, page_path: str = "/post", file_path: str = "/photo.jpg") -> Sighting:
    page_url, image_url = site.url(page_path, HOST), site.url(file_path, HOST)
    return Sighting.objects.create(
        image=image,
        page_url=page_url,
        image_url=image_url,
        digest=url_digest(page_url, image_url),
        site=site_of(page_url),
    )


def match_of(subject: Subject, pixels: photos.Rgb, sha256: str) -> Match:
    """A candidate match of a photo's best face, as ingest and matching would write it."""
    face = _face(pixels.tobytes(), pixels.shape)
    image = Image.objects.create(
        sha256=sha256 * (64 // len(sha256)),
        pdq=pictures.pdq(pixels),
        width=pixels.shape[1],
        height=pixels.shape[0],
        model_id=face.model_id,
    )
    row = Face.objects.create(
        image=image,
        box=[float(value) for value in face.box],
        score=face.score,
        quality_length=face.quality.length,
        embedding=faces.to_bytes(face.embedding),
        model_id=face.model_id,
    )
    return Match.objects.create(
        subject=subject,
        image=image,
        face=row,
        box=row.box,
        score=0.9,
        band="certain",
        gallery_size=100,
        model_id=row.model_id,
        quality_length=11.0,
    )


def astronaut_match(subject: Subject, site: Site) -> Match:
    match = match_of(subject, photos.astronaut(), "a")
    sighting(match.image, site)
    return match


@cache
def _face(data: bytes, shape: tuple[int, ...]) -> DetectedFace:
    pixels = photos.np.frombuffer(data, dtype=photos.np.uint8).reshape(shape)
    return max(faces.faces_in(photos.encode(pixels, "PNG")), key=lambda face: face.score)


def sign(user: User) -> None:
    mandates.sign(user, full_name="Alice Example", address="12 Secret Road", signature="Alice Example")


def open_case(match: Match, **answers: str) -> Case:
    """Alice signs and asks for the removal."""
    user = match.subject.user
    sign(user)
    case = workflow.open_case(match, user, {**ANSWERS, **answers})
    prepare_case(str(case.pk))
    return Case.objects.get(pk=case.pk)


def approved(case: Case, staff: User) -> Notice:
    """The case's one draft, approved."""
    return notices.approve(case.notices.get(state="draft"), staff)


def only_place(case: Case) -> InfringingUrl:
    return case.urls.get()
