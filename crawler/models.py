"""The web as we saw it: sources, runs, visits, fetched pictures and evidence."""

import hashlib
import uuid

from django.db import models
from django.utils import timezone


def url_digest(*urls: str) -> str:
    """SHA-256 over URLs: what unique constraints use, as long URLs do not fit an index entry."""
    return hashlib.sha256("\n".join(urls).encode()).hexdigest()


class Source(models.Model):
    """A site that an operator named to be crawled, from one start URL."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.TextField()
    digest = models.CharField(max_length=64, unique=True)
    host = models.CharField(max_length=255, db_index=True)
    depth = models.PositiveIntegerField(default=10)
    max_pages = models.PositiveIntegerField(default=1000)
    allow_private = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.url


class CrawlRun(models.Model):
    """One visit to a source, from its start to its end."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        FAILED = "failed", "Failed"
        INTERRUPTED = "interrupted", "Interrupted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="runs")
    status = models.CharField(max_length=20, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(default=0)
    images = models.PositiveIntegerField(default=0)
    # How often each kind of error came, by its name.
    errors = models.JSONField(default=dict)


class PageVisit(models.Model):
    """A page that was fetched in a run."""

    run = models.ForeignKey(CrawlRun, models.CASCADE, related_name="visits")
    url = models.TextField()
    digest = models.CharField(max_length=64)
    status = models.PositiveIntegerField()
    depth = models.PositiveIntegerField()
    title = models.CharField(max_length=300, blank=True)
    fetched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "digest"], name="visit_once_per_run")]


class FetchedImage(models.Model):
    """A picture at a page, its bytes waiting in the spool: the hand-over to `search.ingest`."""

    run = models.ForeignKey(CrawlRun, models.CASCADE, related_name="fetched_images")
    page_url = models.TextField()
    page_title = models.CharField(max_length=300, blank=True)
    image_url = models.TextField()
    digest = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=100, blank=True)
    fetched_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True)
    # What ingest made of it: `ingested`, or the code of a refusal.
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "digest"], name="fetched_once_per_page_and_run")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(processed_at=None), name="fetched_waiting"),
        ]


class Evidence(models.Model):
    """A capture of a public page and its picture as a WARC file. Insert only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    page_url = models.TextField()
    image_url = models.TextField()
    warc_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    page_status = models.PositiveIntegerField(null=True)
    image_status = models.PositiveIntegerField(null=True)
    captured_at = models.DateTimeField(default=timezone.now)
