"""Every way in which a page shows a picture: each comes home once, in the largest size on offer."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests import web_blog
from tests.web import Operator, Routes, Truth, repeated, site


@dataclass
class Story:
    truth: Truth
    kept: set[str]
    run: dict[str, object]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    operator = Operator(tmp_path_factory.mktemp("blog"))
    with site() as (routes, running):
        truth = web_blog.build(routes, running.url("", host="cdn.localhost"))
        (run,) = operator.crawl(running.url(host="blog.localhost"))
        yield Story(truth, operator.kept(), run)


@pytest.mark.parametrize("way", web_blog.WAYS)
def test_every_picture_comes_home(story: Story, way: str) -> None:
    mine = Truth(Routes())
    web_blog.WAYS[way](mine, "http://cdn.localhost:1")
    missing = mine.missing(story.kept)
    assert not missing, missing


@pytest.mark.parametrize("way", web_blog.WAYS)
def test_one_fetch_per_picture(story: Story, way: str) -> None:
    mine = Truth(Routes())
    web_blog.WAYS[way](mine, "http://cdn.localhost:1")
    needless = mine.needless(story.kept)
    assert not needless, needless


def test_nothing_was_asked_for_twice(story: Story) -> None:
    assert repeated(story.truth.routes) == {}


def test_the_run_ended_well(story: Story) -> None:
    assert story.run["status"] == "finished"
    assert set(story.run["errors"]) <= {"http_404", "not_image"}  # type: ignore[call-overload]
