"""robots.txt as RFC 9309 has it: which rules are ours, which of them decides, and what of it is read at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.downloading import robots_txt
from crawler.downloading.robots import MAX_CRAWL_DELAY_SECONDS, RobotsRules, read_robots
from crawler.downloading.scrapy_settings import ROBOTS_TOKEN
from tests.sites import Reply, flood, page, redirect, serve, talker
from tests.small_crawl import codes, crawl

SITE = "https://site.example"


def refusal(body: str | bytes, path: str, status: int = 200) -> str:
    data = body if isinstance(body, bytes) else body.encode()
    return read_robots(status, data).refusal(SITE + path, ROBOTS_TOKEN)


def allowed(*rules: str, path: str) -> bool:
    return not refusal("User-agent: *\n" + "\n".join(rules), path)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ("User-agent: *\nDisallow: /private", "/private/x", "robots"),
        ("User-agent: *\nDisallow: /private", "/public", ""),
        ("User-agent: *\nDisallow: /private", "/Private", ""),
        ("User-agent: Faceward\nDisallow: /\nAllow: /open/", "/open/x.jpg", ""),
        ("User-agent: Faceward\nDisallow: /*.jpg$", "/a/b.jpg", "robots"),
        ("\ufeffUser-agent: *\r\nDisallow: /x # comment", "/x", "robots"),
        ("user-AGENT : *\r\r\n\tdisALLOW\t:\t/x\t", "/x", "robots"),
        ("User-agent: *\nDisallow:", "/x", ""),
        ("User-agent: *\nDisallow /x\nDissallow: /y", "/x", "robots"),
        ("User-agent: *\nDisallow /x\nDissallow: /y", "/y", "robots"),
        ("Disallow: /x", "/x", ""),
        ("User-agent: *\nDisallow: /", "/robots.txt", ""),
        ("<html>not a robots file</html>", "/x", ""),
        ("\x00\x01\xff" * 1000, "/x", ""),
    ],
)
def test_robots_txt(body: str, path: str, code: str) -> None:
    assert refusal(body, path) == code


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        ("User-agent: *\nDisallow: /\nUser-agent: faceward\nDisallow: /a", False),
        ("User-agent: faceward/1.0 (+https://x)\nDisallow: /b\nUser-agent: *\nDisallow: /a", True),
        ("User-agent: Other\nUser-agent: FACEWARD\nUser-agent: Third\nDisallow: /b", True),
        ("User-agent: Face\nDisallow: /b\n", False),
        ("User-agent: Face\nAllow: /b\nUser-agent: *\nDisallow: /b", True),
        ("User-agent: Facewardbot\nDisallow: /b\n", False),
        ("User-agent: Otherbot\nDisallow: /b", False),
        ("User-agent: Otherbot\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", True),
        (
            "User-agent: faceward\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: faceward\nDisallow: /b",
            True,
        ),
        ("User-agent: faceward\n\nSitemap: /s.xml\nUser-agent: x\n# and\nDisallow: /b", True),
        ("User-agent: *\nCrawl-delay: 9\n\nUser-agent: Badbot\nDisallow: /b", False),
        ("User-agent: *\nUser-agent: Badbot\nDisallow: /b", True),
        ("User-agent: faceward\nAllow: /x\nUser-agent: *\nDisallow: /b", False),
    ],
)
def test_which_group_is_meant_for_us(body: str, ours: bool) -> None:
    assert refusal(body, "/b") == ("robots" if ours else "")


@pytest.mark.parametrize(
    ("rules", "path", "open_"),
    [
        (["Disallow: /a", "Allow: /a/b"], "/a/b/c", True),
        (["Allow: /a/b", "Disallow: /a/b/c"], "/a/b/c", False),
        (["Disallow: /a", "Allow: /a"], "/a", True),
        (["Disallow: /*.gif$", "Allow: /*.gif$"], "/x.gif", True),
        (["Allow: /p", "Disallow: /"], "/page", True),
        (["Allow: /folder", "Disallow: /folder"], "/folder/page", True),
        (["Allow: /page", "Disallow: /*.htm"], "/page.htm", False),
        (["Allow: /page", "Disallow: /*.ph"], "/page.php5", True),
        (["Allow: /$", "Disallow: /"], "/", True),
        (["Allow: /$", "Disallow: /"], "/page.htm", False),
        (["Disallow: /", "Allow: /index.html"], "/", False),
        (["Allow: /a?b", "Disallow: /a*c=1"], "/a?b&c=1", False),
        (["Disallow: /fish*"], "/fisherman/fish", False),
        (["Disallow: /*.php"], "/folder/any.php.file.html", False),
        (["Disallow: /*.php$"], "/folder/any.php?x=1", True),
        (["Disallow: /fish*.php"], "/fishheads/catfish.php?p", False),
        (["Disallow: *.jpg"], "/a.jpg", False),
        (["Disallow: /a**b"], "/a-b", False),
        (["Disallow: /a$b"], "/a$b", False),
        (["Disallow: /a%24"], "/a$", False),
        (["Disallow: /a%2Ab"], "/axb", True),
        (["Disallow: /a%2ab"], "/a*b", False),
        (["Disallow: /a*b*c$"], "/abcbc", False),
        (["Disallow: /ab*b$"], "/ab", True),
        (["Disallow: /foo/bar?baz=http://foo.bar"], "/foo/bar?baz=http%3A%2F%2Ffoo.bar", False),
        (["Disallow: /foo/bar/\u30c4"], "/foo/bar/%E3%83%84", False),
        (["Disallow: /foo/bar/%e3%83%84"], "/foo/bar/\u30c4", False),
        (["Disallow: /foo/bar/%62%61%7A"], "/foo/bar/baz", False),
        (["Disallow: /~joe/"], "/%7Ejoe/x", False),
        (["Disallow: /a%2Fb"], "/a/b", True),
        (["Disallow: /a b"], "/a%20b", False),
        (["Disallow: /100%"], "/100%25", False),
    ],
)
def test_the_longest_match_decides_and_the_spelling_does_not(rules: list[str], path: str, open_: bool) -> None:
    assert allowed(*rules, path=path) is open_
    assert allowed(*reversed(rules), path=path) is open_


pieces = st.text(alphabet="/ab*", max_size=6).map(lambda tail: "/" + tail)
lines = st.tuples(st.sampled_from(["Allow", "Disallow"]), pieces, st.sampled_from(["", "$"]))


@given(st.lists(lines, max_size=5), st.text(alphabet="/ab", max_size=8).map(lambda tail: "/" + tail))
def test_matching_agrees_with_regular_expressions(rules: list[tuple[str, str, str]], path: str) -> None:
    verdicts = [(0, True)]
    for kind, pattern, anchor in rules:
        squeezed = re.sub(r"\*+", "*", pattern)
        if re.match(".*".join(map(re.escape, squeezed.split("*"))) + (r"\Z" if anchor else ""), path):
            verdicts.append((len(squeezed) + len(anchor), kind == "Allow"))
    text = "User-agent: *\n" + "\n".join(f"{kind}: {pattern}{anchor}" for kind, pattern, anchor in rules)
    assert robots_txt.parse(text.encode()).allows(path, ROBOTS_TOKEN) is max(verdicts)[1]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    robots = robots_txt.parse(b"User-agent: *\n" + body)
    robots.allows("/x", ROBOTS_TOKEN)
    assert robots.delay(ROBOTS_TOKEN) >= 0


def test_what_is_past_the_limit_is_not_read_nor_half_a_line() -> None:
    filling = b"#" * 600_000
    assert refusal(b"User-agent: *\nDisallow: /x\n" + filling + b"\nDisallow: /y", "/x") == "robots"
    assert refusal(b"User-agent: *\nDisallow: /x\n" + filling + b"\nDisallow: /y", "/y") == ""
    head = b"User-agent: *\n" + b"#\n" * ((robots_txt.MAX_BYTES - 24) // 2)
    assert refusal(head + b"Disallow: /abcdefghijklmnopq", "/ab") == ""
    assert refusal(filling, "/x") == ""


def test_many_rules_and_costly_patterns_are_decided_quickly() -> None:
    many = "".join(f"Disallow: /{number}/\n" for number in range(20_000))
    rules = read_robots(200, f"User-agent: *\n{many}Disallow: /{'*a' * 5000}b".encode())
    assert rules.refusal(f"{SITE}/19999/x", ROBOTS_TOKEN) == "robots"
    assert rules.refusal(SITE + "/" + "a" * 4000, ROBOTS_TOKEN) == ""


@pytest.mark.parametrize(
    ("status", "code"), [(404, ""), (403, ""), (401, ""), (500, "robots_unreachable"), (429, "robots_unreachable")]
)
def test_a_robots_txt_that_is_not_there_or_not_to_be_had(status: int, code: str) -> None:
    assert refusal("User-agent: *\nDisallow: /", "/x", status) == code


def test_the_delay_a_site_asks_for() -> None:
    def delay(line: str, agent: str = "*") -> float:
        return read_robots(200, f"User-agent: {agent}\nCrawl-delay: {line}".encode()).delay(ROBOTS_TOKEN)

    assert (delay("2.5"), delay("86400"), delay("soon")) == (2.5, MAX_CRAWL_DELAY_SECONDS, 0.0)
    assert delay("9", "Otherbot") == delay("-5") == delay("nan") == delay("1e9") == 0.0
    assert RobotsRules().delay(ROBOTS_TOKEN) == 0.0


# --- With Scrapy ----------------------------------------------------------------------------------------------


def test_robots_txt_is_asked_for_once_and_obeyed_through_redirects_and_in_part() -> None:
    rules = b"User-agent: faceward\nDisallow: /no\nSitemap: /map.xml\nSitemap: http://a.localhost:9/b.xml\nSitemap: ftp://x/\n"
    endless = flood(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + rules, b"#" * 8000 + b"\n")
    moved = {f"/r{number}": redirect(f"/r{number + 1}") for number in range(1, 9)}
    pages = {"/": page("yes"), "/no": page("no")}
    text = Reply(rules, "text/plain")
    with (
        serve({"/robots.txt": redirect("/r1"), **moved, "/r5": text, **pages}) as five_hops,
        serve({"/robots.txt": redirect("/r1"), **moved, "/r6": text, **pages}) as six_hops,
        serve({"/robots.txt": redirect("http://169.254.169.254/"), **pages}) as inside,
        serve({"/robots.txt": Reply(b"<!doctype html><p>Disallow", "text/html"), **pages}) as html,
        serve({"/robots.txt": Reply(rules * 20_000, "text/plain"), **pages}) as huge,
        talker(endless) as flooding,
    ):
        sites = [five_hops, six_hops, inside, html, huge]
        asked = [site.url("/no") for site in sites] + [five_hops.url()] * 3 + [f"http://127.0.0.1:{flooding}/no"]
        by_url = codes(crawl(asked))
        assert [by_url[site.url("/no")] for site in sites] == ["robots", 200, "robots_unreachable", 200, "robots"]
        assert by_url[f"http://127.0.0.1:{flooding}/no"] == "robots" and by_url[five_hops.url()] == 200
        assert five_hops.requests["/robots.txt"] == 1
        told = crawl([], ask=[five_hops.url("/no"), five_hops.url("/"), inside.url("/"), "http://169.254.1.1/"])
    assert [outcome["result"] for outcome in told] == ["robots", "", "robots_unreachable", "robots_unreachable"]
    assert told[0]["sitemaps"] == [five_hops.url("/map.xml"), "http://a.localhost:9/b.xml"]
    assert told[2]["sitemaps"] == []
