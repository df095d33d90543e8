"""What this app holds about people, and when it goes."""

from collections.abc import Iterator
from datetime import timedelta

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.billing import forgetting, webhooks
from accounts.models import (
    AccountLock,
    AuditEvent,
    BillingEvent,
    Consent,
    DataRequest,
    LegalRequest,
    PolicyNotice,
    RequestMessage,
    Role,
    Subscription,
    User,
)
from accounts.policies import usage
from accounts.retention import (
    DUTY,
    INTEREST,
    NOBODY,
    Erasure,
    File,
    Holding,
    as_json,
    count_of,
    delete_of,
    json_of,
    not_personal,
    oldest_of,
    register,
    rows,
)
from accounts.rights import erasure, holds, looked
from accounts.states import RequestState
from accounts.tickets import sealed

_UNCONFIRMED = timedelta(days=7)
_REQUEST_AGE = timedelta(days=365)
_BILLING_AGE = timedelta(days=30)
_USAGE_AGE = timedelta(days=2 * 365)
_ACCOUNT = ("email", "full_name", "region", "role", "discreet", "date_joined", "adult_declared_at", "last_login")
_MORE = ("presence_confirmed_at", "last_active_on")
_STAFF = "You, and staff who work for you"


# --- The account -------------------------------------------------------------------------------------------


def _unconfirmed() -> QuerySet[User]:
    """Sign-ups whose address was never confirmed."""
    tried = EmailAddress.objects.filter(verified=False).values("user")
    confirmed = EmailAddress.objects.filter(verified=True).values("user")
    return User.objects.filter(role=Role.SUBSCRIBER, last_login=None, pk__in=tried).exclude(pk__in=confirmed)


def _sweep_unconfirmed() -> int:
    stale = _unconfirmed().filter(date_joined__lt=timezone.now() - _UNCONFIRMED, data_requests=None, subject=None)
    count = stale.count()
    stale.delete()
    return count


def _export_account(user: User) -> Iterator[File]:
    yield as_json("account.json", rows(User.objects.filter(pk=user.pk), *_ACCOUNT, *_MORE)[0])


def _addresses(user: User) -> QuerySet[EmailAddress]:
    found: QuerySet[EmailAddress] = EmailAddress.objects.filter(user=user)
    return found


def _factors(user: User) -> QuerySet[Authenticator]:
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user)
    return found


def _export_sign_in(user: User) -> Iterator[File]:
    addresses = rows(_addresses(user), "email", "verified", "primary")
    # Without the secrets: they are of use to nobody but a thief.
    factors = rows(_factors(user), "type", "created_at", "last_used_at")
    yield as_json("sign-in.json", {"addresses": addresses, "second_factors": factors})


def _erase_sign_in(user: User, _erasure: Erasure) -> int:
    count = _addresses(user).count() + _factors(user).count()
    _addresses(user).delete()
    _factors(user).delete()
    return count


def _sessions(user: User) -> QuerySet[UserSession]:
    found: QuerySet[UserSession] = UserSession.objects.filter(user=user)
    return found


def _in_database() -> bool:
    return settings.SESSION_ENGINE.rpartition(".")[2] in {"db", "cached_db"}


def _erase_sessions(user: User, _erasure: Erasure) -> int:
    """Every browser is signed out, those of which no list was made as well."""
    _sessions(user).delete()
    live = Session.objects.filter(expire_date__gt=timezone.now()).iterator()
    theirs = [row.pk for row in live if row.get_decoded().get("_auth_user_id") == str(user.pk)]
    Session.objects.filter(pk__in=theirs).delete()
    return len(theirs)


def _sweep_sessions() -> int:
    if not _in_database():
        return 0
    gone = Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    EmailConfirmation.objects.delete_expired_confirmations()
    return gone


# --- Consents, plans, locks --------------------------------------------------------------------------------


def _consents(user: User) -> QuerySet[Consent]:
    return Consent.objects.filter(user=user).order_by("given_at")


def _erase_consents(user: User, erasure: Erasure) -> int:
    """With a case that is held stays what allowed it."""
    if erasure.held:
        return 0
    return delete_of(_consents)(user, erasure)


def _notices(user: User) -> QuerySet[PolicyNotice]:
    return PolicyNotice.objects.filter(user=user)


def _subscriptions(user: User) -> QuerySet[Subscription]:
    return Subscription.objects.filter(user=user)


def _locks(user: User) -> QuerySet[AccountLock]:
    return AccountLock.objects.filter(user=user)


# --- Requests and registers --------------------------------------------------------------------------------


def _requests(user: User) -> QuerySet[DataRequest]:
    return DataRequest.objects.filter(user=user).order_by("received_at")


def _export_requests(user: User) -> Iterator[File]:
    """Without the notes that staff made among themselves."""
    told = []
    for request in _requests(user).prefetch_related("messages"):
        messages = [
            {"at": one.at, "direction": one.direction, "text": sealed.text_of(one)}
            for one in request.messages.exclude(direction=RequestMessage.Direction.NOTE)
        ]
        told.append(
            {
                "reference": request.reference,
                "kind": request.kind,
                "state": request.state,
                "received_at": request.received_at,
                "due_at": request.due_at,
                "messages": messages,
            }
        )
    yield as_json("requests.json", told)


def _closed() -> QuerySet[DataRequest]:
    """With something of a person in them still."""
    return DataRequest.objects.filter(state=RequestState.CLOSED).exclude(sealed_contact=b"")


def _forget_requests(requests: QuerySet[DataRequest]) -> int:
    """What was asked and by whom goes; that something was asked, and how long we took, stays."""
    going = list(requests.values_list("pk", flat=True))
    RequestMessage.objects.filter(request__in=going).delete()
    return DataRequest.objects.filter(pk__in=going).update(sealed_contact=b"", user=None)


def _sweep_requests() -> int:
    return _forget_requests(_closed().filter(closed_at__lt=timezone.now() - _REQUEST_AGE))


def _erase_requests(user: User, _erasure: Erasure) -> int:
    """One that is open goes on by e-mail: it has a deadline."""
    return _forget_requests(_requests(user).filter(state=RequestState.CLOSED))


def _told(user: User) -> QuerySet[LegalRequest]:
    """Those that the person may know of."""
    return LegalRequest.objects.filter(user=user, person_told_at__isnull=False)


def _trail(user: User) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(about=user.pk)


def _export_trail(user: User) -> Iterator[File]:
    yield as_json("who-looked.json", [one.as_dict() for one in looked.everything(user)])


register(
    # The first is erased last: all the others hang on it.
    Holding(
        "Your account",
        "Your e-mail address, name and, if you told us, where you live, so that you can sign in and we can write to "
        "you; and the key that what is sealed for you is sealed with.",
        "until you erase your account; a week if you never confirm your address",
        sweep=_sweep_unconfirmed,
        seen_by=_STAFF,
        passed_to="Whoever delivers our e-mail",
        models=("accounts.User", "accounts.DataKey"),
        count=lambda user: 1,
        export=_export_account,
        erase=erasure.end_account,
        oldest=oldest_of(_unconfirmed, "date_joined"),
        limit=_UNCONFIRMED,
    ),
    Holding(
        "How you sign in",
        "Your confirmed e-mail addresses, your authenticator app and your passkeys, so that nobody else gets in.",
        "until you remove them, or erase your account",
        seen_by=NOBODY,
        models=("account.EmailAddress", "account.EmailConfirmation", "mfa.Authenticator"),
        count=lambda user: _addresses(user).count() + _factors(user).count(),
        export=_export_sign_in,
        erase=_erase_sign_in,
    ),
    Holding(
        "Where you are signed in",
        "Which browsers are signed in, with part of their network address, so that you can end what is not yours.",
        "twelve hours after you signed in, or when you sign out",
        sweep=_sweep_sessions,
        basis=INTEREST,
        models=("sessions.Session", "usersessions.UserSession"),
        count=count_of(_sessions),
        export=json_of("sessions.json", _sessions, "created_at", "last_seen_at", "ip", "user_agent"),
        erase=_erase_sessions,
        oldest=oldest_of(Session.objects.all, "expire_date"),
        limit=timedelta(0),
    ),
    Holding(
        "Consents",
        "What you agreed to, in which words and language, and when.",
        "as long as your account",
        basis=DUTY,
        seen_by=_STAFF,
        models=("accounts.Consent",),
        count=count_of(_consents),
        export=json_of("consents.json", _consents, "purpose", "text_version", "locale", "given_at", "withdrawn_at"),
        erase=_erase_consents,
    ),
    Holding(
        "Policies you were told of",
        "Which changes of our policies we wrote to you about, and which you agreed to.",
        "as long as your account",
        basis=DUTY,
        seen_by=NOBODY,
        models=("accounts.PolicyNotice",),
        count=count_of(_notices),
        export=json_of("policies.json", _notices, "policy__kind", "policy__version", "mailed_at", "accepted_at"),
        erase=delete_of(_notices),
    ),
    Holding(
        "Your plan",
        "Which plan you have and until when. Cards and invoices are with the payment service and never here.",
        "as long as your account",
        seen_by=_STAFF,
        passed_to="The payment service, where you buy a plan: your e-mail address",
        models=("accounts.Subscription",),
        count=count_of(_subscriptions),
        export=json_of("plan.json", _subscriptions, "provider", "plan", "state", "ends_at", "cancels_at", "created_at"),
        erase=lambda user, _erasure: forgetting.forget(user),
    ),
    Holding(
        "Messages of the payment service",
        "Which messages reached us, by their numbers, so that none counts twice. They say nothing about anybody.",
        f"{_BILLING_AGE.days} days",
        sweep=webhooks.sweep,
        basis=INTEREST,
        seen_by=NOBODY,
        models=("accounts.BillingEvent",),
        oldest=oldest_of(BillingEvent.objects.all, "received_at"),
        limit=_BILLING_AGE,
    ),
    Holding(
        "Locks on your account",
        "When and why your account was shut because its use looked odd, and who opened it again.",
        "as long as your account",
        basis=INTEREST,
        seen_by=_STAFF,
        models=("accounts.AccountLock",),
        count=count_of(_locks),
        export=json_of("locks.json", _locks, "code", "at", "lifted_at"),
        erase=delete_of(_locks),
    ),
    Holding(
        "Requests and letters to us",
        "What you asked of us and what we answered, sealed, so that we answer in time and can show that we did.",
        f"{_REQUEST_AGE.days} days after the request was closed",
        sweep=_sweep_requests,
        basis=DUTY,
        seen_by="You, and staff who answer",
        passed_to="Whoever delivers our e-mail",
        models=("accounts.DataRequest", "accounts.RequestMessage"),
        count=count_of(_requests),
        export=_export_requests,
        erase=_erase_requests,
        oldest=oldest_of(_closed, "closed_at"),
        limit=_REQUEST_AGE,
        stays="One that is still open goes on by e-mail until it is answered.",
    ),
    Holding(
        "Legal holds",
        "What a court or a dispute obliges us to keep, item by item, and why.",
        "as long as the hold lasts and your account is not gone",
        sweep=erasure.finish,
        basis=DUTY,
        seen_by="You, unless a court forbids it, and senior staff",
        models=("accounts.LegalHold",),
        count=lambda user: holds.shown_to(user).count(),
        export=json_of(
            "legal-holds.json",
            holds.shown_to,
            "holding",
            "object_id",
            "reason",
            "authority",
            "placed_at",
            "released_at",
        ),
        stays="What is held stays until the hold ends. It is then erased without your asking again.",
    ),
    Holding(
        "Demands of courts and authorities",
        "Who demanded data of us, two people's verdict on it, and what was handed over.",
        "as long as this service runs, so that it can be reviewed",
        basis=DUTY,
        seen_by="You, unless a court forbids it, and senior staff",
        models=("accounts.LegalRequest", "accounts.LegalReview"),
        count=count_of(_told),
        export=json_of("legal-requests.json", _told, "reference", "authority", "country", "scope", "disclosed"),
        stays="The register stays, without the link to your account.",
    ),
    Holding(
        "Incidents",
        "What went wrong with people's data, what we found and did, and whom we told.",
        "as long as this service runs, so that the authority can review it",
        basis=DUTY,
        seen_by="Senior staff",
        models=("accounts.Incident", "accounts.IncidentEntry"),
    ),
    Holding(
        "Deletion receipts",
        "That an account was erased, when, and how much went: with a random number in place of a name.",
        "as long as this service runs, so that a receipt can be checked",
        basis=DUTY,
        seen_by="Whoever has the receipt",
        models=("accounts.ErasureReceipt",),
    ),
    Holding(
        "How often pages are opened",
        "How often a page was opened on a day, by all visitors together. No visitor is told from another.",
        "two years",
        sweep=usage.forget,
        basis=INTEREST,
        seen_by="Everybody: we publish it",
        models=("accounts.UsageCount",),
        limit=_USAGE_AGE,
    ),
    Holding(
        "Audit trail",
        "Who did what and when, by number and without content, so that nobody can look at your data unseen.",
        "as long as this service runs; it names nobody",
        basis=DUTY,
        seen_by="You, what is about you; and whoever audits us",
        models=("accounts.AuditEvent",),
        count=count_of(_trail),
        export=_export_trail,
        stays="It stays, and names nobody: your account is a random number in it.",
    ),
)
not_personal(
    accounts__PolicyVersion="Texts that we published.",
    accounts__PublishedReport="Figures that we published, small ones left out.",
    contenttypes__ContentType="Names of kinds of records.",
    auth__Permission="Django's own table; nobody is given one.",
    auth__Group="Django's own table; nobody is in one.",
)
