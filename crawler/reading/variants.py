"""One picture in many sizes: which of the URLs that a page offers are one picture, and which is the largest.

Only what is offered is ever chosen; no URL is made up. Two URLs are one picture only where they differ in nothing
but marks of size that `crawler.reading.renditions` knows. A rendition of another shape is a crop, which may have cut a
face away: it is kept beside the others, unless the whole is offered too, or it is a small piece out of the middle
of a far larger one. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable

from crawler.reading.renditions import LARGE_WORDS, WORDS, Rendition, read

# Orders the file without marks above every size, and words for large files above that.
_WHOLE = 1_000_000
# From here on, a rendition is larger than any thumbnail.
_NO_THUMBNAIL = 300
# Of one picture, so many shapes are kept; more are a trap.
MAX_SHAPES = 30
# A crop that is smaller by this factor on both sides has no more of a face than the rendition it was cut from.
_FAR_LARGER = 2
# Photographs are no longer than this; what is, was cut itself.
_LONGEST_SHAPE = 2.0
# In a shop's notation, `_large` is 480 pixels wide.
_SHOP_LARGE = 480


def representatives(urls: Iterable[str], scheme: str = "") -> dict[str, str]:
    """For each URL the one to be fetched for it: itself, or the largest rendition of the same picture among `urls`.

    Does not depend on the order. Of http and https the one of `scheme` is taken.
    """
    read_urls = {url: read(url) for url in urls}
    keys = {rendition.key for rendition in read_urls.values()}
    groups: dict[str, list[tuple[str, Rendition]]] = defaultdict(list)
    for url, rendition in read_urls.items():
        groups[rendition.other_key if rendition.other_key in keys else rendition.key].append((url, rendition))
    chosen: dict[str, str] = {}
    for members in groups.values():
        _choose(members, scheme, chosen)
    return chosen


def variant_key(url: str) -> str:
    """What a marked rendition has in common with all sizes of its picture; empty where `url` has no mark of size.

    Safe to compare between pages; to skip one for another, ask `covers`.
    """
    rendition = read(url)
    return rendition.key if rendition.marked else ""


def picture_key(url: str) -> str:
    """The key of any URL, marked or not: that of a file is the `variant_key` of its renditions."""
    return read(url).key


def covers(known: str, url: str) -> bool:
    """Whether `known` is the same picture as `url`, shows all of it, and is no smaller."""
    larger, smaller = read(known), read(url)
    same = larger.key in (smaller.key, smaller.other_key)
    return same and _score(larger) >= _score(smaller) and _shows_all(larger, smaller)


def _choose(members: list[tuple[str, Rendition]], scheme: str, chosen: dict[str, str]) -> None:
    """Largest first, each is taken for all that it covers."""
    if len(members) == 1:
        url = members[0][0]
        chosen[url] = url
        return
    members.sort(key=lambda member: _preference(member[0], member[1], scheme), reverse=True)
    kept: list[tuple[str, Rendition]] = []
    for url, rendition in members:
        spare = url if len(kept) < MAX_SHAPES else kept[0][0]
        chosen[url] = next((larger for larger, taken in kept if _shows_all(taken, rendition)), spare)
        if chosen[url] == url:
            kept.append((url, rendition))


def _preference(url: str, rendition: Rendition, scheme: str) -> tuple[float, bool, float, bool, bool, str]:
    own = bool(scheme) and url.startswith(f"{scheme}://")
    return (_score(rendition), not rendition.marked, rendition.quality, own, url.startswith("https:"), url)


def _score(rendition: Rendition) -> float:
    """A size to order by: pixels of the longer side where they are known, or a guess by the word."""
    pixels = max(rendition.width, rendition.height) or _word_pixels(rendition)
    return pixels * rendition.scale


def _word_pixels(rendition: Rendition) -> int:
    if rendition.word in LARGE_WORDS:
        return _SHOP_LARGE if rendition.in_shop else _WHOLE + LARGE_WORDS[rendition.word]
    return WORDS.get(rendition.word, _WHOLE)


def _shows_all(larger: Rendition, smaller: Rendition) -> bool:
    """Whether `larger`, which comes first by `_score`, leaves nothing out that `smaller` may show."""
    if _is_whole(larger):
        return True
    if larger.word and not (larger.width or larger.height):
        return bool(smaller.word) or not _sides(smaller) or larger.word in LARGE_WORDS
    if not _sides(smaller):
        return bool(smaller.word) and WORDS.get(smaller.word, _WHOLE) <= _score(larger) >= _NO_THUMBNAIL
    if _sides(larger) == 2:
        return _sides(smaller) == 2 and (_same_shape(larger, smaller) or _is_piece(larger, smaller))
    return not larger.cropped and _same_bound(larger, smaller)


def _is_whole(rendition: Rendition) -> bool:
    return not (rendition.word or rendition.width or rendition.height or rendition.cropped)


def _sides(rendition: Rendition) -> int:
    return bool(rendition.width) + bool(rendition.height)


def _same_bound(larger: Rendition, smaller: Rendition) -> bool:
    """One side was given for the larger one, so that it has the shape of the file."""
    if larger.width:
        return 0 < smaller.width * smaller.scale <= larger.width * larger.scale
    return 0 < smaller.height * smaller.scale <= larger.height * larger.scale


def _same_shape(larger: Rendition, smaller: Rendition) -> bool:
    """Equal proportions, but for what rounding to whole pixels does."""
    expected = larger.height * smaller.width / larger.width
    return abs(expected - smaller.height) <= 1 + 0.01 * smaller.height


def _is_piece(larger: Rendition, smaller: Rendition) -> bool:
    """Whether `smaller` is very probably a crop of what `larger` shows, and no closer look at it.

    A thumbnail is mostly a square out of a photograph. A longer shape is no crop of a squarer one: that one
    has lost its ends.
    """
    if _FAR_LARGER * smaller.scale * smaller.width > larger.scale * larger.width:
        return False
    if _FAR_LARGER * smaller.scale * smaller.height > larger.scale * larger.height:
        return False
    return 1.1 * _elongation(smaller) <= _elongation(larger) <= _LONGEST_SHAPE


def _elongation(rendition: Rendition) -> float:
    """The longer side by the shorter one; 1 for a square."""
    return max(rendition.width, rendition.height) / min(rendition.width, rendition.height)
