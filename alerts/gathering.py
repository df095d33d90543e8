"""From alerts that wait to mails: one for each person whose moment has come, with everything that waits for them.

What nobody wants mailed is left out by the query, now and later: mail that is off, a topic that is off, and what came
before mail was switched on. What cannot be mailed now waits, and comes in one mail: while a mail is on its way, while
their address takes none, and while their account is locked.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import AccountLock, User
from alerts import addresses, rules
from alerts.kinds import NATURE, URGENT, Topic
from alerts.models import Alert, AlertRule, Digest
from alerts.states import DigestState

_WEEK = timedelta(days=7)
_AT_A_TIME = 50


@dataclass(frozen=True)
class Waiting:
    """Somebody for whom something waits: since when the first thing, and the first that is reason enough for a mail of
    its own; their rule, and the mails of the last seven days.
    """

    user: UUID
    first: datetime
    first_urgent: datetime | None
    rule: AlertRule
    sent: Sequence[datetime]


def gather() -> int:
    """One mail for each person whose moment has come. Returns how many."""
    now = timezone.now()
    due = _due(_people(_mailable()), now)
    return sum(_gather_for(due[first : first + _AT_A_TIME], now) for first in range(0, len(due), _AT_A_TIME))


def wanted() -> QuerySet[Alert]:
    """The alerts that no mail has told yet and that their people want mailed, whenever that will be."""
    rule = "user__alert_rule"
    since = Q(**{rule: None}) | Q(**{f"{rule}__mail_since__lte": F("created_at")})
    off = _switched_off(Topic.REMOVALS, f"{rule}__tell_removals") | _switched_off(Topic.MOVES, f"{rule}__tell_moves")
    return Alert.objects.filter(since, digest=None, settled_at=None).exclude(off)


def due_at(user: User) -> datetime | None:
    """When the next mail to somebody comes as things stand; None where nothing waits that can be mailed."""
    now = timezone.now()
    return next((_moment(one, now) for one in _people(_mailable().filter(user=user))), None)


def _switched_off(topic: Topic, field: str) -> Q:
    kinds = [kind for kind, nature in NATURE.items() if nature.topic == topic]
    return Q(**{"kind__in": kinds, field: False})


def _mailable() -> QuerySet[Alert]:
    on_its_way = Digest.objects.filter(user=OuterRef("user"), state=DigestState.WAITING)
    locks = AccountLock.objects.filter(user=OuterRef("user"), lifted_at=None)
    found = wanted().filter(~Exists(on_its_way), ~Exists(locks), user__is_active=True)
    return found.exclude(user__in=addresses.stopped_users())


def _people(alerts: QuerySet[Alert]) -> list[Waiting]:
    """Whose alerts these are: three queries, however many they are."""
    since, since_urgent = Min("created_at"), Min("created_at", filter=Q(kind__in=URGENT))
    rows = list(alerts.order_by().values_list("user").annotate(since=since, since_urgent=since_urgent))
    if not rows:
        return []
    people = alerts.order_by().values("user")
    found = User.objects.filter(pk__in=people).select_related("alert_rule").only("region", "date_joined", "alert_rule")
    rules_of = {user.pk: _rule(user) for user in found.iterator()}
    sent: dict[UUID, list[datetime]] = {}
    mails = Digest.objects.filter(user__in=people, sent_at__gt=timezone.now() - _WEEK)
    for pk, at in mails.values_list("user", "sent_at").iterator():
        sent.setdefault(pk, []).append(at)  # type: ignore[arg-type]  # not null, by the query
    # Whose things were told between the queries is left out.
    known = ((pk, first, urgent) for pk, first, urgent in rows if pk in rules_of)
    return [Waiting(pk, first, urgent, rules_of[pk], sent.get(pk, [])) for pk, first, urgent in known]


def _rule(user: User) -> AlertRule:
    """As `rules.of`, of somebody whose rule was read with them."""
    rule: AlertRule = getattr(user, "alert_rule", None) or AlertRule(user=user, mail_since=user.date_joined)
    rule.user = user
    return rule


def _due(people: Iterable[Waiting], now: datetime) -> list[UUID]:
    return [one.user for one in people if _moment(one, now) <= now]


def _moment(one: Waiting, now: datetime) -> datetime:
    return rules.next_mail_at(
        rules.wishes(one.rule),
        first_waiting=one.first,
        first_urgent=one.first_urgent,
        sent=one.sent,
        not_before=now,
    )


def _gather_for(people: Collection[UUID], now: datetime) -> int:
    """Their mails, of those for whom one is still due when nobody else can make one."""
    with transaction.atomic():
        # In an order, so that two who do this cannot wait for each other.
        list(User.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk").values_list("pk"))
        mailable = _mailable().filter(user__in=people)
        telling: dict[UUID, list[UUID]] = {user: [] for user in _due(_people(mailable), now)}
        for pk, user in mailable.filter(user__in=list(telling)).values_list("pk", "user"):
            telling[user].append(pk)
        digests = Digest.objects.bulk_create(_digest(user) for user in telling)
        for digest in digests:
            Alert.objects.filter(pk__in=telling[digest.user_id]).update(digest=digest)
    return len(digests)


def _digest(user: UUID) -> Digest:
    digest = Digest(user_id=user, return_token=secrets.token_hex(16))
    digest.message_id = f"<alert.{digest.pk}@{settings.MAIL_DOMAIN}>"
    return digest
