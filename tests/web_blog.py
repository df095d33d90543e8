"""A blog that shows pictures in every way that blogs do: one page for each way, all linked from the front page."""

import base64
import json
from collections.abc import Callable
from html import escape

from tests.sites import Reply, page
from tests.web import Routes, Truth, jpeg

Way = Callable[[Truth, str], Reply]
"""Adds its pictures to the truth and gives the page; the second argument is another host's origin."""

_GIF = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
LARGE = (320, 240)


def _css(body: str) -> Reply:
    return Reply(body.encode(), "text/css")


def plain(truth: Truth, cdn: str) -> Reply:
    """`img` as people type it: relative, absolute, protocol-relative, spaces, unicode, entities, no quotes."""
    for path in (
        "/m/abs.jpg",
        "/ways/rel.jpg",
        "/up.jpg",
        "/m/caf%C3%A9.jpg",
        "/m/two%20words.jpg",
        "/m/q.jpg?a=1&b=2",
    ):
        truth.picture(path)
    for path in ("/m/unquoted.jpg", "/m/upper.jpg", "/m/newline.jpg", "/m/slash.jpg", "/m/frag.jpg", "/m/noext"):
        truth.picture(path)
    truth.picture("/cdn/other-host.jpg"), truth.picture("/cdn/no-scheme.jpg"), truth.picture("/m/after-broken.jpg")
    return page(
        '<img src="/m/abs.jpg"><img src="rel.jpg"><img src="../up.jpg"><img src="/m/café.jpg">'
        '<img src=" /m/two words.jpg "><img src="/m/q.jpg?a=1&amp;b=2"><img src=/m/unquoted.jpg alt=x>'
        '<IMG SRC="/m/upper.jpg"><img src="/m/new\nline.jpg"><img src=/m/slash.jpg /><img src="/m/frag.jpg#top">'
        f"<img src='/m/noext'><img src=\"{cdn}/cdn/other-host.jpg\">"
        f'<img src="{cdn.removeprefix("http:")}/cdn/no-scheme.jpg">'
        '<img alt="a > b" title=\'"\' src="/m/after-broken.jpg">'
    )


def sets(truth: Truth, _cdn: str) -> Reply:
    """`srcset` by width, by density, with commas in URLs; `picture` with formats and media."""
    for name in ("w", "x", "comma", "art", "sizes"):
        truth.picture(f"/s/{name}{',big' * (name == 'comma')}.jpg", LARGE)
    for name in ("w-s", "w-m", "x-1", "comma,small", "art-m", "art-s", "sizes-s"):
        truth.lesser(f"/s/{name}.jpg")
    return page(
        '<img src="/s/w-s.jpg" srcset="/s/w-s.jpg 320w, /s/w.jpg 1600w, /s/w-m.jpg 800w">'
        '<img src="/s/x-1.jpg" srcset="/s/x-1.jpg, /s/x.jpg 2x">'
        '<img srcset="/s/comma,small.jpg 100w,/s/comma,big.jpg 900w" src="/s/comma,small.jpg">'
        '<picture><source media="(min-width: 900px)" srcset="/s/art.jpg 2000w, /s/art-m.jpg 1000w">'
        '<source srcset="/s/art-s.jpg 300w" type="image/jpeg"><img src="/s/art-s.jpg" alt=""></picture>'
        '<img sizes="(max-width: 9em) 5em, 50vw" srcset="\n /s/sizes-s.jpg 200w,\n\t/s/sizes.jpg 1200w \n">'
    )


def lazy(truth: Truth, _cdn: str) -> Reply:
    """What lazy-loading scripts leave in attributes."""
    tags = {
        "data-src": f'<img class=lazyload src="{_GIF}" data-src="%s">',
        "data-original": '<img class=lazy src="/blank.gif" data-original="%s">',
        "data-lazy-src": '<img data-lazy-src="%s" src="data:image/svg+xml,%%3Csvg%%3E">',
        "data-srcset": f'<img src="{_GIF}" data-srcset="/l/lesser.jpg 300w, %s 1500w">',
        "data-bg": '<div class="lazyload" data-bg="%s"></div>',
        "data-bg-url": "<section data-bg=\"url('%s')\"></section>",
        "data-echo": '<img data-echo="%s" src=/blank.gif>',
        "native": '<img loading="lazy" decoding=async src="%s">',
        "data-lazy-srcset": '<picture><source data-srcset="%s 900w"><img data-src="/l/lesser.jpg"></picture>',
        "data-background-image": '<div data-background-image="%s"></div>',
        "noscript": '<noscript><img src="%s" alt="n"></noscript>',
        "template": '<template><img src="%s"></template>',
        "amp": '<amp-img src="%s" width=3 height=2 layout=responsive></amp-img>',
    }
    truth.lesser("/l/lesser.jpg")
    truth.routes["/blank.gif"] = Reply(base64.b64decode(_GIF.partition(",")[2]), "image/gif")
    return page("".join(tag % truth.picture(f"/l/{name}.jpg", LARGE) for name, tag in tags.items()))


def heads(truth: Truth, cdn: str) -> Reply:
    """What is said to other programs: Open Graph, Twitter, JSON-LD, `link`, microdata."""
    for name in (
        "og",
        "og2",
        "twitter",
        "src",
        "preload",
        "item",
        "ld",
        "ld2",
        "ld-logo",
        "ld-graph",
    ):
        truth.picture(f"/h/{name}.jpg")
    truth.picture("/h/ld-relative.jpg")
    article = {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "Article",
                "image": {"@type": "ImageObject", "url": f"{cdn}/h/ld.jpg"},
            },
            {"@type": "VideoObject", "thumbnailUrl": "/h/ld-relative.jpg"},
            {"@type": "Person", "name": "A", "image": [f"{cdn}/h/ld2.jpg"]},
            {"@type": "Organization", "logo": {"@type": "ImageObject", "contentUrl": f"{cdn}/h/ld-logo.jpg"}},
            {"@type": "ImageGallery", "associatedMedia": [{"@type": "ImageObject", "contentUrl": "/h/ld-graph.jpg"}]},
        ],
    }
    head = (
        f'<meta property="og:image" content="{cdn}/h/og.jpg"><meta property=og:image content="/h/og2.jpg">'
        '<meta name="twitter:image" content="/h/twitter.jpg"><link rel="image_src" href="/h/src.jpg">'
        "<link rel=preload as=image href=/h/preload.jpg>"
        f'<script type="application/ld+json">{json.dumps(article)}</script>'
        '<script type="application/ld+json">{"broken": </script>'
    )
    return page('<p itemscope><meta itemprop="image" content="/h/item.jpg"></p>', head)


def styles(truth: Truth, _cdn: str) -> Reply:
    """CSS inline, in `style`, linked, imported by it, with relative URLs, escapes and `image-set`."""
    for name in (
        "inline",
        "quoted",
        "block",
        "linked",
        "imported",
        "import-url",
        "set-2x",
        "escaped",
        "content",
        "deep",
    ):
        truth.picture(f"/css/{name}.jpg")
    truth.lesser("/css/set-1x.jpg")
    truth.routes["/css/site.css"] = _css(
        '@charset "utf-8"; @import "more.css"; @import url(/css/third.css) screen;\n'
        "/* url(/css/commented.jpg) */ .a{background:#fff url( 'linked.jpg' ) no-repeat}"
        ".b{background-image:image-set(url(set-1x.jpg) 1x, url(set-2x.jpg) 2x)}"
        ".c{background:url(/css/esc\\61ped.jpg)} @font-face{src:url(/css/font.woff2)}"
    )
    truth.routes["/css/more.css"] = _css("@import url('deep/deep.css');.d{background:url(imported.jpg)}")
    truth.routes["/css/deep/deep.css"] = _css(".e{background:url(../deep.jpg)} @import '/css/site.css';")
    truth.routes["/css/third.css"] = _css(".f::before{content:url('/css/import-url.jpg')}")
    head = (
        '<link rel=stylesheet href="/css/site.css?v=1"><link rel="stylesheet" href="/css/site.css?v=1">'
        "<style>.g{background-image:url(/css/block.jpg)} .h:after{content:url(/css/content.jpg)}</style>"
    )
    truth.routes["/css/site.css?v=1"] = truth.routes["/css/site.css"]
    return page(
        '<div style="background-image: url(/css/inline.jpg)"></div>'
        "<div style='background: url(&quot;/css/quoted.jpg&quot;) center'></div>",
        head,
    )


def links(truth: Truth, cdn: str) -> Reply:
    """Links to files, light boxes with a thumbnail each, posters, objects, embedded pages."""
    for name in ("file", "upper.JPG", "query", "video", "object", "embed", "svg-image", "input", "frame", "srcdoc"):
        truth.picture(f"/k/{name}{'.jpg' * ('.' not in name)}{'?download=1' * (name == 'query')}")
    for name in ("box", "fancy", "zoom", "figure"):
        truth.picture(f"/k/{name}.jpg", LARGE), truth.lesser(f"/k/{name}-thumb.jpg")
    truth.routes["/k/frame.html"] = page('<img src="frame.jpg">')
    srcdoc = escape('<p>Hi<img src="/k/srcdoc.jpg">', quote=True)
    return page(
        '<a href="/k/file.jpg">see</a><a href="/k/upper.JPG">see</a><a href="/k/query.jpg?download=1">get</a>'
        '<a href="/k/box.jpg" data-lightbox="g"><img src="/k/box-thumb.jpg"></a>'
        '<a data-fancybox href="/k/fancy.jpg"><img src="/k/fancy-thumb.jpg" width=60></a>'
        '<img src="/k/zoom-thumb.jpg" data-zoom-image="/k/zoom.jpg">'
        '<figure><a href="/k/figure.jpg"><picture><img src="/k/figure-thumb.jpg"></picture></a></figure>'
        '<video poster="/k/video.jpg" src="/k/film.mp4"></video>'
        '<object data="/k/object.jpg" type="image/jpeg"></object>'
        '<embed src="/k/embed.jpg"><svg><image xlink:href="/k/svg-image.jpg"/></svg><input type=image src=/k/input.jpg>'
        f'<iframe src="/k/frame.html"></iframe><iframe srcdoc="{srcdoc}"></iframe>'
    )


def inline(truth: Truth, _cdn: str) -> Reply:
    """Pictures inside the page: in `img`, percent-encoded, in CSS, in `srcset`."""
    found = {name: jpeg(f"data {name}") for name in ("base64", "percent", "css", "upper", "wrapped")}
    for name, data in found.items():
        truth.expect(data, f"data URL {name}")
    coded = {name: base64.b64encode(data).decode() for name, data in found.items()}
    percent = "".join(f"%{byte:02x}" for byte in found["percent"])
    wrapped = "\n  ".join(coded["wrapped"][at : at + 76] for at in range(0, len(coded["wrapped"]), 76))
    return page(
        f'<img src="data:image/jpeg;base64,{coded["base64"]}"><img src="data:image/jpeg,{percent}">'
        f'<div style="background:url(data:image/jpeg;base64,{coded["css"]})"></div>'
        f'<img src="DATA:image/jpeg;charset=utf-8;BASE64,{coded["upper"]}"><img src="data:image/jpeg;base64,{wrapped}">'
        f'<img src="{_GIF}">'
    )


def variants(truth: Truth, _cdn: str) -> Reply:
    """The same picture in several sizes on one page, as content systems and image services name them."""
    pairs = [
        ("/wp-content/uploads/2026/03/beach.jpg", "/wp-content/uploads/2026/03/beach-300x200.jpg"),
        ("/wp-content/uploads/2026/03/hill-1536x1024.jpg", "/wp-content/uploads/2026/03/hill-150x150.jpg"),
        ("/demo/image/upload/w_1600,c_fill/v1/dog.jpg", "/demo/image/upload/w_200,h_200,c_fill/v1/dog.jpg"),
        ("/imgix/cat.jpg?w=1600&auto=format", "/imgix/cat.jpg?w=200&auto=format"),
        ("/shop/files/mug_1200x.jpg?v=17", "/shop/files/mug_120x.jpg?v=17"),
        ("/thumb/a/ab/Tree.jpg/800px-Tree.jpg", "/thumb/a/ab/Tree.jpg/120px-Tree.jpg"),
        ("/img/b/R29v/s1600/party.jpg", "/img/b/R29v/s320/party.jpg"),
        ("/cdn-cgi/image/width=1400/boat.jpg", "/cdn-cgi/image/width=140/boat.jpg"),
        ("/_next/image?url=%2Fsea.jpg&w=1920&q=75", "/_next/image?url=%2Fsea.jpg&w=256&q=75"),
    ]
    for large, small in pairs:
        truth.picture(large, LARGE), truth.lesser(small)
    return page("".join(f'<img src="{escape(small)}"><p><img src="{escape(large)}">' for large, small in pairs))


def lookalikes(truth: Truth, _cdn: str) -> Reply:
    """Different pictures whose addresses look like sizes of one: all are wanted."""
    paths = [
        *("/view.php?img=1", "/view.php?img=2", "/team/anna-1.jpg", "/team/anna-2.jpg", "/album/s1/photo.jpg"),
        *("/album/s2/photo.jpg", "/crop?src=/o/a.jpg&w=100", "/crop?src=/o/b.jpg&w=100", "/t/1-100x100.jpg"),
        *("/t/2-100x100.jpg", "/image?id=7&w=300", "/image?id=8&w=300", "/w/2019/portrait.jpg", "/w/2020/portrait.jpg"),
        *("/cam/2026-03-01.jpg", "/cam/2026-03-02.jpg", "/Case.jpg", "/case.jpg"),
    ]
    return page("".join(f'<img src="{escape(truth.picture(path))}">' for path in paths))


def only_small(truth: Truth, _cdn: str) -> Reply:
    """Small sizes alone: their originals are not offered, and are not there."""
    paths = (
        "/wp-content/uploads/lone-300x200.jpg",
        "/thumb/c/cd/Lone.jpg/220px-Lone.jpg",
        "/single.jpg?w=200",
        "/s320/lone.jpg",
    )
    return page("".join(f'<img src="{truth.picture(path)}">' for path in paths))


def based(truth: Truth, _cdn: str) -> Reply:
    """`base` moves every relative URL, also those before it and in `style`."""
    for name in ("one", "two", "three"):
        truth.picture(f"/elsewhere/deep/{name}.jpg")
    truth.routes["/elsewhere/deep/next.html"] = page(f'<img src="{truth.picture("/elsewhere/next.jpg")}">')
    return page(
        '<img src="one.jpg"><p style="background:url(two.jpg)"><img srcset="three.jpg 2x"><a href=next.html>n</a>',
        '<base href="/elsewhere/deep/page.html">',
    )


def charset(truth: Truth, _cdn: str) -> Reply:
    """Latin-1 that says it is UTF-8, with a NUL and a form feed; never closed."""
    truth.picture("/c/ok.jpg"), truth.picture("/c/late.jpg"), truth.picture("/c/last.jpg")
    text = '<title>Caf\xe9</title><img src="/c/ok.jpg">\x00<div\x0cclass=x><p \xff>'
    text += '<img src="/c/late.jpg" <b><img src="/c/last.jpg"'
    return Reply(text.encode("latin-1"), "text/html; charset=utf-8")


def wide(truth: Truth, _cdn: str) -> Reply:
    """UTF-16 with a byte order mark, and not a word about it."""
    return Reply(f'<html><img src="{truth.picture("/c/wide.jpg")}"></html>'.encode("utf-16"), "text/html")


def moved(truth: Truth, _cdn: str) -> Reply:
    """A page that sends browsers on, as pages without a server of their own do."""
    truth.routes["/landing"] = page(f'<img src="{truth.picture("/r/landing.jpg")}">')
    return page("Moved.", '<meta http-equiv="Refresh" content="0; URL=\'/landing\'">')


def ampersand(truth: Truth, _cdn: str) -> Reply:
    """An AMP twin that shows one picture more."""
    truth.routes["/amp/story"] = page(f'<amp-img src="{truth.picture("/r/amp.jpg")}"></amp-img>', "<html amp>")
    truth.picture("/h/secure.jpg")
    head = '<meta property="og:image:secure_url" content="/h/secure.jpg"><link rel="amphtml" href="/amp/story">'
    return page("Story", head + '<link rel=alternate hreflang=de href="/de/story">')


def pages(truth: Truth, _cdn: str) -> Reply:
    """A list over five pages: `rel=next`, then a button that is a link."""
    for number in range(2, 6):
        onward = f'<a href="?page={number + 1}">Older</a>' if number < 5 else "The end"
        truth.routes[f"/ways/pages?page={number}"] = page(
            f'<img src="{truth.picture(f"/r/list-{number}.jpg")}">{onward}'
        )
    return page("First", '<link rel="next" href="?page=2">')


WAYS: dict[str, Way] = {
    way.__name__: way
    for way in (
        *(plain, sets, lazy, heads, styles, links, inline, variants, lookalikes, only_small, based, charset, wide),
        *(moved, ampersand, pages),
    )
}


def build(routes: Routes, cdn: str) -> Truth:
    """Fill `routes` with the blog. `cdn` is the origin under which the same server is another host."""
    truth = Truth(routes)
    for name, way in WAYS.items():
        routes[f"/ways/{name}"] = way(truth, cdn)
    truth.picture("/m/newline.jpg"), truth.picture("/de/story.jpg")
    routes["/de/story"] = page('<img src="/de/story.jpg">')
    routes["/"] = page("".join(f'<a href="/ways/{name}">{name}</a>' for name in WAYS), "<title>A blog</title>")
    return truth
