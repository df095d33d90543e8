"""Cases: what is to be removed, why, where, and what was seen there since."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.references import reference
from crawler.models import Evidence
from search.models import Match, Subject
from takedowns.models.operators import Operator
from takedowns.states import CaseState, DelistingState, Outcome, UrlState


def new_reference() -> str:
    """A case reference such as `FW-7K2M9QXD` (38 bits, unique in the database)."""
    return reference("FW")


def new_reply_token() -> str:
    """Twelve characters (57 bits) that nobody guesses, readable in an address."""
    return reference("", 12).strip("-").lower()


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
    # A case that ended otherwise than it should, and that the subject asked to be taken up again.
    follows = models.ForeignKey("self", models.SET_NULL, null=True, related_name="followed_by")
    # The secret part of the case's own reply address.
    reply_token = models.CharField(max_length=20, unique=True, default=new_reply_token)
    # Off the queue until then; whatever happens to the case brings it back.
    deferred_until = models.DateTimeField(null=True)
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


class Delisting(models.Model):
    """Whether a search engine still lists a place. It is kept apart: a delisted picture is not a removed one."""

    url = models.ForeignKey(InfringingUrl, models.CASCADE, related_name="delistings")
    engine = models.ForeignKey(Operator, models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=DelistingState, default=DelistingState.LISTED)
    checked_at = models.DateTimeField(null=True)
    # A person looks: engines do not let programs ask.
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["url", "engine"], name="delisting_once_per_place_and_engine"),
            models.CheckConstraint(condition=Q(state__in=DelistingState.values), name="delisting_state_known"),
        ]


class GroundDecision(models.Model):
    """The subject's answers and the ground that the rules chose from them."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="ground_decision")
    answers = models.JSONField()
    ground = models.CharField(max_length=40, blank=True)
    # Every ground that was considered, each with why or why not, in plain words.
    considered = models.JSONField()
    rules_version = models.CharField(max_length=20)
    decided_at = models.DateTimeField(default=timezone.now)
    # News or satire: a senior colleague decided that a notice is right all the same, and why.
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_because = models.CharField(max_length=400, blank=True)


class Verification(models.Model):
    """One look at whether a picture is still there. Insert only."""

    url = models.ForeignKey(InfringingUrl, models.CASCADE, related_name="verifications")
    outcome = models.CharField(max_length=30)
    page_status = models.PositiveIntegerField(null=True)
    image_status = models.PositiveIntegerField(null=True)
    detail = models.JSONField(default=dict)
    # Whether a second way through the network was asked too, and agreed; None: there is none.
    second_path_agrees = models.BooleanField(null=True)
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["checked_at"]
