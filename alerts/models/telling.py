"""What is told by e-mail: rules, alerts, the mails that tell them, and whether an address takes mail."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from alerts.states import AddressState, DigestState
from search.models import Match


class Cadence(models.TextChoices):
    """How often somebody wants mail."""

    AT_ONCE = "at_once", "As it happens"
    DAILY = "daily", "Once a day"
    WEEKLY = "weekly", "Once a week"


class Kind(models.TextChoices):
    """What an alert tells. `alerts.kinds` says which of them cannot wait, and in which part of a mail they stand."""

    MATCH = "match", "A picture that may show you"
    RELAPSE = "relapse", "A removed picture is back"
    QUESTION = "question", "We need your answer"
    REMOVED = "removed", "A picture is gone"
    PLACE_REMOVED = "place_removed", "A picture is gone from one place"
    NEW_PLACE = "new_place", "A picture of a case was found at one more place"
    WROTE = "wrote", "We asked for a removal"
    WROTE_AGAIN = "wrote_again", "We asked again, or went a step further"
    ANSWERED = "answered", "Somebody we wrote to has answered"
    REFUSED = "refused", "Somebody we wrote to has refused"
    ENDED = "ended", "A case has ended"
    WEBHOOK_OFF = "webhook_off", "We stopped calling one of your webhooks"


class AlertRule(models.Model):
    """When a subscriber wants to hear of what. Whoever has no row has the defaults (see `alerts.rules.of`)."""

    user = models.OneToOneField(User, models.CASCADE, related_name="alert_rule")
    # The weakest band worth an alert; weaker matches wait in the portal.
    minimum_band = models.CharField(max_length=20, default="likely")
    # Since when e-mail is wanted; null: it is not. What came before is not told later.
    mail_since = models.DateTimeField(null=True, default=timezone.now)
    cadence = models.CharField(max_length=10, choices=Cadence, default=Cadence.AT_ONCE)
    # When digests come, in their own time: the hour, and for weekly ones the day (0 is Monday).
    hour = models.PositiveSmallIntegerField(default=9)
    weekday = models.PositiveSmallIntegerField(default=0)
    # No mail and no push from the first hour until before the second; both the same: no quiet hours.
    quiet_from = models.PositiveSmallIntegerField(default=21)
    quiet_until = models.PositiveSmallIntegerField(default=8)
    # An IANA name; empty: that of their region, or UTC.
    time_zone = models.CharField(max_length=64, blank=True)
    # As in `alerts.words.LANGUAGES`.
    language = models.CharField(max_length=5, default="en")
    # Whether removals, and the smaller moves of cases, are worth a mail.
    tell_removals = models.BooleanField(default=True)
    tell_moves = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cadence__in=Cadence.values), name="alert_cadence_known"),
            models.CheckConstraint(
                condition=Q(hour__lt=24, weekday__lt=7, quiet_from__lt=24, quiet_until__lt=24),
                name="alert_times_are_times",
            ),
        ]


class Digest(models.Model):
    """One e-mail that tells some alerts, recorded before it is tried. A retry keeps the Message-ID, so that mail
    programs show a mail sent twice once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="digests")
    message_id = models.CharField(max_length=200, unique=True)
    # The part of the envelope's sender by which a mail that comes back is known; nobody can guess it.
    return_token = models.CharField(max_length=40, unique=True)
    # Where it went at the last try.
    recipient = models.EmailField(blank=True)
    state = models.CharField(max_length=20, choices=DigestState, default=DigestState.WAITING)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    # The last failure as a code of `DeliveryAttempt.outcome`, never the server's words.
    error = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=DigestState.values), name="digest_state_known")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="digest_due"),
            models.Index(fields=["user", "sent_at"], name="digest_sent_to"),
        ]


class Alert(models.Model):
    """One new thing worth telling somebody, however many addresses it has.

    Of a match it is raised from `Match.alerted_at IS NULL`, which is written with the match; of a case it is written
    in the transaction that changes the case. So nothing that happened is ever untold.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=20, choices=Kind)
    # What exactly it tells, so that it is told once: `match:<id>`, `event:<id>`.
    key = models.CharField(max_length=100)
    # Several where they are one thing to a person: the same page, the same picture.
    matches = models.ManyToManyField(Match, related_name="alerts")
    # The id of the case: `takedowns` lies to the right of here.
    case = models.UUIDField(null=True)
    digest = models.ForeignKey(Digest, models.RESTRICT, null=True, related_name="alerts")
    # When it was seen to in the portal before any mail told it: no mail and no push tells it any more.
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="alert_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="alert_kind_known"),
        ]
        indexes = [
            models.Index(fields=["user"], condition=Q(digest=None), name="alert_not_mailed"),
            models.Index(fields=["user", "created_at"], name="alert_of_user"),
        ]


class DeliveryAttempt(models.Model):
    """One try at handing a mail to the mail server. Says nothing of whose it was once the mail is gone."""

    class Outcome(models.TextChoices):
        SENT = "sent", "Handed over"
        DEFERRED = "deferred", "Put off by the server (4xx)"
        REFUSED = "refused", "Refused for good (5xx)"
        UNREACHABLE = "unreachable", "The server could not be reached"
        BROKEN = "broken", "The connection broke off"

    digest = models.ForeignKey(Digest, models.SET_NULL, null=True, related_name="attempts")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    outcome = models.CharField(max_length=20, choices=Outcome)
    # The server's reply code, where it gave one.
    code = models.PositiveSmallIntegerField(null=True)
    seconds = models.FloatField(default=0.0)


class AddressHealth(models.Model):
    """What we know about an address that did not take our mail. No row: nothing bad."""

    user = models.OneToOneField(User, models.CASCADE, related_name="address_health")
    # It holds for this address only: whoever changes theirs starts anew.
    address = models.EmailField()
    state = models.CharField(max_length=20, choices=AddressState, default=AddressState.FAILING)
    # Mails put off or given up on, since `since`; one that is delivered does not come back, which ends it.
    soft_bounces = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=AddressState.values), name="address_state_known")]
