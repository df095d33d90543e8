"""Receipts of erasure: how much went and when, signed, without anybody's name. They can be checked for ever."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import ErasureReceipt
from accounts.references import reference
from accounts.rights import signing

KIND = "faceward-erasure-receipt"
VERSION = 1
LONGEST = 20_000


@dataclass(frozen=True)
class Verdict:
    """What a document turned out to be; `document` only where it is a receipt of ours."""

    holds: bool
    sentence: str
    document: Mapping[str, Any] | None = None


def issue(account: UUID, at: datetime, erased: Mapping[str, int], kept: Mapping[str, int]) -> ErasureReceipt:
    """Sign and keep a receipt, in the transaction of the erasure."""
    at = at.astimezone(UTC).replace(microsecond=0)
    row = ErasureReceipt(
        reference=reference("ER", 12),  # 57 bits: it opens a page
        account=account,
        erased_at=at,
        backups_gone_by=at + timedelta(days=settings.BACKUP_RETENTION_DAYS),
        counts={"erased": dict(erased), "kept": dict(kept), "installation": settings.PORTAL_URL},
        key_id=signing.key_id(),
    )
    row.signature = signing.sign(_signed(row))
    row.save(force_insert=True)
    return row


def document(row: ErasureReceipt) -> dict[str, Any]:
    """The receipt as a person keeps it: what was signed, the signature, and the key to check it with."""
    return {**_signed(row), "signature": row.signature, "public_key": signing.public_key()}


def as_file(row: ErasureReceipt) -> bytes:
    """The document as indented JSON."""
    return json.dumps(document(row), indent=2, ensure_ascii=False).encode()


def verify(text: str) -> Verdict:
    """Whether a text is a receipt that this installation signed, unchanged."""
    try:
        content = json.loads(text[: LONGEST + 1]) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        return Verdict(False, "This is not a deletion receipt. Paste the whole file, from the first brace to the last.")
    signature = content.get("signature")
    signed = {name: value for name, value in content.items() if name not in {"signature", "public_key"}}
    if not isinstance(signature, str) or not signing.holds(signed, signature):
        if signed.get("key_id") != signing.key_id():
            return Verdict(False, "This receipt was signed with another key than ours.")
        return Verdict(False, "The signature does not fit: the receipt was changed, or is not ours.")
    return Verdict(True, "This receipt is ours, and unchanged.", signed)


def _signed(row: ErasureReceipt) -> dict[str, Any]:
    return {
        "kind": KIND,
        "version": VERSION,
        "installation": row.counts["installation"],
        "reference": row.reference,
        "account": str(row.account),
        "erased_at": row.erased_at.astimezone(UTC).isoformat(),
        "backups_gone_by": row.backups_gone_by.astimezone(UTC).isoformat(),
        "erased": row.counts["erased"],
        "kept": row.counts["kept"],
        "key_id": row.key_id,
    }
