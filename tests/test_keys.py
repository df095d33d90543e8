"""Sealed values open for their person and purpose only, and for nobody once the key is destroyed."""

import pytest

from accounts import keys
from accounts.models import DataKey, User


def test_what_is_sealed_can_be_read_again(alice: User) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    assert b"private" not in sealed
    assert keys.unseal(alice, "letter", sealed) == b"private"


def test_the_same_text_is_sealed_differently_each_time(alice: User) -> None:
    assert keys.seal(alice, "letter", b"private") != keys.seal(alice, "letter", b"private")


def test_a_value_cannot_be_moved_to_another_purpose_or_person(alice: User, bob: User) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    keys.seal(bob, "letter", b"his own")
    for user, purpose in ((alice, "address"), (bob, "letter")):
        with pytest.raises(keys.Unreadable):
            keys.unseal(user, purpose, sealed)


def test_destroying_the_key_makes_it_unreadable_even_if_a_new_one_is_made(alice: User) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    DataKey.objects.filter(user=alice).delete()
    with pytest.raises(keys.Unreadable):
        keys.unseal(alice, "letter", sealed)
    keys.seal(alice, "letter", b"new key")
    with pytest.raises(keys.Unreadable):
        keys.unseal(alice, "letter", sealed)


def test_data_keys_are_wrapped_by_the_master_key(alice: User, settings) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    settings.MASTER_KEY = "another installation's"
    with pytest.raises(keys.Unreadable):
        keys.unseal(alice, "letter", sealed)
