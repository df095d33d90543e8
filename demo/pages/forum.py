"""A forum; one thread shows a group photo with the subject in it. People who post have avatars."""

from collections.abc import Mapping
from typing import NamedTuple

from demo.pages.html import Content, document, pictures, robots
from demo.pictures import FRIENDS
from demo.sites import Resource

GROUP_PHOTO = "/uploads/meetup-group.jpg"
THREAD = "/t/118"
STYLE = """
body { font: 15px/1.55 Verdana, "DejaVu Sans", sans-serif; color: #222; background: #e9edf2 }
a { color: #20558a }
header { background: #274b6d; color: #fff; padding: 18px 28px; font-size: 21px }
header a { color: #fff; text-decoration: none }
header small { font-size: 13px; opacity: .8; margin-left: 12px }
main { max-width: 980px; margin: 20px auto; padding: 0 16px } h1 { font-size: 20px }
.post { display: grid; grid-template-columns: 140px minmax(0, 1fr); margin-bottom: 12px; background: #fff;
  border: 1px solid #ccd5df }
.who { padding: 14px; background: #f4f7fa; border-right: 1px solid #dfe5ec;
  text-align: center; font-size: 13px }
.who img { border-radius: 3px } .who b { display: block; margin-top: 6px }
.text { padding: 12px 18px 18px } .text time { color: #778; font-size: 12px }
table { width: 100%; background: #fff; border: 1px solid #ccd5df; border-collapse: collapse }
td, th { padding: 11px 16px; text-align: left; border-bottom: 1px solid #e3e8ee; font-weight: normal }
th { background: #f4f7fa }
"""
FRAME = """
<header><a href="/">Hangar Talk</a><small>a forum for museum volunteers</small></header>
<main>{main}</main>
"""


class Post(NamedTuple):
    author: str
    avatar: str
    time: str
    text: str


THREADS = {
    THREAD: (
        "Card night: the picture",
        [
            Post(
                "max_on_chips",
                "friend-max",
                "28 Feb 2026, 23:12",
                "{photo}<p>Everyone, plus Alice in full gear.</p>",
            ),
            Post(
                "jo",
                "friend-jo",
                "1 Mar 2026, 08:40",
                "<p>I am looking at my cards because I had a pair of twos.</p>",
            ),
            Post("lee_k", "friend-lee", "1 Mar 2026, 09:02", "<p>Who let the suit near the whisky?</p>"),
        ],
    ),
    "/t/117": (
        "Chairs",
        [
            Post(
                "dan",
                "friend-dan",
                "27 Feb 2026, 18:20",
                "<p>Forty stacked, two broken. Who has the glue?</p>",
            ),
            Post("mo", "friend-mo", "27 Feb 2026, 19:01", "<p>Bottom drawer, under the spare visor.</p>"),
        ],
    ),
    "/t/112": (
        "Rota for March",
        [
            Post(
                "kim",
                "friend-kim",
                "20 Feb 2026, 12:00",
                "<p>Same as February, with the Sundays swapped.</p>",
            )
        ],
    ),
}
PHOTO = (
    f'<p><a href="{GROUP_PHOTO}"><img src="/uploads/meetup-group-small.jpg" width="560" height="388"'
    ' alt="Seven people round a card table"></a></p>'
)


def content(available: Mapping[str, bytes]) -> Content:
    uploads = ["meetup-group.jpg", "meetup-group-small.jpg"]
    return {
        "/robots.txt": robots("/members/"),
        "/": _index(),
        **{path: _thread(title, posts) for path, (title, posts) in THREADS.items()},
        **pictures("/uploads", uploads, available),
        **pictures("/avatars", [f"{name}-96.jpg" for name in FRIENDS], available),
    }


def _index() -> Resource:
    rows = "".join(
        f'<tr><td><a href="{path}">{title}</a></td><td>{posts[0].author}</td><td>{len(posts) - 1}</td>'
        f"<td>{posts[-1].time}</td></tr>\n"
        for path, (title, posts) in THREADS.items()
    )
    heads = "<tr><th>Thread</th><th>Started by</th><th>Replies</th><th>Last post</th></tr>"
    return _page("All threads", f"<table>\n{heads}\n{rows}</table>")


def _thread(title: str, posts: list[Post]) -> Resource:
    return _page(title, '<p><a href="/">All threads</a></p>' + "\n".join(_post(post) for post in posts))


def _post(post: Post) -> str:
    avatar = f'<img src="/avatars/{post.avatar}-96.jpg" width="84" height="98" alt="">'
    text = post.text.format(photo=PHOTO)
    return (
        f'<div class="post"><div class="who">{avatar}<b>{post.author}</b></div>'
        f'<div class="text"><time>{post.time}</time>{text}</div></div>'
    )


def _page(title: str, main: str) -> Resource:
    return document(f"{title} | Hangar Talk", STYLE, FRAME.format(main=f"<h1>{title}</h1>{main}"))
