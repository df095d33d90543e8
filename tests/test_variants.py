"""Which URLs are one picture in several sizes, and which are not."""

import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.reading.variants import covers, picture_key, representatives, variant_key

HOST = "https://cdn.example"


def kept(*paths: str) -> list[str]:
    urls = [path if path.startswith("http") else HOST + path for path in paths]
    chosen = representatives(urls, "https")
    assert set(chosen.values()) <= set(urls)
    return [path for path, url in zip(paths, urls, strict=True) if chosen[url] == url]


@pytest.mark.parametrize(
    ("smaller", "largest"),
    [
        (["/u/a-300x200.jpg", "/u/a-150x150.jpg", "/u/a-scaled.jpg"], "/u/a.jpg"),
        (["/u/a-300x200.jpg", "/u/a-768x512.jpg"], "/u/a-1024x683.jpg"),
        (["/u/a-1024x683.jpg"], "/u/a-scaled.jpg"),
        # Squares out of a photograph that is far larger
        (["/u/a-150x150.jpg", "/u/a-240x300.jpg"], "/u/a-1536x1024.jpg"),
        (["/image/upload/w_200,h_200,c_fill/v1/n.jpg"], "/image/upload/w_1600,c_fill/v1/n.jpg"),
        (["/image/upload/w_400,c_fill,g_auto/v1/n.jpg"], "/image/upload/w_1600,c_fill,g_auto/v1/n.jpg"),
        (["/a.jpg?w=100&h=100&fit=crop"], "/a.jpg?w=900&fit=crop"),
        (["/a.jpg?w=300", "/a.jpg?w=600&dpr=1"], "/a.jpg?w=1200&q=75"),
        (["/a.jpg?w=300&h=300&fit=crop"], "/a.jpg?w=1200"),
        (["/a.jpg?width=300&height=200&crop=faces"], "/a.jpg?width=1500&height=1000&crop=faces"),
        (["/a.jpg?resize=300,200&ssl=1"], "/a.jpg"),
        (["/a.jpg?size=300x200"], "/a.jpg?size=900x600"),
        (["/a.jpg?size=small"], "/a.jpg?size=large"),
        (["/a.jpg?v=7&im_w=320"], "/a.jpg?v=7&im_w=1440"),
        (["/image/upload/w_300,h_200,c_fill/v1/n.jpg", "/image/upload/w_800/v1/n.jpg"], "/image/upload/v1/n.jpg"),
        (["/image/upload/c_limit,w_300/v1/n.jpg"], "/image/upload/c_limit,w_800/v1/n.jpg"),
        (["/s/files/f_300x300.jpg?v=1", "/s/files/f_large.jpg?v=1"], "/s/files/f.jpg?v=1"),
        (["/w/thumb/a/ab/Name.jpg/220px-Name.jpg", "/w/thumb/a/ab/Name.jpg/440px-Name.jpg"], "/w/a/ab/Name.jpg"),
        (["/abcdefghijklmnopqrstuv=s200", "/abcdefghijklmnopqrstuv=w300"], "/abcdefghijklmnopqrstuv=s1600"),
        (["/abcdefghijklmnopqrstuv=s200"], "/abcdefghijklmnopqrstuv=s0"),
        (["/-/x/s320/a.jpg"], "/-/x/s1600/a.jpg"),
        (["/65535/1234567_0123456789_m.jpg", "/65535/1234567_0123456789.jpg"], "/65535/1234567_0123456789_b.jpg"),
        (["/t/tumblr_abcdefgh1_500.jpg"], "/t/tumblr_abcdefgh1_1280.jpg"),
        (["/_next/image?url=%2Fa.jpg&w=640&q=75"], "/_next/image?url=%2Fa.jpg&w=1920&q=75"),
        (["/_next/image?url=%2Fa.jpg&w=640&q=75"], "/a.jpg"),
        (["/media/Abc?format=jpg&name=small"], "/media/Abc?format=jpg&name=large"),
        (["/a.jpg", "/a@2x.jpg"], "/a@3x.jpg"),
        (["/g/small/1.jpg", "/g/thumbs/1.jpg", "/g/medium/1.jpg"], "/g/large/1.jpg"),
        (["/g/thumbs/1.jpg"], "/g/1.jpg"),
        (["/g/300x200/1.jpg"], "/g/900x600/1.jpg"),
        (["/thumb_a1.jpg", "/a1_thumb.jpg", "/a1-small.jpg", "/a1.thumb.jpg"], "/a1.jpg"),
        (["/a.jpg", "/a-medium.jpg"], "/a-large.jpg"),
        (["/cdn-cgi/image/width=80,quality=75/up/a.jpg"], "/up/a.jpg"),
        (["/I/41abc._AC_SX300_.jpg"], "/I/41abc.jpg"),
        (["/avatar/0123456789abcdef0123?s=80"], "/avatar/0123456789abcdef0123?s=512"),
        (["/p.php?id=1&w=300"], "/p.php?id=1&w=600"),
        (["http://cdn.example/a.jpg"], "https://cdn.example/a.jpg"),
        (["/a.jpg.webp"], "/a.jpg"),
    ],
)
def test_the_largest_is_fetched_for_all(smaller: list[str], largest: str) -> None:
    assert kept(*smaller, largest) == [largest]
    assert kept(largest, *reversed(smaller)) == [largest]


@pytest.mark.parametrize(
    "paths",
    [
        ["/photo-1.jpg", "/photo-2.jpg"],
        ["/photo-640.jpg", "/photo-641.jpg"],
        ["/img_300x200.jpg", "/img_400x100.jpg"],
        ["/u/a-600x600.jpg", "/u/a-1024x683.jpg"],
        # The larger ones have lost their ends
        ["/u/a-150x150.jpg", "/u/a-1200x400.jpg"],
        ["/u/a-300x200.jpg", "/u/a-1200x1200.jpg"],
        ["/image/upload/w_200,h_200,c_fill/v1/n.jpg", "/image/upload/w_900,ar_16:9,c_fill/v1/n.jpg"],
        ["/f.jpg?v=1", "/f.jpg?v=2"],
        ["/f.jpg?id=1&w=300", "/f.jpg?id=2&w=600"],
        ["/p.php?s=30", "/p.php?s=40"],
        ["/p.php?w=3", "/p.php?w=4"],
        ["/find?q=12", "/find?q=13"],
        ["/a/small/1.jpg", "/b/large/1.jpg"],
        ["/a.jpg", "/a.png"],
        ["/a.jpg?crop=1,2,3,4", "/b.jpg"],
        ["/image/upload/e_blur/v1/n.jpg", "/image/upload/v1/n.jpg"],
        ["/_next/image?url=%2Fa.jpg&w=640", "/_next/image?url=%2Fb.jpg&w=640"],
        ["https://a.example/x.jpg", "https://b.example/x.jpg"],
        ["/thumbs/1.jpg", "/2.jpg"],
        ["/team/anna.jpg", "/team/thumb/anna_m.jpg"],
    ],
)
def test_other_pictures_are_kept(paths: list[str]) -> None:
    assert kept(*paths) == paths


def test_between_pages() -> None:
    small, large = f"{HOST}/u/a-300x200.jpg", f"{HOST}/u/a.jpg"
    assert variant_key(large) == ""
    assert variant_key(small) == picture_key(large)
    assert covers(large, small)
    assert not covers(small, large)
    assert not covers(f"{HOST}/u/a-600x600.jpg", small)
    assert not covers(f"{HOST}/u/b.jpg", small)


def test_a_trap_of_crops_has_an_end() -> None:
    urls = [f"{HOST}/a.jpg?w={20 + number}&h={19_000 - number}" for number in range(10_000)]
    assert len(set(representatives(urls).values())) == 30


SIZES = ["", "-300x200", "-1024x683", "_thumb", "-large", "@2x"]
QUERIES = ["", "?w=300", "?w=1200&q=80", "?v=2", "?width=640&height=480"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(SIZES), st.sampled_from(QUERIES)), max_size=20),
    st.integers(),
)
def test_only_sizes_are_merged_and_order_does_not_matter(parts: list[tuple[str, str, str]], seed: int) -> None:
    urls = {f"{HOST}/{name}{size}.jpg{query}": (name, "v=2" in query) for name, size, query in parts}
    chosen = representatives(urls)
    assert all(urls[url] == urls[best] and chosen[best] == best for url, best in chosen.items())
    shuffled = list(urls)
    random.Random(seed).shuffle(shuffled)
    assert representatives(shuffled) == chosen


@given(st.lists(st.text(alphabet="ab1x0-_./?=&@w,%", max_size=30).map(lambda text: f"{HOST}/{text}"), max_size=6))
def test_any_urls_are_put_in_some_group(urls: list[str]) -> None:
    chosen = representatives(urls)
    assert chosen.keys() == set(urls)
    assert all(chosen[best] == best for best in chosen.values())
    for url in urls:
        variant_key(f"{HOST}/_next/image?w=64&url={quote(url)}")
