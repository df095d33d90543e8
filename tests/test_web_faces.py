"""From pages to faces: every face that is in the pictures of a site is in the gallery, once, with all its places."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import availability, photos
from tests.sites import Reply, page
from tests.web import Operator, Truth, repeated, site
from tests.web_faces import COPIES, FACES, show


@dataclass
class Story:
    truth: Truth
    operator: Operator
    report: dict[str, int]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    operator = Operator(tmp_path_factory.mktemp("faces"))
    with site() as (routes, running):
        truth = Truth(routes)
        show(truth)
        operator.crawl(running.url())
        yield Story(truth, operator, operator.ingest())


def test_every_face_is_found_once(story: Story) -> None:
    assert story.truth.missing(story.operator.kept()) == []
    assert (story.report["images"], story.report["faces"]) == (len(COPIES), FACES)
    assert story.report["refused"] == {}  # type: ignore[comparison-overlap]


def test_faces_are_in_the_pictures_they_are_in(story: Story) -> None:
    rows = story.operator.rows(
        "select image.sha256, count(face.id) from search_image image"
        " left join search_face face on face.image_id = image.id group by image.sha256"
    )
    found = {story.truth.wanted[digest]: count for digest, count in rows}
    assert found == {name: faces for name, (_pixels, faces) in COPIES.items()}


def test_places_are_all_known_and_bytes_are_gone(story: Story) -> None:
    assert story.report["sightings"] == len(COPIES) + 6
    assert repeated(story.truth.routes) == {}
    assert not [path for path in (story.operator.folder / "spool").rglob("*") if path.is_file()]


SCRIPT = """<p id=here>Loading</p><script>
for (const name of ["astronaut", "group"]) {
  const image = document.createElement("img"); image.src = "/" + name + ".jpg"; document.body.append(image);
}
document.body.insertAdjacentHTML("beforeend", "<a href='/written'>more</a>");
fetch("http://169.254.169.254/latest/"); fetch("/data.json").then(r => r.json()).then(d => {
  const image = document.createElement("img"); image.src = d.image; document.body.append(image); });
</script>"""


@pytest.mark.browser
def test_pictures_that_scripts_show_are_found_where_the_source_says_so(tmp_path: Path) -> None:
    availability.chromium()
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        for name in ("astronaut", "group"):
            data = photos.jpeg(COPIES[name][0])
            routes[f"/{name}.jpg"] = Reply(data, "image/jpeg")
            truth.expect(data, name)
        routes["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /closed/\n", "text/plain")
        routes["/data.json"] = Reply(f'{{"image": "{truth.picture("/later.jpg")}"}}'.encode(), "application/json")
        routes["/"] = page(SCRIPT + '<script src="/closed/script.js"></script><iframe src="/closed/frame"></iframe>')
        routes["/written"] = page(f'<img src="{truth.picture("/written.jpg")}">')
        (run,) = operator.crawl("--browser", running.url())
        missing = truth.missing(operator.kept())
        assert not missing, (missing, run)
        assert not routes.asked("/closed/")
    assert {address for address, _port in operator.connections()} <= {"127.0.0.1", "::1"}
