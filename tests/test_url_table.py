"""Over the whole URL table: everybody knows for whom a page is, and no route turns a photo into matches."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.conf import settings as configuration
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from search.cards import card
from search.models import Match
from tests import cases, photos, world
from tests.routes import OUR_APPS, Route, ours, routes
from tests.world import World, undone

AUDIENCES = {"public", "members", "subscribers", "staff", "senior_staff"}
# The forms that take a photo: to enrol one's own face, to have it left out, and for either, a frame of the live check.
TAKE_A_PHOTO = {"PhotosForm", "OptOutPhotosForm", "LiveFrameForm"}
# Field names under which a photo might be taken by a form that does not exist yet.
LIKELY_NAMES = ("photo", "photos", "file", "files", "image", "picture", "upload", "face", "query", "probe")


def test_every_view_of_ours_says_for_whom_it_is() -> None:
    for route in ours():
        assert route.audience in AUDIENCES, route.name


def test_every_other_view_is_the_sign_ins() -> None:
    assert {route.view.__module__.split(".")[0] for route in routes() if not route.ours} == {"allauth"}


def test_names_are_unique() -> None:
    names = [route.name for route in routes()]
    assert len(names) == len(set(names))


# --- Nobody can search for a stranger: by structure --------------------------------------------------------


def our_modules() -> Iterator[Path]:
    for name in sorted(OUR_APPS - {"demo", "vault"}):
        for path in (configuration.BASE_DIR / name).rglob("*.py"):
            yield path.relative_to(configuration.BASE_DIR)


def test_only_these_forms_take_a_file() -> None:
    taking = {
        form.__name__
        for form in _all_forms(forms.BaseForm)
        if form.__module__.split(".")[0] in OUR_APPS - {"portal"}
        and any(isinstance(field, forms.FileField) for field in getattr(form, "base_fields", {}).values())
    }
    assert taking == TAKE_A_PHOTO


def test_uploads_are_read_nowhere_else() -> None:
    """`request.FILES` and `request.body` appear in the modules of these forms, and in no view."""
    reading = {path.as_posix() for path in our_modules() if _reads_uploads(path)}
    # Stripe's messages are JSON, and signed; so is what mail services hand over, and of mail only words are read.
    assert reading - {"accounts/billing/webhooks.py", "accounts/hooks.py"} == {
        "search/forms.py",
        "search/live_forms.py",
        "search/optout_forms.py",
    }


def test_no_view_reaches_the_gallery_or_the_engine() -> None:
    """What can compare faces is called by enrolment, ingest and opt-out only, never by a page."""
    comparing = {"search.engine", "search.index", "search.gallery", "search.matching", "search.faces", "search.probes"}
    modules = {route.view.__module__ for route in ours()} | {"search.forms", "takedowns.forms"}
    for module in modules:
        assert not _imports(Path(*module.split(".")).with_suffix(".py")) & comparing, module


def _all_forms(kind: type) -> Iterator[type]:
    for form in kind.__subclasses__():
        yield form
        yield from _all_forms(form)


def _tree(path: Path) -> ast.Module:
    return ast.parse((configuration.BASE_DIR / path).read_text())


def _reads_uploads(path: Path) -> bool:
    attributes = (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Attribute))
    return any(node.attr == "FILES" or ast.unparse(node) == "request.body" for node in attributes)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


# --- Nobody can search for a stranger: by trying -----------------------------------------------------------


@pytest.fixture
def made(alice: User, bob: User, carol: User, dana: User, settings: Any) -> Iterator[World]:
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield world.build(alice, bob, carol, dana)


def filled_in(photo: bytes) -> dict[str, Any]:
    """Every field of every form of ours, filled in as well as can be, and the photo under every likely name."""
    data: dict[str, Any] = {}
    for form in _all_forms(forms.BaseForm):
        if form.__module__.split(".")[0] in OUR_APPS:
            data |= {name: _answer(field) for name, field in getattr(form, "base_fields", {}).items()}
    data |= {f"consent_{purpose}": "on" for purpose in ("matching", "crawl_watch", "evidence", "sending_notices")}
    data |= {"decision": "keep", "verdict": "refuse", **cases.ANSWERS}
    for name in LIKELY_NAMES:
        data[name] = SimpleUploadedFile(f"{name}.jpg", photo, content_type="image/jpeg")
    return data


def _answer(field: forms.Field) -> str:
    if isinstance(field, forms.EmailField):
        return "somebody@example.org"
    if isinstance(field, forms.ChoiceField):
        return str(next((value for value, _ in field.choices if value), ""))
    return "on" if isinstance(field, forms.BooleanField) else "some words that are long enough"


def traces(match: Match) -> list[str]:
    """What would name a match: its id, its score, its words, its picture and every address of it."""
    places = [address for row in match.image.sightings.all() for address in (row.page_url, row.image_url)]
    return [str(match.pk), match.image.sha256, match.image.pdq, str(match.score), card(match).band, *places]


def posted(client: Client, url: str, photo: bytes) -> tuple[int, str]:
    """The status and everything that came back, redirects followed, headers included."""
    with undone():
        answer = client.post(url, filled_in(photo), follow=True)
        text = answer.content.decode("utf-8", "replace")
        return answer.status_code, f"{text} {dict(answer.headers)} {answer.redirect_chain}"


def routes_that_take_a_post() -> list[Route]:
    return [route for route in ours() if _accepts_post(route)]


def _accepts_post(route: Route) -> bool:
    source = (configuration.BASE_DIR / Path(*route.view.__module__.split(".")).with_suffix(".py")).read_text()
    decorators = re.search(rf"((?:@[^\n]+\n)+)def {route.view.__name__}\(", source)
    return not decorators or not re.search(r"@require_(GET|safe)\b", decorators.group(1))


def test_a_photo_of_somebody_names_no_match_of_theirs_to_anybody(made: World, client_for: Any) -> None:
    """Anonymous, Bob and staff with Alice's photo, and Alice with Bob's: no answer names what the web has."""
    alices, bobs = photos.jpeg(photos.mirrored(photos.astronaut())), photos.jpeg(photos.hopper(), 80)
    tries = [
        (Client(), alices, [made.untold, made.bobs]),
        (client_for(made.bob), alices, [made.untold]),
        (client_for(made.alice), bobs, [made.bobs]),
        (client_for(made.carol), alices, [made.untold, made.bobs]),
        (client_for(made.dana), bobs, [made.untold, made.bobs]),
    ]
    taking = routes_that_take_a_post()
    assert {"search:photos", "search:live_frame", "search:optout", "search:decide"} <= {route.name for route in taking}
    for browser, photo, hidden in tries:
        for route in taking:
            url = route.url(**world.arguments(made, route.name))
            status, text = posted(browser, url, photo)
            assert status < 500, route.name
            # An id that was sent in the address is no news.
            told = {trace for match in hidden for trace in traces(match) if trace in text and trace not in url}
            assert not told, route.name


def test_the_trial_would_notice(made: World, client_for: Any) -> None:
    """The traces are the ones that the subject's own pages do show."""
    page = client_for(made.alice).get(f"/matches/{made.untold.pk}/").content.decode()
    shown = [trace for trace in traces(made.untold) if trace in page]
    assert str(made.untold.pk) in shown
    assert len(shown) >= 4


def test_the_models_of_faces_are_reached_from_no_api() -> None:
    """There is no API framework whose routes would not be in the URL table above."""
    assert not {"rest_framework", "ninja", "tastypie", "graphene_django"} & set(apps.app_configs)
