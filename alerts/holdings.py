"""What this app holds about people, and when it goes."""

from django.db.models import QuerySet

from accounts.models import User
from accounts.retention import (
    Choice,
    Erasure,
    File,
    Holding,
    as_json,
    count_of,
    register,
    register_choice,
    rows,
)
from alerts.models import Alert, AlertRule, DeliveryAttempt


def _alerts(user: User) -> QuerySet[Alert]:
    return Alert.objects.filter(rule__user=user).order_by("created_at")


def _export(user: User) -> list[File]:
    rules = rows(AlertRule.objects.filter(user=user), "minimum_band", "active")
    mails = rows(DeliveryAttempt.objects.filter(user=user).order_by("created_at"), "outcome", "created_at", "sent_at")
    return [
        as_json("alerts.json", {"rules": rules, "alerts": rows(_alerts(user), "match", "created_at"), "mails": mails})
    ]


def _erase(user: User, _erasure: Erasure) -> int:
    """Alerts before the mails that told them, and then the rule."""
    count = _alerts(user).count()
    _alerts(user).delete()
    DeliveryAttempt.objects.filter(user=user).delete()
    AlertRule.objects.filter(user=user).delete()
    return count


def _mails_wanted(user: User) -> bool:
    return not AlertRule.objects.filter(user=user, active=False).exists()


def _want_mails(user: User, wanted: bool) -> None:
    AlertRule.objects.update_or_create(user=user, defaults={"active": wanted})


register(
    Holding(
        "Alerts",
        "Which matches we told you of and when, so that we tell you once; and which of them you want to hear of.",
        "as long as the match",
        passed_to="Whoever delivers our e-mail",
        models=("alerts.Alert", "alerts.AlertRule", "alerts.DeliveryAttempt"),
        count=count_of(_alerts),
        export=_export,
        erase=_erase,
    )
)
register_choice(
    Choice(
        "E-mail about new matches",
        "We write to you when a new picture may show you. Without it, new matches wait here until you look.",
        _mails_wanted,
        _want_mails,
    )
)
