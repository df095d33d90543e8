"""The signed authority: one in force, sealed, revocable, with the words of the oath in full."""

import pytest

from accounts import keys
from accounts.models import AuditEvent, User
from takedowns import mandates
from takedowns.cases import NotAllowed
from takedowns.models import Mandate


def test_a_signature_is_sealed_and_can_be_read_again(alice: User) -> None:
    mandate = mandates.sign(alice, full_name="Alice  Example", address=" 12 Road ", signature="alice example")
    assert b"Alice" not in bytes(mandate.sealed)
    signed = mandates.read(mandate)
    assert (signed.full_name, signed.address, signed.signature) == ("Alice Example", "12 Road", "alice example")
    assert mandates.in_force(alice.subject) == mandate


def test_signing_again_ends_the_earlier_mandate(alice: User) -> None:
    first = mandates.sign(alice, full_name="Alice Example", address="", signature="Alice Example")
    second = mandates.sign(alice, full_name="Alice Example", address="", signature="Alice Example")
    first.refresh_from_db()
    assert first.revoked_at is not None
    assert mandates.in_force(alice.subject) == second


def test_revoking_ends_it_at_once_and_twice_is_no_error(alice: User) -> None:
    mandates.sign(alice, full_name="Alice Example", address="", signature="Alice Example")
    mandates.revoke(alice)
    mandates.revoke(alice)
    assert mandates.in_force(alice.subject) is None
    actions = AuditEvent.objects.filter(about=alice.pk).values_list("action", flat=True)
    assert list(actions) == ["mandate.signed", "mandate.revoked"]


@pytest.mark.parametrize(
    ("name", "signature"),
    [("", ""), ("Alice Example", "Bob Example"), ("Alice Example", ""), ("A" * 201, "A" * 201)],
)
def test_a_name_and_the_same_name_are_needed(alice: User, name: str, signature: str) -> None:
    with pytest.raises(NotAllowed):
        mandates.sign(alice, full_name=name, address="", signature=signature)
    assert not Mandate.objects.exists()


def test_a_line_break_cannot_get_into_a_letter_by_the_name(alice: User) -> None:
    name = "Alice\r\n/s/ Somebody Else"
    signed = mandates.read(mandates.sign(alice, full_name=name, address="", signature=name))
    assert signed.signature == "Alice /s/ Somebody Else"


def test_with_the_key_gone_nobody_reads_it(alice: User) -> None:
    mandate = mandates.sign(alice, full_name="Alice Example", address="", signature="Alice Example")
    alice.data_key.delete()
    with pytest.raises(keys.Unreadable):
        mandates.read(mandate)


def test_the_signer_reads_the_oath_in_full() -> None:
    assert "under penalty of perjury" in mandates.MANDATE_TEXT
    assert "damages" in mandates.MANDATE_TEXT
