"""Known pictures: recognised by their bytes or by what they look like, and their addresses never asked for again."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from crawler.blocklists import blocklist, restricted
from crawler.blocklists.near_hashes import SAME, NearHashes, turned
from crawler.models import HashList, ImageBlock, RestrictedPicture
from search.engine.pdq import distance, pdq_dihedral
from tests import photos

PAGE, PICTURE = "https://bad.example/page?a=1", "https://bad.example/picture.jpg"


def a_list(name: str = "A list", **values: str | Sequence[str]) -> HashList:
    """`kind=value` or several."""
    made, _ = HashList.objects.get_or_create(name=name)
    for kind, value in values.items():
        for one in [value] if isinstance(value, str) else value:
            ImageBlock.objects.create(hash_list=made, kind=kind, value=one)
    return made


def differing(text: str, bits: int) -> str:
    """A hash that differs in so many bits, spread over it."""
    array = np.unpackbits(np.frombuffer(bytes.fromhex(text), dtype=np.uint8))
    array[np.linspace(0, 255, bits, dtype=int)] ^= 1
    return np.packbits(array).tobytes().hex()


# By their bytes


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_bytes_are_known_by_either_hash(kind: str) -> None:
    a_list(**{kind: hashlib.new(kind, b"listed").hexdigest()})
    guard = blocklist.guard()
    assert guard.digest(b"listed") == "A list"
    assert guard.digest(b"another") == ""


@pytest.mark.django_db
def test_found_by_md5_alone_the_sha256_joins_the_list() -> None:
    a_list(md5=hashlib.md5(b"listed", usedforsecurity=False).hexdigest())
    before = blocklist.stamp()
    assert blocklist.known(b"listed") == "A list"
    assert blocklist.listed([hashlib.sha256(b"listed").hexdigest()]).popitem()[1] == "A list"
    assert blocklist.stamp() != before


@pytest.mark.django_db
def test_what_is_remembered_here_is_known_again() -> None:
    sha256 = hashlib.sha256(b"withdrawn").hexdigest()
    blocklist.remember([sha256])
    blocklist.remember([sha256])
    assert blocklist.known(b"withdrawn") == blocklist.WITHDRAWN
    assert ImageBlock.objects.get().kind == ImageBlock.Kind.SHA256


# Addresses


@pytest.mark.django_db
def test_a_restricted_address_is_not_asked_for_again(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    guard = blocklist.guard()
    assert not guard.address(PICTURE)
    guard.restrict(PAGE, PICTURE, "A list")
    guard.restrict(PAGE, PICTURE, "Another list")
    with django_assert_num_queries(0):  # it is asked in an event loop
        assert guard.address(PICTURE)
        assert guard.address("http://BAD.example:80/picture.jpg#top")
        assert not guard.address("https://bad.example/another.jpg")
        assert not guard.address("nonsense")
    row = RestrictedPicture.objects.get()
    assert (row.page_url, row.image_url, row.list_name) == (PAGE, PICTURE, "A list")
    assert blocklist.guard().address(PICTURE)
    assert restricted.is_restricted(PICTURE)
    assert not restricted.is_restricted(PAGE)


@pytest.mark.django_db
def test_a_picture_inside_of_a_page_does_not_restrict_the_page() -> None:
    guard = blocklist.guard()
    guard.restrict(PAGE, f"{PAGE}#data-0123456789abcdef", "A list")
    assert guard.address(f"{PAGE}#data-0123456789abcdef")
    assert not guard.address(PAGE)
    assert not guard.address(f"{PAGE}#data-fedcba9876543210")


@pytest.mark.django_db
def test_a_long_crawl_learns_what_others_have_met(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = blocklist.guard()
    restricted.note([(PAGE, PICTURE)], "A list")
    monkeypatch.setattr("crawler.blocklists.blocklist._AGAIN_SECONDS", -1.0)
    guard.digest(b"anything")
    assert guard.address(PICTURE)


@pytest.mark.django_db
def test_once_closed_an_address_stays_out_of_bounds() -> None:
    restricted.note([(PAGE, PICTURE)], "A list")
    RestrictedPicture.objects.update(state="closed", note="Nothing to report.")
    restricted.note([(PAGE, PICTURE)], "A list")
    assert RestrictedPicture.objects.get().state == "closed"
    assert restricted.is_restricted(PICTURE)


# By what they look like


@pytest.mark.django_db
def test_near_is_up_to_thirty_one_bits() -> None:
    known = pdq_dihedral(photos.astronaut())[0]
    a_list(pdq=known)
    assert blocklist.pdq_lists([differing(known, SAME)]) == "A list"
    assert blocklist.pdq_lists([differing(known, SAME + 1)]) == ""
    assert blocklist.pdq_lists(pdq_dihedral(photos.hopper())) == ""


@pytest.mark.django_db
def test_mirrored_and_turned_it_is_the_same_picture() -> None:
    a_list(pdq=pdq_dihedral(photos.astronaut())[0])
    for seen in (photos.mirrored(photos.astronaut()), np.rot90(photos.astronaut())):
        assert blocklist.pdq_lists(pdq_dihedral(np.ascontiguousarray(seen))) == "A list"


@pytest.mark.django_db
def test_a_list_that_changes_is_read_again() -> None:
    known = pdq_dihedral(photos.astronaut())
    assert not blocklist.has_pdq()
    made = a_list(pdq=known[0])
    assert blocklist.pdq_lists(known) == "A list"
    made.delete()
    assert blocklist.pdq_lists(known) == ""


def test_the_eight_forms_follow_from_one_hash() -> None:
    for picture in (photos.astronaut(), photos.hopper(), photos.group()):
        real = pdq_dihedral(picture)
        derived = turned(real[0])
        assert derived[0] == real[0]
        assert all(min(distance(form, one) for one in derived) <= 16 for form in real)


def test_near_entries_are_found_wherever_they_differ() -> None:
    random = np.random.default_rng(4)
    values = [random.bytes(32).hex() for _ in range(2000)]
    entries = NearHashes(values, range(len(values)))
    for place in range(0, len(values), 40):
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(values[place]), dtype=np.uint8))
        bits[random.choice(256, SAME, replace=False)] ^= 1
        assert entries.find([np.packbits(bits).tobytes().hex()]) == place
    assert entries.find([random.bytes(32).hex() for _ in range(8)]) is None
    assert NearHashes((), ()).find(values[:1]) is None
