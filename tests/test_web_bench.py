"""The site on which crawlers are measured: everything in it can be reached, and is what it should be."""

import re
from collections import Counter
from pathlib import Path

from bench import crawl, crawled_site
from bench.crawl import Outcome, Size
from search.engine import decode


def test_every_page_can_be_reached_and_shows_pictures_of_its_own() -> None:
    pages, pictures = 107, 250
    shown: Counter[str] = Counter()
    known, waiting = {0}, [0]
    while waiting:
        text = crawled_site.page(waiting.pop(), pages, pictures).decode()
        shown.update(re.findall(r'src="/picture/(\d+)\.jpg"', text))
        linked = {int(number) for number in re.findall(r'<a href="/page/(\d+)">', text)}
        waiting += linked - known
        known |= linked
    assert known == set(range(pages))
    assert sorted(map(int, shown)) == list(range(pictures)) and set(shown.values()) == {1}


def test_pictures_are_photos_with_bytes_of_their_own(tmp_path: Path) -> None:
    crawled_site.make_pictures(tmp_path, 12)
    files = sorted(tmp_path.glob("*.jpg"))
    found = [file.read_bytes() for file in files]
    assert len(set(found)) == 12
    assert all(40_000 < len(data) < 300_000 and min(decode(data).rgb.shape[:2]) > 400 for data in found)
    crawled_site.make_pictures(tmp_path, 12)
    assert [file.read_bytes() for file in files] == found


def test_the_table_compares_medians_and_says_what_is_bounded() -> None:
    mine = [Outcome(10, 20, 5, seconds, 2.0, 500.0, 60.0, {"crawl": 1.0}) for seconds in (2.0, 9.0, 2.0)]
    theirs = [Outcome(10, 20, 5, seconds, 4.0, 300.0, 90.0, {"fetch": 1.0}) for seconds in (8.0, 9.0, 6.0)]
    made = crawl._table(Size(10, 20, 3), {"ours": mine, "peer": theirs})
    text = made.text()
    assert "3.00 x  ≥ 3 x: met" in text
    assert "bounded (64 MB asked): met" in text
