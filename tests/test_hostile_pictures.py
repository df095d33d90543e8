"""A folder of files made to harm: each gives its faces or one clear reason, in bounded time and memory."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from search.engine import Analysis, PictureRefused, Pool, Refusal
from tests import hostile, photos

GOOD = photos.jpeg(photos.astronaut())
AVIF, HEIC = (photos.encode(photos.hopper(), kind) for kind in ("AVIF", "HEIF"))

Maker = Callable[[], bytes]

# What is refused, and why.
REFUSED: dict[str, tuple[Maker, Refusal]] = {
    "empty": (lambda: b"", Refusal.EMPTY),
    "html": (lambda: b"<!doctype html><img src=x>", Refusal.NOT_A_PICTURE),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", Refusal.UNSUPPORTED),
    "pdf": (lambda: b"%PDF-1.7\n1 0 obj\n", Refusal.UNSUPPORTED),
    "one pixel": (lambda: photos.encode(photos.hanks()[:1, :1], "PNG"), Refusal.TOO_SMALL),
    "png of 30,000 x 30,000": (hostile.png_of_zeros, Refusal.TOO_MANY_PIXELS),
    "png that claims 60,000 x 60,000": (lambda: hostile.png_that_claims(60_000, 60_000), Refusal.TOO_MANY_PIXELS),
    "jpeg that claims 65,500 x 65,500": (lambda: hostile.jpeg_that_claims(65_500, 65_500), Refusal.TOO_MANY_PIXELS),
    "webp canvas": (lambda: hostile.webp_canvas(16_000, 16_000), Refusal.TOO_MANY_PIXELS),
    "webp canvas, broad": (lambda: hostile.webp_canvas(1 << 24, 200), Refusal.TOO_MANY_PIXELS),
    "heic canvas": (lambda: hostile.box_size(HEIC, 20_000, 20_000), Refusal.TOO_MANY_PIXELS),
    "heic of another size": (lambda: hostile.box_size(HEIC, 5000, 5000), Refusal.DAMAGED),
    "avif canvas": (lambda: hostile.box_size(AVIF, 20_000, 20_000), Refusal.DAMAGED),
    "gif frame beyond its screen": (hostile.gif_frame_beyond_its_screen, Refusal.TOO_MANY_PIXELS),
    "text bomb": (hostile.text_bomb, Refusal.TOO_COSTLY),
    "international text bomb": (hostile.international_text_bomb, Refusal.TOO_COSTLY),
    "profile bomb": (hostile.profile_bomb, Refusal.TOO_COSTLY),
    "many texts": (hostile.many_small_texts, Refusal.TOO_COSTLY),
    "a million segments": (hostile.segment_flood, Refusal.TOO_COSTLY),
    "two thousand scans": (hostile.scan_bomb, Refusal.TOO_COSTLY),
    "tiff of tiles": (lambda: hostile.tiff_tiles(60_000, 60_000), Refusal.DAMAGED),
    "tiff of overlapping tags": (hostile.tiff_of_overlapping_tags, Refusal.DAMAGED),
    "heic cut short": (lambda: HEIC[: len(HEIC) // 2], Refusal.DAMAGED),
}

# What is odd but shows so many faces all the same.
READ: dict[str, tuple[Maker, int]] = {
    "exif of 18 MB": (hostile.exif_flood, 1),
    "profile of 16 MB": (hostile.profile_flood, 1),
    "gif of 100,000 frames": (hostile.gif_frames, 1),
    "jpeg and zip": (lambda: hostile.polyglot("zip"), 1),
    "jpeg and html": (lambda: hostile.polyglot("html"), 1),
    "jpeg and pdf": (lambda: hostile.polyglot("pdf"), 1),
    "png named jpg": (lambda: photos.encode(photos.astronaut(), "PNG"), 1),
    "inverted cmyk": (hostile.cmyk, 1),
    "sixteen bits": (hostile.sixteen_bits, 1),
    "tiff with NaN": (hostile.float_tiff, 1),
    "animated webp": (lambda: hostile.animation("WEBP"), 1),
    "animated png": (lambda: hostile.animation("PNG"), 1),
    "animated avif": (lambda: hostile.animation("AVIF"), 1),
    "webp on a large canvas": (lambda: hostile.webp_canvas(4000, 3000), 1),
    "no face": (lambda: photos.jpeg(photos.coffee()), 0),
    "jpeg with little in it": (lambda: hostile.jpeg_that_claims(7000, 6000), 0),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    running = Pool("sface", settings.MODEL_CACHE_DIR, workers=1)
    yield running
    assert _peak_megabytes(running) < 700
    running.close()


def _peak_megabytes(pool: Pool) -> float:
    """The most memory that the worker ever had resident; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    with pool._worker() as worker:
        status = Path(f"/proc/{worker._process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _outcome(pool: Pool, data: bytes) -> Analysis | PictureRefused:
    """Of a file between two good ones, which must not suffer."""
    before, outcome, after = pool.analyse([GOOD, data, GOOD])
    assert isinstance(before, Analysis)
    assert isinstance(after, Analysis)
    assert len(before.faces) == len(after.faces) == 1
    return outcome


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_reason(name: str, pool: Pool) -> None:
    make, reason = REFUSED[name]
    outcome = _outcome(pool, make())
    assert isinstance(outcome, PictureRefused)
    assert outcome.reason is reason
    assert outcome.sentence[0].isupper()
    assert outcome.sentence.endswith(".")


@pytest.mark.parametrize("name", READ)
def test_it_is_read_all_the_same(name: str, pool: Pool) -> None:
    make, faces = READ[name]
    outcome = _outcome(pool, make())
    assert isinstance(outcome, Analysis), outcome
    assert len(outcome.faces) == faces


def test_a_tiff_that_goes_in_circles_is_one_picture(pool: Pool) -> None:
    outcome = _outcome(pool, hostile.tiff_in_circles())
    assert isinstance(outcome, Analysis)
    assert (outcome.width, outcome.height) == (112, 112)


def test_two_hundred_faces_are_all_found(pool: Pool) -> None:
    outcome = _outcome(pool, hostile.crowd(200))
    assert isinstance(outcome, Analysis)
    assert len(outcome.faces) == 200


@pytest.mark.parametrize(
    ("name", "data"), list(hostile.cut_short()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_picture_cut_short_is_refused(name: str, data: bytes, pool: Pool) -> None:
    outcome = next(pool.analyse([data]))
    assert isinstance(outcome, PictureRefused)
    assert outcome.reason is Refusal.DAMAGED


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {"compress_level": 1}), ("JPEG", {"progressive": True, "subsampling": 0})]
)
def test_the_largest_pictures_fit(kind: str, options: dict[str, Any], pool: Pool) -> None:
    """That the memory sufficed is checked when the pool is closed, for every test of this module."""
    largest = photos.resized(photos.group(), 6.6)
    outcome = _outcome(pool, photos.encode(largest, kind, **options))
    assert isinstance(outcome, Analysis)
    assert (outcome.height, outcome.width) == largest.shape[:2]
    assert len(outcome.faces) == 6
    for face in outcome.faces:
        x, y, width, height = face.box
        assert 0 <= x < x + width <= outcome.width
        assert 0 <= y < y + height <= outcome.height
        assert 300 < face.quality.size < 1200


# The command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Not only files."""
    made = tmp_path / "hostile"
    (made / "b").mkdir(parents=True)
    (made / "b" / "good.jpg").write_bytes(GOOD)
    (made / "a.jpg").write_bytes(b"")
    (made / "c.jpg").write_bytes(GOOD)
    with (made / "huge.jpg").open("wb") as file:
        file.truncate(2**32)
    (made / "nowhere.jpg").symlink_to("nowhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo(made / "pipe.jpg")
        (made / "zero.jpg").symlink_to("/dev/zero")
        Path(os.fsdecode(os.fsencode(made) + b"/\xff.jpg")).write_bytes(GOOD)
    return made


def _described(*names: object) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("faces", *map(str, names), "--json", "--embeddings", stdout=out)
    photos_: list[dict[str, Any]] = json.loads(out.getvalue())["photos"]
    return photos_


@pytest.mark.django_db
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_folder_is_described_file_by_file(folder: Path) -> None:
    described = _described(folder, folder / "c.jpg", folder / "missing.jpg")
    assert [(Path(photo["file"]).name, photo["reason"], len(photo["faces"])) for photo in described] == [
        ("a.jpg", "empty", 0),
        ("c.jpg", None, 1),
        ("huge.jpg", "too_many_bytes", 0),
        ("nowhere.jpg", "unreadable", 0),
        ("pipe.jpg", "unreadable", 0),
        ("zero.jpg", "unreadable", 0),
        ("\ufffd.jpg", None, 1),
        ("good.jpg", None, 1),
        ("c.jpg", None, 1),
        ("missing.jpg", "unreadable", 0),
    ]
    for photo in described:
        assert bool(photo["error"]) == bool(photo["reason"])
        assert not photo["error"] or photo["error"].endswith(".")


@pytest.mark.django_db
def test_a_face_is_described_with_what_its_quality_means(folder: Path) -> None:
    (face,) = _described(folder / "c.jpg")[0]["faces"]
    assert set(face) == {"box", "score", "quality", "grade", "details", "landmarks", "embedding"}
    assert set(face["details"]) == {"size", "blur", "yaw", "pitch", "roll", "exposure"}
    assert face["grade"] == "good"
    assert [len(point) for point in face["landmarks"]] == [2] * 5
    assert sum(value * value for value in face["embedding"]) == pytest.approx(1, abs=1e-4)


@pytest.mark.django_db
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_without_rights_is_named(folder: Path) -> None:
    (folder / "b").chmod(0)
    described = _described(folder)
    (folder / "b").chmod(0o700)
    assert (described[-1]["file"], described[-1]["reason"]) == (str(folder / "b"), "unreadable")
