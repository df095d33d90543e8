"""How the delivery of alerts goes, in counts and plain words. Never whose mail it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from alerts.models import AddressHealth, DeliveryAttempt, Digest, PushBrowser, WebhookDelivery, WebhookEndpoint
from alerts.states import AddressState, DigestState, WebhookDeliveryState, WebhookState

_DAYS = 14
_RATE_DAYS = timedelta(days=30)
_DAY = timedelta(hours=24)
# A mail that is due goes within a minute; after this long nobody seems to send.
_LATE = timedelta(minutes=15)

Outcome = DeliveryAttempt.Outcome
# The server was not there, or not for long enough.
_AWAY = (Outcome.UNREACHABLE, Outcome.BROKEN)


@dataclass(frozen=True)
class Verdict:
    """The one sentence on top; `tone` as for a badge."""

    tone: str
    word: str
    sentence: str


@dataclass(frozen=True)
class Bar:
    """One bar of a chart."""

    label: str
    value: int


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def words(self) -> str:
        """`0.1 %`, or nothing to say where nothing was sent."""
        share = f"{100 * self.part / self.whole:.2f}" if self.whole else ""
        return f"{share.rstrip('0').rstrip('.')} %" if share else "none sent"


@dataclass(frozen=True)
class Health:
    """What the page shows."""

    verdict: Verdict
    mails_waiting: int
    oldest: datetime | None
    last_sent: datetime | None
    days: list[Bar]
    most_a_day: int
    outcomes: list[Bar]
    tries: int
    addresses: dict[str, int]
    complaints: Share
    returned: Share
    webhooks: dict[str, int]
    browsers: dict[str, int]
    setup: list[str]


def now() -> Health:
    """As things stand."""
    at = timezone.now()
    waiting = Digest.objects.filter(state=DigestState.WAITING)
    days = _days(at)
    outcomes = _outcomes(at)
    sent = Digest.objects.filter(sent_at__gte=at - _RATE_DAYS)
    whole = sent.count()
    return Health(
        verdict=_verdict(at),
        mails_waiting=waiting.count(),
        oldest=waiting.aggregate(at=Min("created_at"))["at"],
        last_sent=Digest.objects.aggregate(at=Max("sent_at"))["at"],
        days=days,
        most_a_day=max((day.value for day in days), default=0) or 1,
        outcomes=outcomes,
        tries=sum(bar.value for bar in outcomes),
        addresses=_addresses(),
        complaints=Share(sent.filter(state=DigestState.COMPLAINED).count(), whole),
        returned=Share(sent.filter(state=DigestState.RETURNED).count(), whole),
        webhooks=_webhooks(),
        browsers=PushBrowser.objects.aggregate(all=Count("pk"), failing=Count("pk", filter=~Q(failing_since=None))),
        setup=list(_setup()),
    )


def _verdict(at: datetime) -> Verdict:
    """Is mail flowing? By what the server did last, and by what should have gone and has not."""
    if "filebased" in settings.EMAIL_BACKEND or "filemail" in settings.EMAIL_BACKEND:
        return Verdict("stopped", "Not sent", "Mail is written to a folder on this machine. Nobody gets it.")
    last = DeliveryAttempt.objects.order_by("-at", "-pk").first()
    waiting = Digest.objects.filter(state=DigestState.WAITING)
    number = waiting.count()
    if last and last.outcome in _AWAY and number:
        since = f"The mail server has not been there since {_clock(_away_since(last))}."
        return Verdict("stopped", "Down", f"{since} {_wait(number)} None is lost.")
    if late := waiting.filter(next_try_at__lt=at - _LATE).count():
        return Verdict("needs", "Held up", f"{_mails(late)} should have gone {_minutes(_LATE)} ago. Does a worker run?")
    if last and last.outcome == Outcome.DEFERRED and number:
        return Verdict("waiting", "Slow", f"The mail server is there, but puts mails off. {_wait(number)}")
    if last is None or last.at < at - _DAY:
        return Verdict("good", "Quiet", "Nothing had to be sent in the last 24 hours.")
    return Verdict("good", "Flowing", "Mail is flowing." + (f" {_wait(number)}" if number else ""))


def _away_since(last: DeliveryAttempt) -> datetime:
    """The first failure since the server last answered."""
    answered = DeliveryAttempt.objects.exclude(outcome__in=_AWAY).order_by("-at").values_list("at", flat=True).first()
    failures = DeliveryAttempt.objects.filter(outcome__in=_AWAY)
    since = failures.filter(at__gt=answered) if answered else failures
    return since.aggregate(at=Min("at"))["at"] or last.at


def _days(at: datetime) -> list[Bar]:
    """Mails handed over on each of the last days (UTC), today last."""
    first = at.astimezone(UTC).date() - timedelta(days=_DAYS - 1)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    rows = Digest.objects.filter(sent_at__gte=begin).annotate(day=TruncDate("sent_at", tzinfo=UTC)).values("day")
    counts: dict[date, int] = {row["day"]: row["count"] for row in rows.annotate(count=Count("pk"))}
    days = [first + timedelta(days=number) for number in range(_DAYS)]
    return [Bar(f"{day.day} {day:%b}", counts.get(day, 0)) for day in days]


def _outcomes(at: datetime) -> list[Bar]:
    """What became of every try of the last 24 hours."""
    rows = DeliveryAttempt.objects.filter(at__gte=at - _DAY).values_list("outcome").annotate(count=Count("pk"))
    counts = dict(rows.order_by("outcome"))
    return [Bar(str(outcome.label), counts.get(outcome.value, 0)) for outcome in Outcome]


def _addresses() -> dict[str, int]:
    """Present addresses that something stands against; those that people have changed since are left out."""
    rows = AddressHealth.objects.filter(address=F("user__email")).values_list("state").annotate(count=Count("pk"))
    counts = dict(rows.order_by("state"))
    return {state.value: counts.get(state.value, 0) for state in AddressState}


def _webhooks() -> dict[str, int]:
    states = WebhookEndpoint.objects.aggregate(
        on=Count("pk", filter=Q(state=WebhookState.ON)),
        failing=Count("pk", filter=Q(state=WebhookState.ON) & ~Q(failing_since=None)),
        disabled=Count("pk", filter=Q(state=WebhookState.DISABLED)),
    )
    waiting = WebhookDelivery.objects.filter(state=WebhookDeliveryState.WAITING).count()
    return {**states, "waiting": waiting}


def _setup() -> Iterable[str]:
    """What is not set up, and what follows from that."""
    if not settings.BOUNCES_EMAIL:
        yield "BOUNCES_EMAIL is not set: nobody hears of it when a mail comes back."
    elif not settings.BOUNCES_INBOX_URL and not settings.BOUNCES_WEBHOOK_SECRET:
        yield "Neither BOUNCES_INBOX_URL nor BOUNCES_WEBHOOK_SECRET is set: mails that come back are not read."
    if not settings.DKIM_KEY:
        yield "DKIM_KEY is not set: mails are not signed here. The mail server may do that."


def _wait(number: int) -> str:
    return "One mail waits." if number == 1 else f"{number} mails wait."


def _mails(number: int) -> str:
    return "One mail" if number == 1 else f"{number} mails"


def _minutes(span: timedelta) -> str:
    return f"{span.seconds // 60} minutes"


def _clock(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.day} {local:%B, %H:%M}"
