"""From alerts that wait to mails: one for each person whose moment has come, with everything that waits for them.

What nobody wants mailed is left out by the query, now and later: mail that is off, a topic that is off, and what came
before mail was switched on. What cannot be mailed now waits, and comes in one mail: while a mail is on its way, while
their address takes none, and while their account is locked.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import AccountLock, User
from alerts import addresses, rules, timing
from alerts.kinds import NATURE, URGENT, Topic
from alerts.models import Alert, AlertRule, Digest
from alerts.states import DigestState

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Waiting:
    """Since when the first thing waits for somebody, and the first that is reason enough for a mail of its own."""

    user: UUID
    first: datetime
    first_urgent: datetime | None


def gather() -> int:
    """One mail for each person whose moment has come. Returns how many."""
    now = timezone.now()
    return sum(_gather_for(user, now) for user in _due(_everybody(), now))


def wanted() -> QuerySet[Alert]:
    """The alerts that no mail has told yet and that their people want mailed, whenever that will be."""
    rule = "user__alert_rule"
    since = Q(**{rule: None}) | Q(**{f"{rule}__mail_since__lte": F("created_at")})
    off = _switched_off(Topic.REMOVALS, f"{rule}__tell_removals") | _switched_off(Topic.MOVES, f"{rule}__tell_moves")
    return Alert.objects.filter(since, digest=None, settled_at=None).exclude(off)


def due_at(user: User) -> datetime | None:
    """When the next mail to somebody comes as things stand; None where nothing waits that can be mailed."""
    now = timezone.now()
    found = [_moment(one, rules.of(user), _sent(user.pk), now) for one in _summaries(_mailable().filter(user=user))]
    return found[0] if found else None


def _switched_off(topic: Topic, field: str) -> Q:
    kinds = [kind for kind, nature in NATURE.items() if nature.topic == topic]
    return Q(**{"kind__in": kinds, field: False})


def _mailable() -> QuerySet[Alert]:
    on_its_way = Digest.objects.filter(user=OuterRef("user"), state=DigestState.WAITING)
    locks = AccountLock.objects.filter(user=OuterRef("user"), lifted_at=None)
    found = wanted().filter(~Exists(on_its_way), ~Exists(locks), user__is_active=True)
    return found.exclude(user__in=addresses.stopped_users())


def _summaries(alerts: QuerySet[Alert]) -> list[Waiting]:
    urgent = Min("created_at", filter=Q(kind__in=URGENT))
    found = alerts.order_by().values("user").annotate(first=Min("created_at"), urgent=urgent)
    return [Waiting(*row) for row in found.values_list("user", "first", "urgent")]


def _everybody() -> list[tuple[Waiting, AlertRule, list[datetime]]]:
    """Everybody for whom something waits, with their rule and last mails: three queries, however many they are."""
    waiting = _summaries(_mailable())
    if not waiting:
        return []
    people = Alert.objects.filter(digest=None).order_by().values("user")
    found = User.objects.filter(pk__in=people).select_related("alert_rule").only("region", "date_joined", "alert_rule")
    users = {user.pk: user for user in found.iterator()}
    sent: dict[UUID, list[datetime]] = {}
    for user, at in _mails().filter(user__in=people).values_list("user", "sent_at").iterator():
        if at is not None:
            sent.setdefault(user, []).append(at)
    # Who came between the queries is looked at in a minute.
    known = [one for one in waiting if one.user in users]
    return [(one, _rule(users[one.user]), sent.get(one.user, [])) for one in known]


def _rule(user: User) -> AlertRule:
    """As `rules.of`, of somebody whose rule was read with them."""
    rule: AlertRule = getattr(user, "alert_rule", None) or AlertRule(user=user, mail_since=user.date_joined)
    rule.user = user
    return rule


def _due(people: list[tuple[Waiting, AlertRule, list[datetime]]], now: datetime) -> list[UUID]:
    return [one.user for one, rule, sent in people if _moment(one, rule, sent, now) <= now]


def _moment(one: Waiting, rule: AlertRule, sent: list[datetime], now: datetime) -> datetime:
    return timing.next_mail_at(
        rules.wishes(rule),
        first_waiting=one.first,
        first_urgent=one.first_urgent,
        sent=sent,
        settle=timedelta(seconds=settings.ALERT_SETTLE_SECONDS),
        per_day=settings.ALERT_MAILS_A_DAY,
        per_week=settings.ALERT_MAILS_A_WEEK,
        not_before=now,
    )


def _sent(user: UUID) -> list[datetime]:
    return [at for at in _mails().filter(user=user).values_list("sent_at", flat=True) if at is not None]


def _mails() -> QuerySet[Digest]:
    """Those of the last week, which the ceiling counts."""
    return Digest.objects.filter(sent_at__gt=timezone.now() - _WEEK)


def _gather_for(pk: UUID, now: datetime) -> bool:
    """Their mail, if it is still due when nobody else can make one for them."""
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).filter(pk=pk).first()
        alerts = _mailable().filter(user=pk)
        if user is None or not _due([(one, rules.of(user), _sent(pk)) for one in _summaries(alerts)], now):
            return False
        telling = list(alerts.values_list("pk", flat=True))
        digest = Digest(user=user, return_token=secrets.token_hex(16))
        digest.message_id = f"<alert.{digest.pk}@{settings.MAIL_DOMAIN}>"
        digest.save(force_insert=True)
        Alert.objects.filter(pk__in=telling).update(digest=digest)
    return True
