"""People: sign-in, consent, plans, data keys, data rights, the registers we keep, and the audit trail."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.states import IncidentState, LegalRequestState, RequestState, SubscriptionState


class Role(models.TextChoices):
    """What a person may do here. Staff see cases, never reference photos."""

    SUBSCRIBER = "subscriber", "Subscriber"
    STAFF = "staff", "Staff"
    SENIOR_STAFF = "senior_staff", "Senior staff"


class UserManager(BaseUserManager["User"]):
    """Accounts by e-mail address, compared without case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password it cannot be signed in to until one is set by e-mail."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Django's `createsuperuser` makes a senior member of staff; there is no higher power here."""
        return self.create_user(email, password, role=Role.SENIOR_STAFF, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser):
    """An account. The person protected is a `search.Subject`, one per account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.SUBSCRIBER)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    adult_declared_at = models.DateTimeField(null=True)
    # Where the person lives, as ISO 3166-1 alpha-2; with some of the USA's states as in ISO 3166-2 (US-IL).
    region = models.CharField(max_length=6, blank=True)
    # A wish: neutral titles, icon and mail subjects.
    discreet = models.BooleanField(default=False)
    # When they last passed the live check as the person enrolled (see `accounts.presence`).
    presence_confirmed_at = models.DateTimeField(null=True)
    last_active_on = models.DateField(null=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_without_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_subscriber(self) -> bool:
        return self.role == Role.SUBSCRIBER

    @property
    def is_staff_member(self) -> bool:
        return self.role in {Role.STAFF, Role.SENIOR_STAFF}

    @property
    def is_senior_staff(self) -> bool:
        return self.role == Role.SENIOR_STAFF


class Purpose(models.TextChoices):
    """What a person consents to, each on its own."""

    MATCHING = "matching", "Compare my face"
    CRAWL_WATCH = "crawl_watch", "Keep watching"
    EVIDENCE = "evidence", "Keep proof"
    SENDING_NOTICES = "sending_notices", "Send notices for me"


class Consent(models.Model):
    """One consent to one purpose, with the version of the text that was shown."""

    user = models.ForeignKey(User, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=30, choices=Purpose)
    text_version = models.CharField(max_length=20)
    # The language in which the text was read.
    locale = models.CharField(max_length=10, default="en")
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=models.Q(withdrawn_at=None),
                name="consent_once_per_purpose",
            )
        ]


class DataKey(models.Model):
    """A person's key, wrapped by the master key. Destroying it makes everything sealed with it unreadable."""

    user = models.OneToOneField(User, models.CASCADE, related_name="data_key")
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)


class AccountLock(models.Model):
    """An account shut because something about its use was odd. A person lifts it; the owner can ask for that."""

    user = models.ForeignKey(User, models.CASCADE, related_name="locks")
    code = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(lifted_at=None), name="one_lock_per_account")
        ]


# --- Plans and money -----------------------------------------------------------------------------------


class Plan(models.TextChoices):
    """What somebody pays for. Hiding and opting out cost nothing in any of them."""

    FREE = "free", "Free"
    WATCH = "watch", "Watch"
    PROTECT = "protect", "Protect"


class Subscription(models.Model):
    """A plan somebody has, bought from Stripe or granted by staff. Without a row they have `DEFAULT_PLAN`."""

    class Provider(models.TextChoices):
        LOCAL = "local", "Granted by staff"
        STRIPE = "stripe", "Stripe"

    user = models.OneToOneField(User, models.CASCADE, related_name="subscription")
    provider = models.CharField(max_length=10, choices=Provider)
    plan = models.CharField(max_length=10, choices=Plan)
    state = models.CharField(max_length=20, choices=SubscriptionState, default=SubscriptionState.ACTIVE)
    # What is paid for, or granted; null has no end.
    ends_at = models.DateTimeField(null=True)
    cancels_at = models.DateTimeField(null=True)
    customer_id = models.CharField(max_length=80, blank=True)
    subscription_id = models.CharField(max_length=80, blank=True)
    granted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    # When Stripe was asked for what was taken over last: an answer that was asked for earlier changes nothing.
    as_of = models.DateTimeField(null=True)
    # Since when it goes on looking: what was found before was not compared with the person (see `search.looks`).
    watched_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(plan__in=Plan.values), name="subscription_plan_known"),
            models.UniqueConstraint(
                fields=["customer_id"], condition=~models.Q(customer_id=""), name="customer_is_one_account"
            ),
        ]


class BillingEvent(models.Model):
    """An event that Stripe sent, by its id, so that one sent twice counts once. Its content is not kept."""

    event_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=40, blank=True)


# --- Data rights ---------------------------------------------------------------------------------------


class DataRequest(models.Model):
    """Something a person asked of us, with its clocks: a data right, a question, a complaint, a report of misuse.

    Who asked and what is sealed with the installation's key for requests, as many have no account.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", "A copy of what you hold about me"
        RECTIFICATION = "rectification", "Put something right"
        ERASURE = "erasure", "Delete what you hold about me"
        RESTRICTION = "restriction", "Stop using something for now"
        OBJECTION = "objection", "Object to a use of my data"
        PORTABILITY = "portability", "My data in a form I can take elsewhere"
        COMPLAINT = "complaint", "Complain"
        MISUSE = "misuse", "Report that this service is misused"
        APPEAL = "appeal", "Ask a person to look at a decision again"
        QUESTION = "question", "Ask something"

    class Channel(models.TextChoices):
        FORM = "form", "Form"
        EMAIL = "email", "E-mail"
        STAFF = "staff", "Entered by staff"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="data_requests")
    kind = models.CharField(max_length=20, choices=Kind)
    channel = models.CharField(max_length=10, choices=Channel)
    state = models.CharField(max_length=20, choices=RequestState, default=RequestState.RECEIVED)
    sealed_contact = models.BinaryField()
    received_at = models.DateTimeField(default=timezone.now)
    # The first answer, 48 hours; the statutory deadline, one month (Art. 12(3) GDPR), which may be extended once.
    answer_due_at = models.DateTimeField()
    due_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)
    assigned_to = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Each told once: reminded before a deadline, alarmed after it.
    reminded_at = models.DateTimeField(null=True)
    alarmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RequestState.values), name="request_state_known"),
        ]


class RequestMessage(models.Model):
    """One message of a request, sealed as its contact is."""

    class Direction(models.TextChoices):
        IN = "in", "From the person"
        OUT = "out", "From us"
        NOTE = "note", "Note among staff"

    request = models.ForeignKey(DataRequest, models.CASCADE, related_name="messages")
    direction = models.CharField(max_length=5, choices=Direction)
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    sealed_body = models.BinaryField()
    message_id = models.CharField(max_length=250, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message_id"], condition=~models.Q(message_id=""), name="request_message_once"
            )
        ]


class LegalHold(models.Model):
    """One item that must be kept although its time is over, and why. Shown to the person, unless that is forbidden."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="legal_holds")
    # The name of a holding in `accounts.retention`, and the id of one record of it; blank: all of them.
    holding = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    authority = models.CharField(max_length=200, blank=True)
    placed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)
    hidden_until = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")


class ErasureReceipt(models.Model):
    """Proof that an account was erased, signed by the installation: counts only, and nobody's name."""

    reference = models.CharField(max_length=20, unique=True)
    # Of the account that is gone.
    account = models.UUIDField()
    erased_at = models.DateTimeField()
    backups_gone_by = models.DateTimeField()
    # How many records of each holding went, and which are kept under a legal hold.
    counts = models.JSONField()
    key_id = models.CharField(max_length=16)
    signature = models.CharField(max_length=128)


# --- The registers we keep -----------------------------------------------------------------------------


class Incident(models.Model):
    """Something that went wrong with people's data. The authority hears of it within 72 hours (Art. 33 GDPR)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=IncidentState, default=IncidentState.OPEN)
    # When we became aware: the clock runs from here.
    aware_at = models.DateTimeField()
    authority_due_at = models.DateTimeField()
    authority_told_at = models.DateTimeField(null=True)
    # Art. 33(1): unlikely to result in a risk. Says why.
    no_notice_reason = models.TextField(blank=True)
    people_affected = models.PositiveIntegerField(null=True)
    people_told_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reminded_at = models.DateTimeField(null=True)
    alarmed_at = models.DateTimeField(null=True)


class IncidentEntry(models.Model):
    """What was found or done about an incident; never changed afterwards (Art. 33(5) GDPR)."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="entries")
    at = models.DateTimeField(default=timezone.now)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    text = models.TextField()

    class Meta:
        ordering = ["at", "id"]


class LegalRequest(models.Model):
    """A demand for somebody's data, from a court or an authority. Two people decide; the person is told, if allowed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    authority = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    legal_basis = models.CharField(max_length=300)
    scope = models.TextField()
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="legal_requests")
    state = models.CharField(max_length=20, choices=LegalRequestState, default=LegalRequestState.UNDER_REVIEW)
    received_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # A court forbids to tell the person until then.
    gag_until = models.DateTimeField(null=True)
    person_told_at = models.DateTimeField(null=True)
    disclosed_at = models.DateTimeField(null=True)
    # What was handed over, in words and counts.
    disclosed = models.TextField(blank=True)


class LegalReview(models.Model):
    """One person's verdict on a legal request."""

    class Verdict(models.TextChoices):
        VALID = "valid", "Valid: it must be obeyed"
        INVALID = "invalid", "Not valid, or too wide"

    request = models.ForeignKey(LegalRequest, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "reviewer"], name="one_verdict_per_reviewer")]


class PolicyVersion(models.Model):
    """A text that was published here, as it was; never changed afterwards."""

    class Kind(models.TextChoices):
        PRIVACY = "privacy", "Privacy policy"
        TERMS = "terms", "Terms of use"
        BIOMETRICS = "biometrics", "Biometric data: policy and retention schedule"

    kind = models.CharField(max_length=20, choices=Kind)
    version = models.CharField(max_length=20)
    body = models.TextField()
    # What changed, in a sentence or two, as the mail says it.
    summary = models.TextField(blank=True)
    # Changes what people agreed to: continued use is no consent, so they are asked again.
    material = models.BooleanField()
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["kind", "published_at"]
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="policy_version_once")]


class PolicyNotice(models.Model):
    """That a person was told of a new version, and agreed to it where that was asked."""

    policy = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="notices")
    user = models.ForeignKey(User, models.CASCADE, related_name="policy_notices")
    mailed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "user"], name="told_of_a_policy_once")]


class PublishedReport(models.Model):
    """A transparency report as it was published, with its small numbers left out; never changed afterwards."""

    # A half-year: 2026-H2.
    period = models.CharField(max_length=10, unique=True)
    body = models.JSONField()
    published_at = models.DateTimeField(default=timezone.now)


class UsageCount(models.Model):
    """How often something was done on one day by all people together; the only statistics there are."""

    day = models.DateField()
    name = models.CharField(max_length=60)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "name"], name="usage_once_per_day")]


class AuditEvent(models.Model):
    """One line of the append-only audit trail; database triggers refuse to change or delete it.

    People are named by id and not by a foreign key, so that the trail outlives them without a personal
    detail in it. `detail` holds ids and counts only.
    """

    at = models.DateTimeField()
    actor = models.UUIDField(null=True)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    about = models.UUIDField(null=True, db_index=True)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["id"]
