"""Who can take something down, and where they take notices."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Operator(models.Model):
    """Who can take something down: a site's owner, a platform, its host, what stands before it, a search engine."""

    class Kind(models.TextChoices):
        OWNER = "owner", "Site owner"
        PLATFORM = "platform", "Platform"
        HOST = "host", "Host"
        CDN = "cdn", "Network in front of the host"
        UPSTREAM = "upstream", "Network above the host"
        REGISTRAR = "registrar", "Registrar"
        SEARCH = "search", "Search engine"
        ADS = "ads", "Advertising or payment service"

    class Stance(models.TextChoices):
        """What experience has taught about an operator; staff set it, with a reason in the audit trail."""

        ORDINARY = "ordinary", "Ordinary"
        # Letters reach the person who put the picture there: the ladder leaves it out.
        HOSTILE = "hostile", "Hostile: not written to"
        # Never answers: the ladder goes straight past it.
        IGNORES = "ignores", "Ignores notices"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Stable identity, such as `network:NET-192-0-2-0-1`, `domain:example.org` or `platform:example`.
    key = models.CharField(max_length=300, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    name = models.CharField(max_length=300)
    country = models.CharField(max_length=2, blank=True)
    # The language that notices are written in (ISO 639-1); empty: by the country.
    language = models.CharField(max_length=2, blank=True)
    stance = models.CharField(max_length=20, choices=Stance, default=Stance.ORDINARY)
    # Operators that share a strong trait have one cluster: the id of the one that was known first.
    cluster = models.UUIDField(null=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class OperatorTrait(models.Model):
    """Something that tells operators apart or brings them together: a registrant, a mail domain, a name server."""

    operator = models.ForeignKey(Operator, models.CASCADE, related_name="traits")
    kind = models.CharField(max_length=30)
    value = models.CharField(max_length=300)
    source = models.CharField(max_length=40)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operator", "kind", "value"], name="operator_trait_once")]
        indexes = [models.Index(fields=["kind", "value"], name="operator_trait_value")]


class AbuseContact(models.Model):
    """An address or a form where an operator takes notices, where we learned of it, and how well it works."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator = models.ForeignKey(Operator, models.CASCADE, related_name="contacts")
    # One of the two is there; a form only has no address.
    email = models.EmailField(blank=True)
    form_url = models.TextField(blank=True)
    role = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    source_url = models.TextField(blank=True)
    # 0 to 1: how sure we are that notices are read there.
    confidence = models.FloatField()
    found_at = models.DateTimeField(default=timezone.now)
    # Whether the domain takes mail at all; None: not looked at.
    takes_mail = models.BooleanField(null=True)
    bounced_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operator", "email", "form_url"], name="contact_once_per_operator"),
            models.CheckConstraint(condition=~Q(email="") | ~Q(form_url=""), name="contact_has_a_way"),
        ]


class DmcaAgent(models.Model):
    """An entry of the Copyright Office's directory of designated agents (17 U.S.C. 512(c)(2)), imported."""

    # A domain or another name of the service, lower case: one row for each.
    name = models.CharField(max_length=300, unique=True)
    provider = models.CharField(max_length=300)
    email = models.EmailField(blank=True)
    form_url = models.TextField(blank=True)
    phone = models.CharField(max_length=60, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # A designation lapses after three years (37 CFR 201.38(c)(4)).
    expires_on = models.DateField(null=True)
    imported_at = models.DateTimeField(default=timezone.now)


class Lookup(models.Model):
    """An answer of a registry, a name server or a page that was asked about an operator, kept for a time."""

    # Such as `whois example.org`; hashed where it is longer.
    key = models.CharField(max_length=300, unique=True)
    answer = models.JSONField(default=dict)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
