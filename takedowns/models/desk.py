"""The staff's desk: what waits for a person, what was written down about a case, and what many letters share."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from takedowns.models.cases import Case
from takedowns.models.letters import Notice


class WorkItem(models.Model):
    """Something that a person has to look at: a send that died half-way, a case without a contact."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="work_items")
    kind = models.CharField(max_length=40)
    text = models.TextField()
    # The record it is about, so that one problem is one item.
    about = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True)
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


class CaseMessage(models.Model):
    """Between a subscriber and staff, about a case. Sealed with the subscriber's key."""

    class Kind(models.TextChoices):
        QUESTION = "question", "Question from us"
        ANSWER = "answer", "Your answer"
        MESSAGE = "message", "Message"
        NOT_SATISFIED = "not_satisfied", "Not satisfied"

    case = models.ForeignKey(Case, models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=20, choices=Kind)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    sealed_body = models.BinaryField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]


class SavedFilter(models.Model):
    """A view of the queue that a member of staff named."""

    staff = models.ForeignKey(User, models.PROTECT, related_name="saved_filters")
    name = models.CharField(max_length=60)
    # The queue's query string, as its own form makes it.
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["staff", "name"], name="saved_filter_name")]


class SendingStop(models.Model):
    """The kill switch: while one is in force, nothing leaves. Lifting lifts all."""

    since = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")


class BulkApproval(models.Model):
    """Many letters approved at once: above a number of letters or operators, two people have to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notices = models.ManyToManyField(Notice, related_name="bulk_approvals")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=400)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("asked_by")),
                name="bulk_confirmed_by_second_person",
            )
        ]
