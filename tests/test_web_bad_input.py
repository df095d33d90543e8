"""Servers and files that are broken or hostile: the run goes on, and what went wrong has a name."""

import gzip
import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.sites import Answer, Reply, dribble, flood, page, talker
from tests.web import Operator, Truth, jpeg, repeated, site

OK = b"HTTP/1.1 200 OK\r\n"
Talk = Callable[[socket.socket, threading.Event], None]


def say(text: bytes) -> Talk:
    """Sends this and hangs up."""

    def talk(connection: socket.socket, _stop: threading.Event) -> None:
        connection.sendall(text)

    return talk


def mute(_connection: socket.socket, stop: threading.Event) -> None:
    """Never says a word."""
    stop.wait(120)


def hang_up(connection: socket.socket, _stop: threading.Event) -> None:
    """A reset in the middle of a header."""
    connection.sendall(OK)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


# Each is asked for one page and one picture; names of which one must be counted.
TALKERS: dict[str, tuple[Talk, set[str]]] = {
    "endless body": (flood(OK + b"Content-Type: text/html\r\n\r\n", b"<p>more" * 9000), {"too_large", "timeout"}),
    "endless headers": (flood(OK, b"X-More: " + b"x" * 8000 + b"\r\n"), {"too_large", "broken"}),
    "endless header line": (flood(OK + b"X-One: ", b"x" * 65536), {"too_large", "broken"}),
    "many small headers": (flood(OK, b"a: b\r\n" * 1000), {"too_large", "broken"}),
    "endless chunk size": (flood(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536), {"too_large", "broken"}),
    "reset": (hang_up, {"broken", "connect"}),
    "garbage": (say(b"220 smtp.example ready\r\n"), {"broken"}),
    "nothing": (say(b""), {"broken"}),
    "binary": (say(bytes(range(256)) * 20), {"broken"}),
    "short body": (
        say(OK + b"Content-Type: image/jpeg\r\nContent-Length: 90000\r\n\r\n\xff\xd8\xff\xe0"),
        {"broken", "not_image"},
    ),
    "huge length": (say(OK + b"Content-Length: 99999999999999\r\n\r\n<p>"), {"too_large", "broken"}),
    "negative length": (say(OK + b"Content-Length: -5\r\n\r\n<p>"), {"broken"}),
    "two lengths": (
        say(OK + b"Content-Length: 3\r\nContent-Length: 9\r\n\r\n<p>hello!"),
        {"broken", "not_html", "not_image"},
    ),
    "unknown coding": (
        say(OK + b"Content-Encoding: rot13\r\nContent-Length: 3\r\n\r\nabc"),
        {"not_image", "broken", "not_html"},
    ),
}
SLOW: dict[str, Talk] = {
    "slow headers": dribble(OK + b"X-Slow: "),
    "slow body": dribble(OK + b"Content-Type: text/html\r\nContent-Length: 100000\r\n\r\n"),
    "mute": mute,
}


def bad_files(truth: Truth) -> None:
    """What a working server may still send, each as a page and as a picture, and good ones between them."""
    routes = truth.routes
    photo = jpeg("hidden behind a wrong type")
    routes["/wrong-type.jpg"] = Reply(photo, "text/html")
    truth.expect(photo, "/wrong-type.jpg")
    routes["/octets"] = Reply(jpeg("octets"), "application/octet-stream")
    truth.expect(jpeg("octets"), "/octets")
    bomb = gzip.compress(gzip.compress(b"\0" * 80_000_000))
    coded = {"Content-Encoding": "gzip"}
    files: dict[str, Answer] = {
        "html.jpg": Reply(b"<html><img src='/never-shown.jpg'>", "image/jpeg"),
        "zero.jpg": Reply(b"", "image/jpeg"),
        "bomb.jpg": Reply(gzip.compress(b"\xff\xd8\xff" + b"\0" * 60_000_000), "image/jpeg", headers=coded),
        "bomb": Reply(gzip.compress(b"<p>" + b" " * 60_000_000), headers=coded),
        "twice": Reply(bomb, headers={"Content-Encoding": "gzip, gzip"}),
        "cut-gzip": Reply(gzip.compress(b"<p>" + bytes(range(256)) * 400)[:200], headers=coded),
        "not-gzip": Reply(b"<p>plain, whatever the header says", headers=coded),
        "nul": Reply(b"\0" * 100_000),
        "deep": Reply(b"<div>" * 20_000 + b"<img src='/deep.jpg'>"),
        "wide-attributes": Reply(b"<p " + b"a=b " * 200_000 + b"><img src='/attributes.jpg'>"),
        "long-attribute": Reply(b"<a href='" + b"x" * 3_000_000 + b"'>l</a><img src='/long.jpg'>"),
        "unclosed": Reply(b"<!-- <p><img src=/never.jpg>" + b"<!--" * 50_000),
        "script": Reply(b"<script>" + b"</scrip" * 100_000 + b"</script><img src='/script.jpg'>"),
        "quotes": Reply(b'<img src=\'/q1.jpg"><p title="><img src=/q2.jpg>'),
        "surrogates": Reply("<p>\udcff</p><img src='/surrogates.jpg'>".encode("utf-8", "surrogatepass")),
        "entities": Reply(
            b"<title>&#x110000;&#0;&#xD800;&amp" + b"&amp;" * 90_000 + b"</title><img src='/entities.jpg'>"
        ),
        "json": Reply(b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script><img src='/json.jpg'>"),
        "srcset": Reply(b"<img srcset='" + b", " * 200_000 + b"x 1w' src='/srcset.jpg'>"),
        "204": Reply(b"", status=204),
        "206.jpg": Reply(photo[:50], "image/jpeg", 206),
        "302": Reply(b"", status=302),
        "302-empty": Reply(b"", status=302, headers={"Location": ""}),
        "302-odd": Reply(b"", status=302, headers={"Location": "ht tp://[bad/\x7f"}),
        "500": Reply(b"oops", status=500),
        "999": Reply(b"go away", status=999),
    }
    for name in ("deep", "attributes", "long", "script", "surrogates", "entities", "json", "srcset"):
        truth.picture(f"/{name}.jpg")
    half = jpeg("half", 400, 300)
    files["half.jpg"] = Reply(half[: len(half) // 2], "image/jpeg")
    png = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(png, "PNG")
    files["pixels.png"] = Reply(png.getvalue(), "image/png")
    routes.update({f"/{name}": answer for name, answer in files.items()})
    shown = "".join(f'<a href="/{name}">x</a><img src="/{name}">' for name in (*files, "wrong-type.jpg", "octets"))
    odd = (
        "http://",
        "http://[",
        "http://a:b:c/",
        "///",
        "?",
        "#",
        "\\",
        "javascript:alert(1)",
        "mailto:a@b",
        "x" * 9000,
    )
    shown += "".join(f'<a href="{url}">x</a><img src="{url}">' for url in odd)
    routes["/"] = page(shown + '<a href="/after">after</a>')
    routes["/after"] = page(f'<img src="{truth.picture("/after.jpg")}">')


@dataclass
class Story:
    truth: Truth
    operator: Operator
    runs: dict[str, dict[str, object]]

    def errors(self, name: str) -> dict[str, int]:
        return dict(self.runs[name]["errors"])  # type: ignore[call-overload]


def hosted(stack: ExitStack, talk: Talk, name: str, truth: Truth) -> str:
    """A well-behaved site that leads to a misbehaving one, and on to something good."""
    port = stack.enter_context(talker(talk))
    routes, running = stack.enter_context(site())
    picture = f"/good-{name.replace(' ', '-')}.jpg"
    routes[picture] = Reply(jpeg(picture), "image/jpeg")
    truth.expect(jpeg(picture), picture)
    routes["/"] = page(f'<img src="http://127.0.0.1:{port}/a.jpg"><a href="/on">on</a>')
    routes["/on"] = page(f'<img src="{picture}">')
    return running.url()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    operator = Operator(tmp_path_factory.mktemp("bad"))
    with ExitStack() as stack:
        routes, running = stack.enter_context(site())
        truth = Truth(routes)
        bad_files(truth)
        starts = {"files": running.url()}
        for name, (talk, _names) in TALKERS.items():
            starts[name] = hosted(stack, talk, name, truth)
        for name, (talk, _names) in TALKERS.items():
            starts[f"{name}: as a site"] = f"http://127.0.0.1:{stack.enter_context(talker(talk))}/"
        runs = operator.crawl(*starts.values())
        yield Story(truth, operator, dict(zip(starts, runs, strict=True)))


def test_good_pictures_among_the_bad_come_home(story: Story) -> None:
    missing = story.truth.missing(story.operator.kept())
    assert not missing, missing


def test_every_run_comes_to_its_end(story: Story) -> None:
    ends = {name: run["status"] for name, run in story.runs.items() if ": as a site" not in name}
    assert set(ends.values()) == {"finished"}, ends
    assert {run["status"] for run in story.runs.values()} <= {"finished", "failed"}


@pytest.mark.parametrize("name", TALKERS)
def test_a_server_that_misbehaves_is_counted_by_name(story: Story, name: str) -> None:
    errors = story.errors(name)
    assert set(errors) & {*TALKERS[name][1], "robots_unreachable"}, errors
    assert "internal" not in errors
    assert story.errors(f"{name}: as a site")


def test_bad_files_are_counted_by_name(story: Story) -> None:
    errors = story.errors("files")
    assert "internal" not in errors and "storage" not in errors
    assert {"not_image", "too_large", "http_500", "http_999"} <= set(errors), errors


def test_bad_files_are_not_asked_for_again_and_again(story: Story) -> None:
    again = repeated(story.truth.routes)
    # A page may be linked and shown as a picture, and a server's own error is asked for once more.
    assert max(again.values(), default=1) <= 4, again


def test_ingest_refuses_what_is_no_picture_and_goes_on(story: Story) -> None:
    report = story.operator.ingest()
    assert report["images"] >= 10
    assert sum(report["refused"].values()) >= 1, report


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_server_is_given_up(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    operator = Operator(tmp_path_factory.mktemp("slow"))
    with ExitStack() as stack:
        routes, _running = stack.enter_context(site())
        truth = Truth(routes)
        start = hosted(stack, SLOW[name], name, truth)
        (run,) = operator.crawl(start)
        assert truth.missing(operator.kept()) == []
        assert run["status"] == "finished"
        assert set(run["errors"]) <= {"timeout", "robots_unreachable", "broken"} and run["errors"]


@pytest.mark.slow
def test_ten_thousand_pictures_on_one_page_are_each_asked_for_once(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    shown = Reply(jpeg("one of many"), "image/jpeg")
    with site() as (routes, running):
        truth = Truth(routes)
        routes.rules.append(lambda path: shown if path.startswith("/many/") else None)
        routes["/"] = page(
            "".join(f"<img src=/many/{number}.jpg>" for number in range(10_000)) + "<a href=/after>a</a>"
        )
        routes["/after"] = page(f'<img src="{truth.picture("/after.jpg")}">')
        (run,) = operator.crawl(running.url())
        asked = routes.asked("/many/")
        assert len(asked) == len(set(asked)) == 10_000
        assert truth.missing(operator.kept()) == []
        assert (run["status"], run["images"], run["errors"]) == ("finished", 10_001, {})
        assert len(operator.kept()) == 2
