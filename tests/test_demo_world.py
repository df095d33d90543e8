"""The demo's outside world, spoken to with real HTTP and SMTP clients."""

import json
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPResponse
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import pytest
from PIL import Image

from demo.pages import blog, copies, photos
from demo.pictures import modified_copy
from demo.registry import ABUSE_ADDRESS
from demo.world import World

COPY_URLS = (copies.TAKEN_DOWN_LATER.page, copies.TAKEN_DOWN_LATER.picture)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "mail") as running:
        yield running


def ask(url: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection("127.0.0.1", parts.port, timeout=10)
    connection.request(method, parts.path, headers={"Host": parts.netloc, "User-Agent": "test-client"} | headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def answer(url: str) -> dict:
    return json.loads(ask(url)[1])


def send(world: World, recipient: str, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Carol <carol@faceward.example>", recipient
    message["Subject"], message["Message-ID"] = "Notice", "<notice-1@faceward.example>"
    message.set_content(text)
    with smtplib.SMTP("127.0.0.1", world.smtp_port, timeout=10) as smtp:
        smtp.send_message(message)


def wait_for_answer(world: World) -> EmailMessage:
    assert world.mail.wait_for(lambda mail: any("carol@faceward.example" in m.recipients for m in mail), 10)
    return world.mail.for_recipient("carol@faceward.example")[0]


def card_value(entity: dict, name: str) -> str | None:
    return next((field[3] for field in entity["vcardArray"][1] if field[0] == name), None)


def test_every_picture_on_a_page_is_served(world: World):
    for site in world.sites.values():
        assert {"/robots.txt", "/"} <= set(site.content)
        for path in site.content:
            response, body = ask(site.url(path))
            assert (response.status, len(body)) == (200, int(response.headers["Content-Length"]))
            assert response.headers["ETag"]
            assert response.headers["Last-Modified"]
            if response.headers["Content-Type"] == "image/jpeg":
                Image.open(BytesIO(body)).verify()


def test_robots_closes_the_private_part_of_the_blog(world: World):
    rules = RobotFileParser()
    rules.parse(ask(world.urls["blog"] + "robots.txt")[1].decode().splitlines())
    site = world.sites["blog"]
    assert not rules.can_fetch("faceward", site.url(blog.PRIVATE_PICTURE))
    assert rules.can_fetch("faceward", site.url("/about.html"))


def test_every_request_is_logged(world: World):
    ask(world.sites["blog"].url("/nothing-here"), "HEAD")
    logged = world.requests("blog.localhost")[-1]
    assert (logged.method, logged.path, logged.user_agent, logged.status) == (
        "HEAD",
        "/nothing-here",
        "test-client",
        404,
    )


def test_an_unchanged_page_is_not_sent_again_and_a_wrong_host_gets_nothing(world: World):
    url = world.urls["photos"]
    tag = ask(url)[0].headers["ETag"]
    assert ask(url, **{"If-None-Match": tag})[0].status == 304
    assert ask(url, Host="127.0.0.1")[0].status == 421


def test_the_photo_site_has_pages_sizes_lazy_images_and_metadata(world: World):
    site = world.sites["photos"]
    assert photos.PAGES >= 3
    lazy = ask(site.url("/gallery/2"))[1].decode()
    assert "data-src=" in lazy
    assert "data-srcset=" in lazy
    single = ask(site.url("/photo/alice-launch"))[1].decode()
    assert f'og:image" content="{site.url("/media/alice-launch-960.jpg")}"' in single
    assert "application/ld+json" in single
    assert "240w" in single


def test_a_notice_to_the_abuse_address_takes_page_and_picture_down(world: World):
    site = world.sites["copies"]
    page, picture = (site.url(path) for path in COPY_URLS)
    send(world, ABUSE_ADDRESS, f"Please remove {page}, and the picture\n({picture}).")
    reply = wait_for_answer(world)
    assert reply["In-Reply-To"] == "<notice-1@faceward.example>"
    assert page in reply.get_content()
    assert [ask(url)[0].status for url in (page, picture)] == [410, 410]
    assert ask(site.url("/"))[0].status == 200
    assert [done.urls for done in world.desk.acted] == [(page, picture)]


@pytest.mark.parametrize("recipient", ["sales@loopback-hosting.example", ABUSE_ADDRESS])
def test_mail_elsewhere_or_without_the_exact_url_changes_nothing(world: World, recipient: str):
    page = world.sites["copies"].url(COPY_URLS[0])
    send(world, recipient, page if recipient != ABUSE_ADDRESS else page.removesuffix("l"))
    send(world, ABUSE_ADDRESS, "And this one names nothing.")
    wait_for_answer(world)
    assert ask(page)[0].status == 200
    assert world.desk.acted == []


def test_mail_is_kept_in_order_and_as_files(world: World, tmp_path: Path):
    for name in ("one", "two"):
        send(world, f"{name}@example.org", name)
    assert [delivery.recipients for delivery in world.mail.deliveries] == [
        ("one@example.org",),
        ("two@example.org",),
    ]
    assert sorted(path.name for path in (tmp_path / "mail").iterdir()) == ["0001.eml", "0002.eml"]


def test_bootstrap_files_lead_to_the_registry(world: World):
    for name, entry in (("dns", "localhost"), ("ipv4", "127.0.0.0/8")):
        assert answer(f"{world.registry_url}/bootstrap/{name}.json")["services"] == [
            [[entry], [f"{world.registry_url}/"]]
        ]


def test_the_registry_names_the_hosts_abuse_desk(world: World):
    network = answer(f"{world.registry_url}/ip/127.0.0.1")
    (abuse,) = network["entities"][0]["entities"]
    assert (network["name"], abuse["roles"]) == ("LOOPBACK-HOSTING", ["abuse"])
    assert card_value(abuse, "email") == ABUSE_ADDRESS


def test_the_registry_shows_owners_or_says_what_it_redacts(world: World):
    owners = {host: answer(f"{world.registry_url}/domain/{host}") for host in ("blog.localhost", "copies.localhost")}
    shown, hidden = (owner["entities"][0] for owner in owners.values())
    assert card_value(shown, "fn") == "Alice Carver"
    assert card_value(hidden, "email") is None
    assert [field["name"]["description"] for field in owners["copies.localhost"]["redacted"]] == [
        "Registrant Name",
        "Registrant Email",
    ]


@pytest.mark.parametrize(
    ("path", "code"),
    [("/domain/nobody.localhost", 404), ("/ip/192.0.2.1", 404), ("/ip/nonsense", 400), ("/x", 404)],
)
def test_the_registry_answers_the_unknown_with_an_rdap_error(world: World, path: str, code: int):
    response, body = ask(world.registry_url + path)
    assert (response.status, json.loads(body)["errorCode"]) == (code, code)
    assert response.headers["Content-Type"] == "application/rdap+json"


def test_a_reupload_is_linked_from_the_front_page(world: World):
    page = json.loads(ask(f"{world.control_url}/reupload", "POST")[1])["url"]
    assert copies.REUPLOAD.page in ask(world.urls["copies"])[1].decode()
    assert copies.REUPLOAD.picture in ask(page)[1].decode()
    assert ask(world.sites["copies"].url(copies.REUPLOAD.picture))[1] == modified_copy()


def test_the_world_runs_as_a_process_until_its_input_closes(tmp_path: Path):
    ports = tmp_path / "ports.json"
    command = [sys.executable, "-m", "demo.world", "--ports-file", str(ports)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        give_up = threading.Timer(60, process.kill)
        give_up.start()
        while not ports.exists() and process.poll() is None:
            threading.Event().wait(0.05)
        addresses = json.loads(ports.read_text())
        ask(addresses["urls"]["forum"])
        assert answer(addresses["control_url"] + "/state")["sites"]["forum.localhost"]["requests"] == {"/": 1}
        process.stdin.close()
        assert process.wait(30) == 0
        give_up.cancel()
    assert not ports.exists()
