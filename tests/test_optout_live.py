"""The live check of an opt-out, in the browser of somebody without an account."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from search import faces, optout
from search.models import LiveSession, OptOut
from search.optouts import sealing, selftest
from search.states import LivenessState, OptOutState
from tests import photos
from tests.live_checks import STEPS, clock, film
from tests.optouts import active_optout, confirmed_optout

ASTRONAUT = photos.jpeg(photos.astronaut())


@pytest.fixture(autouse=True)
def _known_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.liveness.challenge", lambda rng: STEPS)


def live_url(made: OptOut, step: str, purpose: str) -> str:
    return f"/opt-out/yours/{optout.yours(made)}/live/{step}/?for={purpose}"


def begun(browser: Client, made: OptOut, purpose: str = "check") -> dict[str, Any]:
    return browser.post(live_url(made, "begin", purpose)).json()


def shown(browser: Client, made: OptOut, purpose: str = "check") -> dict[str, Any]:
    """Begin a check and do what it asks for, as the astronaut."""
    session = LiveSession.objects.get(pk=begun(browser, made, purpose)["session"])
    with clock(session) as now:
        for number, shot in enumerate(film()):
            now.move_to(session.created_at + timedelta(seconds=shot.at))
            frame = SimpleUploadedFile("frame.jpg", shot.data, content_type="image/jpeg")
            fields = {"session": str(session.pk), "number": number, "frame": frame}
            answer: dict[str, Any] = browser.post(live_url(made, "frame", purpose), fields).json()
            if "go" in answer or "stop" in answer:
                break
    return answer


def test_safeguard_07_a_live_face_is_all_it_takes(db: None, client: Client) -> None:
    made = confirmed_optout("alice@example.org")
    answer = shown(client, made)
    receipt = client.get(answer["go"]).content.decode()
    made.refresh_from_db()
    assert made.state == OptOutState.ACTIVE
    assert made.reference in receipt
    assert len(sealing.templates_of(made, faces.model().dimension)) >= 3
    assert optout.hidden_in(ASTRONAUT, faces.faces_in(ASTRONAUT)).all()
    session = LiveSession.objects.get()
    assert (session.state, bytes(session.sealed_frames)) == (LivenessState.PASSED, b"")


def test_the_self_test_with_the_camera(db: None, client: Client) -> None:
    mine = active_optout("alice@example.org", ASTRONAUT)
    assert "It works" in client.get(shown(client, mine, "test")["go"]).content.decode()
    mine.refresh_from_db()
    answers = selftest.last(mine)
    assert answers
    assert answers.works
    assert len(sealing.templates_of(mine, faces.model().dimension)) == 1


def test_a_check_belongs_to_the_browser_that_began_it(db: None, client: Client) -> None:
    made = confirmed_optout("alice@example.org")
    session = begun(client, made)["session"]
    fields = {"session": session, "number": 0, "frame": SimpleUploadedFile("frame.jpg", ASTRONAUT)}
    elsewhere = Client().post(live_url(made, "frame", "check"), fields)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "over")
    other = confirmed_optout("grace@example.org")
    fields["frame"] = SimpleUploadedFile("frame.jpg", ASTRONAUT)
    assert client.post(live_url(other, "frame", "check"), fields).status_code == 409


def test_there_is_nothing_to_check_where_it_would_do_nothing(db: None, client: Client) -> None:
    made = active_optout("alice@example.org", ASTRONAUT)
    assert client.post(live_url(made, "begin", "check")).status_code == 409
    unfinished = confirmed_optout("grace@example.org")
    assert client.post(live_url(unfinished, "begin", "test")).status_code == 409
    assert client.post(live_url(unfinished, "frame", "test")).status_code == 409
    assert not LiveSession.objects.exists()


def test_the_pages_say_what_happens_and_where_to_go_without_a_camera(db: None, client: Client) -> None:
    made = confirmed_optout("alice@example.org")
    page = client.get(f"/opt-out/yours/{optout.yours(made)}/check/").content.decode()
    assert "No picture is stored" in page
    assert f"/opt-out/yours/{optout.yours(made)}/no-camera/" in page
