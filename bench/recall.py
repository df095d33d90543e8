"""What a crawl brings home from the small web of `tests`: every way of showing a picture, and the faces in them."""

import tempfile
from pathlib import Path

from bench.tables import Table, Target
from tests import web_blog, web_faces
from tests.web import Operator, Routes, Truth, repeated, site


def table() -> Table:
    made = Table("What a crawl brings home", ["what", "wanted", "came home", "fetched without need", "target"])
    with tempfile.TemporaryDirectory() as folder, site() as (routes, running):
        operator = Operator(Path(folder) / "blog")
        web_blog.build(routes, running.url("", host="cdn.localhost"))
        operator.crawl(running.url(host="blog.localhost"))
        kept = operator.kept()
        for name, way in web_blog.WAYS.items():
            truth = Truth(Routes())
            way(truth, "http://cdn.localhost:1")
            _add(made, f"pictures: {name.replace('_', ' ')}", truth, kept)
        twice = repeated(routes)
        made.add("requests made twice", "", len(twice), "", Target("none", not twice))
    with tempfile.TemporaryDirectory() as folder, site() as (routes, running):
        operator = Operator(Path(folder) / "faces")
        truth = Truth(routes)
        web_faces.show(truth)
        operator.crawl(running.url())
        _add(made, "photos of people", truth, operator.kept())
        faces = operator.ingest()["faces"]
        made.add("faces in them", web_faces.FACES, faces, "", Target("all", faces == web_faces.FACES))
    return made


def _add(made: Table, what: str, truth: Truth, kept: set[str]) -> None:
    missing, needless = truth.missing(kept), truth.needless(kept)
    target = Target("all, and no other", not missing and not needless)
    made.add(what, len(truth.wanted), len(truth.wanted) - len(missing), len(needless), target)
