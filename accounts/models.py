"""People: sign-in, consent, data keys and the audit trail."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


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
