"""A deletion receipt can be checked by anybody, and a changed one is found out (promise 4)."""

import base64
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import ErasureReceipt
from accounts.rights import receipts

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipt() -> ErasureReceipt:
    return receipts.issue(uuid4(), timezone.now(), {"Your account": 1, "Cases": 2}, {})


def text_of(receipt: ErasureReceipt, **changed: object) -> str:
    return json.dumps({**receipts.document(receipt), **changed})


def test_promise_04_a_receipt_holds_and_states_the_backup_horizon(receipt: ErasureReceipt, settings: Any) -> None:
    receipt.refresh_from_db()
    assert receipts.verify(receipts.as_file(receipt).decode()).holds
    days = (receipt.backups_gone_by - receipt.erased_at).days
    assert days == settings.BACKUP_RETENTION_DAYS <= 30


@pytest.mark.parametrize(
    "changed",
    [
        {"erased": {"Your account": 1, "Cases": 3}},
        {"erased_at": "2020-01-01T00:00:00+00:00"},
        {"kept": {"Cases": 1}},
        {"note": "more"},
        {"signature": "AAAA"},
        {"signature": 7},
        {"key_id": "0" * 16},
    ],
)
def test_a_changed_receipt_is_found_out(receipt: ErasureReceipt, changed: dict[str, object]) -> None:
    assert not receipts.verify(text_of(receipt, **changed)).holds


@pytest.mark.parametrize("text", ["", "no receipt", "[]", '{"kind": 1}', "[" * 10_000, "x" * 30_000])
def test_what_is_no_receipt_is_said_to_be_none(text: str) -> None:
    assert "not a deletion receipt" in receipts.verify(text).sentence


def test_it_can_be_checked_without_us(receipt: ErasureReceipt) -> None:
    """With the public key and what the page says about how it is signed."""
    document = json.loads(receipts.as_file(receipt))
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(document.pop("public_key")))
    signature = base64.b64decode(document.pop("signature"))
    signed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    key.verify(signature, signed)


def test_another_installation_does_not_vouch_for_it(receipt: ErasureReceipt, settings: Any) -> None:
    text = text_of(receipt)
    settings.MASTER_KEY = "another installation's"
    assert "another key" in receipts.verify(text).sentence


def test_the_page_checks_what_is_pasted(receipt: ErasureReceipt, client: Client) -> None:
    good = client.post("/receipts/check/", {"receipt": text_of(receipt)})
    assert (good.status_code, receipt.reference in good.content.decode()) == (200, True)
    bad = client.post("/receipts/check/", {"receipt": text_of(receipt, kept={"Cases": 9})})
    assert (bad.status_code, "The signature does not fit" in bad.content.decode()) == (422, True)


def test_the_file_that_is_saved_passes_the_command(receipt: ErasureReceipt, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(client.get(f"/receipts/{receipt.reference}/file/").content)
    call_command("receipts", "verify", str(file))
    file.write_text(file.read_text().replace('"Cases": 2', '"Cases": 1'))
    with pytest.raises(CommandError, match="does not fit"):
        call_command("receipts", "verify", str(file))


def test_a_receipt_is_never_changed_or_deleted(receipt: ErasureReceipt) -> None:
    rows = ErasureReceipt.objects.filter(pk=receipt.pk)
    for change in (lambda: rows.update(counts={}), rows.delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
