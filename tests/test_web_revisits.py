"""A second visit: conditional, no picture fetched again, what changed read anew."""

from pathlib import Path

from tests.sites import Reply, page
from tests.web import Operator, Truth, jpeg, repeated, site


def journal(truth: Truth) -> None:
    """Pages with an ETag, with a date, with neither; and pictures."""
    routes = truth.routes
    for name, headers in {
        "etag": {"ETag": '"v1"'},
        "weak": {"ETag": 'W/"v1"'},
        "dated": {"Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT"},
        "bare": {},
    }.items():
        routes[f"/{name}"] = page(f'<img src="{truth.picture(f"/{name}.jpg")}"><a href="/">up</a>')
        routes[f"/{name}"].headers.update(headers)
    routes["/"] = page("".join(f'<a href="/{name}">x</a>' for name in ("etag", "weak", "dated", "bare")))
    routes["/"].headers["ETag"] = '"front"'


def test_a_second_visit_is_conditional_and_fetches_no_picture_again(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        journal(truth)
        operator.crawl(running.url())
        assert repeated(routes) == {}
        before = operator.ingest()
        seen = dict(operator.rows("select image_url, last_seen from search_sighting"))
        routes.log = []
        (run,) = operator.crawl(running.url())
        operator.ingest()
        again = dict(operator.rows("select image_url, last_seen from search_sighting"))
    assert before["images"] == 4
    asked = {each.path: each.headers for each in routes.log}
    assert not {path for path in asked if path.endswith(".jpg")}
    assert set(asked) - {"/sitemap.xml"} == {"/robots.txt", "/", "/etag", "/weak", "/dated", "/bare"}
    assert asked["/etag"]["if-none-match"] == '"v1"' and asked["/weak"]["if-none-match"] == 'W/"v1"'
    assert asked["/dated"]["if-modified-since"] == "Sat, 21 Nov 2026 10:00:00 GMT"
    assert (run["status"], run["pages"], run["images"], run["errors"]) == ("finished", 5, 4, {})
    assert operator.rows("select unchanged, fetched from crawler_crawlrun order by started_at desc limit 1") == [(5, 0)]
    assert again.keys() == seen.keys() and all(again[url] > seen[url] for url in seen)


def test_what_changed_is_read_anew(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        journal(truth)
        operator.crawl(running.url())
        routes["/etag"] = page(f'<img src="{truth.picture("/new.jpg")}"><img src="/etag.jpg"><a href="/extra">e</a>')
        routes["/etag"].headers["ETag"] = '"v2"'
        routes["/extra"] = page(f'<img src="{truth.picture("/extra.jpg")}">')
        routes["/dated"] = Reply(b"gone", status=404)
        routes.log = []
        (run,) = operator.crawl(running.url())
        missing = truth.missing(operator.kept())
    assert not missing, missing
    assert {path for path in routes.asked() if path.endswith(".jpg")} == {"/new.jpg", "/extra.jpg"}
    assert run["errors"] in ({"http_404": 1}, {})


def test_the_same_bytes_elsewhere_are_a_sighting_and_no_second_measurement(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    data = Reply(jpeg("copied"), "image/jpeg")
    with site({"/a.jpg": data, "/b.jpg": data}) as (routes, running):
        routes["/"] = page('<img src="/a.jpg"><a href="/two">2</a>')
        routes["/two"] = page('<img src="/b.jpg"><img src="/a.jpg#x">')
        operator.crawl(running.url())
        report = operator.ingest()
    assert (report["images"], report["sightings"]) == (1, 3)
    assert repeated(routes) == {}


def test_watch_mode_makes_no_conditional_request(tmp_path: Path) -> None:
    operator = Operator(tmp_path, GALLERY_MODE="watch")
    with site() as (routes, running):
        journal(Truth(routes))
        operator.crawl(running.url())
        routes.log = []
        operator.crawl(running.url())
    assert not [each for each in routes.log if {"if-none-match", "if-modified-since"} & set(each.headers)]
    assert operator.rows("select count(*) from crawler_picture") == [(0,)]
    assert routes.asked("/etag.jpg")
