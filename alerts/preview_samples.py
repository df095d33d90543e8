"""Invented data for looking at our mails. Nobody's: no row is read, and the names and addresses exist nowhere."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings

from alerts.models import Kind
from alerts.wording import Happened

ADDRESS = "someone@example.org"
_NOW = datetime(2025, 5, 6, 9, 30, tzinfo=UTC)
Situation = tuple[str, list[Happened], int]


def _link(path: str) -> str:
    return f"{settings.PORTAL_URL}{path}"


def _happened(*kinds: Kind, count: int = 1, pictures: int = 1) -> list[Happened]:
    return [
        Happened(kind, _NOW - timedelta(days=number), f"{kind} {number}", pictures)
        for kind in kinds
        for number in range(count)
    ]


def situations() -> dict[str, Situation]:
    """What digests tell, by a name for the address: the words for it, what happened, and what still waits."""
    return {
        "picture": ("One picture", _happened(Kind.MATCH), 0),
        "page": ("Many pictures of one page", _happened(Kind.MATCH, pictures=12), 0),
        "question": ("A question", _happened(Kind.QUESTION), 0),
        "relapse": ("A picture is back", _happened(Kind.RELAPSE), 2),
        "removal": ("A removal", _happened(Kind.REMOVED), 0),
        "day": ("A day's digest", _happened(Kind.MATCH, Kind.WROTE, Kind.PLACE_REMOVED, count=3), 1),
        "webhook": ("A webhook is off", _happened(Kind.WEBHOOK_OFF), 0),
        "everything": ("All there is", _happened(*Kind, count=5, pictures=2), 14),
    }


def _account() -> dict[str, dict[str, Any]]:
    """By the prefix of allauth's templates."""
    code = {"code": "K7RW-2MQD"}
    done = {"timestamp": _NOW, "contact_email": settings.CONTACT_EMAIL, "user_agent": "Firefox on Linux"}
    mine = {"email": ADDRESS}
    changed = done | {"from_email": ADDRESS, "to_email": "somebody@example.com", "deleted_email": ADDRESS}
    return {
        "account/email/account_already_exists": mine | {"password_reset_url": _link("/account/password/reset/")},
        "account/email/unknown_account": mine,
        **dict.fromkeys(("account/email/email_confirmation_signup", "account/email/email_confirmation"), code),
        **dict.fromkeys(("account/email/login_code", "account/email/password_reset_code"), code),
        **{f"account/email/email_{what}": changed for what in ("changed", "confirm", "deleted")},
        **{f"account/email/password_{what}": done for what in ("changed", "reset", "set")},
        **{f"mfa/email/totp_{what}": done for what in ("activated", "deactivated")},
        **{f"mfa/email/webauthn_{what}": done for what in ("added", "removed")},
        "mfa/email/recovery_codes_generated": done,
    }


def _ours() -> dict[str, dict[str, Any]]:
    """By template, those with words and HTML of their own."""
    contact = {"contact_email": settings.CONTACT_EMAIL}
    optout = contact | {
        "optout": {"reference": "OPT-2025-0000"},
        **{name: _link(f"/opt-out/{name}/{'x' * 40}/") for name in ("confirm", "yours", "withdraw")},
    }
    age = contact | {"link": _link("/enrol/age/"), "may_ask_from": _NOW + timedelta(days=180)}
    policy = {"get_kind_display": "Privacy notice", "summary": "We say more plainly how long backups are kept."}
    change = contact | {"policy": policy, "link": _link("/policies/changes/")}
    counter = contact | {"opens_on": date(2025, 5, 20), "ends_on": date(2025, 5, 26), "link": _link("/cases/")}
    return {
        **{
            f"search/email/optout_{name}": optout
            for name in ("confirm", "receipt", "assisted", "in_effect", "refused", "recapture", "ended")
        },
        "search/email/recapture": contact | {"link": _link("/enrol/")},
        "search/email/age_decided": age | {"allowed": True},
        "search/email/age_decided?refused": age | {"allowed": False},
        "policies/email/change": change | {"due": None},
        "policies/email/change?material": change | {"due": _NOW + timedelta(days=30)},
        "alerts/email/test": contact | {"link": _link("/alerts/")},
        "takedowns/email/counter_received": counter,
        "takedowns/email/counter_warning": counter,
    }


def _tickets() -> dict[str, dict[str, Any]]:
    """By template, those whose first line is the subject."""
    law = {"citation": "Art. 12(3) GDPR"}
    request = {"reference": "REQ-2025-0000", "answer_due_at": _NOW, "due_at": _NOW + timedelta(days=30)}
    said = {"request": request, "law": law, "body": "Thank you for your patience.\n\nHere is what you asked for."}
    found = {
        "reference": "LEG-2025-0000",
        "authority": "A court",
        "country": "XX",
        "legal_basis": "An order",
        "received_at": _NOW,
        "scope": "The dates on which the account was used in April.",
        "state": "under_review",
    }
    due = {"record": request, "kind": "Access", "what": "the answer", "due_at": _NOW, "late": False}
    return {
        "receipt": said | {"signed_in": True},
        "reply": said,
        "extended": said | {"due_at": _NOW + timedelta(days=90)},
        "closed": said | {"outcome": "refused"},
        "legal_received": {"found": found},
        "legal_decided": {"found": found | {"state": "disclosed", "disclosed_at": _NOW, "disclosed": "Three dates."}},
        "deadline": due | {"link": _link("/console/requests/")},
    }


def _erased() -> dict[str, Any]:
    receipt = {"reference": "ER-0000-0000", "erased_at": _NOW, "backups_gone_by": _NOW + timedelta(days=30)}
    return {"receipt": receipt, "link": _link("/receipts/ER-0000-0000/"), "contact_email": settings.PRIVACY_EMAIL}


SAMPLES: dict[str, Callable[[], Any]] = {"account": _account, "ours": _ours, "tickets": _tickets, "erased": _erased}
