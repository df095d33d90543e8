"""Cases: what is to be removed, why, by whom, what was sent and what came of it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.references import reference
from crawler.models import Evidence
from search.models import Match, Subject
from takedowns.states import CaseState, NoticeState, Outcome, UrlState


def new_reference() -> str:
    """A case reference such as `FW-7K2M9QXD` (38 bits, unique in the database)."""
    return reference("FW")


class Operator(models.Model):
    """Who can take something down: a site's owner, its host, and later platforms and search engines."""

    class Kind(models.TextChoices):
        OWNER = "owner", "Site owner"
        HOST = "host", "Host"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Stable identity, such as `network:NET-192-0-2-0-1` or `domain:example.org`.
    key = models.CharField(max_length=300, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    name = models.CharField(max_length=300)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class AbuseContact(models.Model):
    """An address where an operator takes notices, and where we learned of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator = models.ForeignKey(Operator, models.CASCADE, related_name="contacts")
    email = models.EmailField()
    role = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    source_url = models.TextField(blank=True)
    # 0 to 1: how sure we are that notices are read there.
    confidence = models.FloatField()
    found_at = models.DateTimeField(default=timezone.now)
    bounced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operator", "email"], name="contact_once_per_operator")]


class Mandate(models.Model):
    """A subject's signed authority to act. Name and address are sealed with the person's key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="mandates")
    sealed = models.BinaryField()
    text_version = models.CharField(max_length=20)
    signed_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(revoked_at=None), name="one_mandate_in_force")
        ]


class Case(models.Model):
    """A picture that a subject wants gone, in every place where it was seen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True, default=new_reference)
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="cases")
    match = models.ForeignKey(Match, models.CASCADE, related_name="cases")
    state = models.CharField(max_length=20, choices=CaseState, default=CaseState.TRIAGE)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.NONE, blank=True)
    relapse_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="relapses")
    assigned_to = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    intimate = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["match"], condition=~Q(state=CaseState.CLOSED), name="one_open_case_per_match"
            ),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state_known"),
            models.CheckConstraint(
                condition=(Q(state=CaseState.CLOSED) & ~Q(outcome="")) | (~Q(state=CaseState.CLOSED) & Q(outcome="")),
                name="case_outcome_when_closed",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class InfringingUrl(models.Model):
    """One place of a case: the page, and the picture's own file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="urls")
    page_url = models.TextField()
    image_url = models.TextField()
    digest = models.CharField(max_length=64)
    host = models.CharField(max_length=255)
    state = models.CharField(max_length=20, choices=UrlState, default=UrlState.LIVE)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    next_check_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "digest"], name="url_once_per_case"),
            models.CheckConstraint(condition=Q(state__in=UrlState.values), name="url_state_known"),
        ]
        indexes = [models.Index(fields=["next_check_at"], name="url_next_check")]


class GroundDecision(models.Model):
    """The subject's answers and the ground that the rules chose from them."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="ground_decision")
    answers = models.JSONField()
    ground = models.CharField(max_length=40, blank=True)
    # Every ground that was considered, each with why or why not, in plain words.
    considered = models.JSONField()
    rules_version = models.CharField(max_length=20)
    decided_at = models.DateTimeField(default=timezone.now)


class Notice(models.Model):
    """A letter to one operator on one ground. Its body is frozen at approval; it is sent at most once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="notices")
    operator = models.ForeignKey(Operator, models.PROTECT, related_name="notices")
    contact = models.ForeignKey(AbuseContact, models.PROTECT, related_name="notices")
    # The places that the letter names: those that this operator can take down.
    urls = models.ManyToManyField(InfringingUrl, related_name="notices")
    ground = models.CharField(max_length=40)
    state = models.CharField(max_length=20, choices=NoticeState, default=NoticeState.DRAFT)
    recipient = models.EmailField()
    title = models.CharField(max_length=300)
    body = models.TextField()
    body_sha256 = models.CharField(max_length=64, blank=True)
    template_version = models.CharField(max_length=20)
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200, blank=True)
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["drafted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "operator", "ground"],
                condition=~Q(state=NoticeState.WITHDRAWN),
                name="notice_once_per_case_operator_ground",
            ),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("drafted_by")),
                name="notice_approved_by_second_person",
            ),
        ]


class Communication(models.Model):
    """A letter that went out or came in. The text is sealed with the subject's key."""

    class Direction(models.TextChoices):
        OUT = "out", "Sent"
        IN = "in", "Received"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="communications")
    notice = models.ForeignKey(Notice, models.CASCADE, null=True, related_name="communications")
    direction = models.CharField(max_length=5, choices=Direction)
    sender = models.CharField(max_length=300)
    recipient = models.CharField(max_length=300)
    title = models.CharField(max_length=300)
    sealed_body = models.BinaryField()
    message_id = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)


class Verification(models.Model):
    """One look at whether a picture is still there. Insert only."""

    url = models.ForeignKey(InfringingUrl, models.CASCADE, related_name="verifications")
    outcome = models.CharField(max_length=30)
    page_status = models.PositiveIntegerField(null=True)
    image_status = models.PositiveIntegerField(null=True)
    detail = models.JSONField(default=dict)
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["checked_at"]


class WorkItem(models.Model):
    """Something that a person has to look at: a send that died half-way, a case without a contact."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="work_items")
    kind = models.CharField(max_length=40)
    text = models.TextField()
    # The record it is about, so that one problem is one item.
    about = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "about"], condition=Q(done_at=None), name="work_item_once")
        ]


class CaseEvent(models.Model):
    """One line of a case's history: timeline, audit and statistics at once. Append only (by triggers)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    # For people, in the past tense. No URL, e-mail address or picture in it.
    text = models.CharField(max_length=500)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
