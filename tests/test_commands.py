"""The operator's commands, as an operator calls them: in processes of their own, in a fresh data folder."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import photos
from tests.installation import Installation
from tests.sites import Reply, Site, page, picture, serve

pytestmark = [pytest.mark.slow]

ALICE, CAROL = "alice@example.org", "carol@example.org"


def shop(*names: str, links: tuple[str, ...] = ()) -> Reply:
    pictures = "".join(f'<img src="/{name}">' for name in names)
    return page(pictures + "".join(f'<a href="{link}">more</a>' for link in links))


def jpeg(pixels: photos.Rgb) -> Reply:
    return Reply(photos.jpeg(pixels), "image/jpeg")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    answers = {
        "/mirrored.jpg": jpeg(photos.mirrored(photos.astronaut())),
        "/small.jpg": jpeg(photos.resized(photos.astronaut(), 0.5)),
        "/hopper.jpg": jpeg(photos.hopper()),
        "/group.jpg": jpeg(photos.group()),
        "/": shop("mirrored.jpg", "hopper.jpg", links=("/two", "/secret/")),
        "/two": shop("mirrored.jpg", "small.jpg", "group.jpg"),
        "/secret/": shop("small.jpg"),
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /secret/\n", "text/plain"),
    }
    with serve(answers) as running:
        yield running


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "alice.png").write_bytes(photos.encode(photos.astronaut(), "PNG"))
    (folder / "alice-again.jpg").write_bytes(photos.pair(photos.astronaut())[1])
    (folder / "hopper-again.jpg").write_bytes(photos.pair(photos.hopper())[1])
    (folder / "hopper.jpg").write_bytes(photos.jpeg(photos.hopper()))
    (folder / "group.jpg").write_bytes(photos.jpeg(photos.group()))
    (folder / "coffee.jpg").write_bytes(photos.jpeg(photos.coffee()))
    (folder / "cut.jpg").write_bytes(photos.jpeg(photos.astronaut())[:4000])
    return folder


def two(files: Path, name: str) -> list[str]:
    """The photos of somebody that an enrolment takes at least."""
    return [str(files / name), str(files / f"{Path(name).stem}-again.jpg")]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Installation:
    """One in which Alice is enrolled."""
    made = Installation(tmp_path_factory.mktemp("installation"))
    made.json("enrol", ALICE, *two(files, "alice.png"), "--attested-by", CAROL)
    return made


def test_the_main_job_by_hand(installation: Installation, site: Site, files: Path) -> None:
    pair = two(files, "alice.png")
    enrolled = installation.json("enrol", ALICE, *pair, "--attested-by", CAROL)
    assert enrolled["state"] == "active"
    assert installation.json("enrol", ALICE, *pair, "--attested-by", CAROL) == enrolled

    (run,) = installation.json("crawl", site.url(), "--allow-private")["runs"]
    assert (run["status"], run["pages"], run["images"]) == ("finished", 2, 4)
    assert "/secret/" not in site.requests

    assert installation.json("ingest")["images"] == 4
    assert installation.json("ingest")["images"] == 0

    matches = installation.json("matches", ALICE)["matches"]
    places = {tuple(sorted(place["page_url"] for place in match["sightings"])) for match in matches}
    assert places == {(site.url(), site.url("/two")), (site.url("/two"),)}
    for match in matches:
        assert set(match) == {"id", "score", "band", "status", "box", "sightings"}
        assert match["status"] == "candidate"
        assert len(match["box"]) == 4

    stats = installation.json("index", "stats")
    assert stats["rows"] == stats["count"] == 9
    assert installation.json("index", "verify")["exact"]
    assert installation.json("index", "rebuild")["count"] == 9

    # Everything again: nothing doubles.
    installation.json("crawl", site.url(), "--allow-private")
    installation.json("ingest")
    assert installation.json("matches", ALICE)["matches"] == matches


def test_depth_and_page_limits(installation: Installation, site: Site) -> None:
    (run,) = installation.json("crawl", site.url(), "--allow-private", "--depth", "0")["runs"]
    assert run["pages"] == 1
    (run,) = installation.json("crawl", site.url(), "--allow-private", "--max-pages", "1")["runs"]
    assert run["pages"] == 1


def test_private_addresses_are_refused_before_any_request(installation: Installation, site: Site) -> None:
    before = dict(site.requests)
    sentence = installation.refusal("crawl", site.url())
    assert "private" in sentence
    assert site.requests == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["coffee.jpg"], "could not find a face"),
        (["group.jpg"], "several faces"),
        (["alice.png"], "at least 2"),
        (["alice.png", "hopper.jpg"], "different people"),
        (["cut.jpg"], "damaged"),
        (["nowhere.jpg"], "No such file"),
    ],
)
def test_a_refused_enrolment_leaves_nothing_behind(
    installation: Installation, files: Path, given: list[str], words: str
) -> None:
    names = [str(files / name) for name in given]
    assert words in installation.refusal("enrol", "new@example.org", *names, "--attested-by", CAROL)
    assert "no account" in installation.refusal("matches", "new@example.org")


def test_without_attestation_the_enrolment_waits(installation: Installation, files: Path) -> None:
    waiting = installation.json("enrol", "grace@example.org", *two(files, "hopper.jpg"))
    assert (waiting["state"], waiting["matches"]) == ("awaiting_liveness", 0)
    assert installation.json("matches", "grace@example.org")["matches"] == []


def test_faces_in_the_order_given_and_bad_files_named(installation: Installation, files: Path) -> None:
    names = [str(files / name) for name in ("group.jpg", "cut.jpg", "coffee.jpg", "nowhere.jpg", "alice.png")]
    described = installation.json("faces", *names, "--embeddings")["photos"]
    assert [photo["file"] for photo in described] == names
    assert [len(photo["faces"]) for photo in described] == [6, 0, 0, 0, 1]
    assert [bool(photo["error"]) for photo in described] == [False, True, False, True, False]
    (face,) = described[4]["faces"]
    assert len(face["embedding"]) == 128
    assert sum(value * value for value in face["embedding"]) == pytest.approx(1, abs=1e-4)


def test_a_crawl_killed_half_way_can_be_called_again(installation: Installation) -> None:
    pages = {f"/{number}": shop("hopper.jpg", f"{number}.jpg", links=(f"/{number + 1}",)) for number in range(60)}
    pages |= {f"/{number}.jpg": picture(number) for number in range(60)}
    with serve({**pages, "/hopper.jpg": jpeg(photos.hopper())}) as long_site:
        process = installation.start("crawl", long_site.url("/0"), "--allow-private", "--depth", "100")
        give_up = time.monotonic() + 120
        while long_site.requests.total() < 10 and time.monotonic() < give_up:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        arguments = ("crawl", long_site.url("/0"), "--allow-private", "--depth", "100")
        (run,) = installation.json(*arguments)["runs"]
    assert (run["status"], run["pages"], run["images"]) == ("finished", 60, 61)
    installation.json("ingest")
    assert installation.json("index", "verify")["exact"]


def test_json_is_all_there_is_on_standard_output(installation: Installation) -> None:
    done = installation.run("matches", ALICE, "--json")
    assert len(done.stdout.strip().splitlines()) == 1
    assert json.loads(done.stdout)


def test_staff_accounts(installation: Installation) -> None:
    made = installation.json("staff", "dana@example.org", "--senior")
    assert made["role"] == "senior_staff"
    assert made["password"]
    assert "subscriber" in installation.refusal("staff", ALICE)
