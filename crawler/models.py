"""The web as we saw it: sources, runs, pages, pictures and evidence; and what must not be fetched or kept."""

import hashlib
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from crawler.states import RestrictedState, RunState, SourceState


def url_digest(*urls: str) -> str:
    """SHA-256 over URLs: what unique constraints use, as long URLs do not fit an index entry."""
    return hashlib.sha256("\n".join(urls).encode()).hexdigest()


class Source(models.Model):
    """What we may crawl: named by an operator, or a single page that a subscriber reported."""

    class Kind(models.TextChoices):
        SITE = "site", "Site"
        URLS = "urls", "List of pages"
        SITEMAP = "sitemap", "Sitemap"
        FEED = "feed", "Feed"
        WARC = "warc", "Web archive file"
        PAGE = "page", "Reported page"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SITE)
    # Where it starts; for a local web archive, a `file:` URL.
    url = models.TextField()
    # For a list of pages: all of them.
    seeds = models.JSONField(default=list, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    host = models.CharField(max_length=255, db_index=True)
    # Pages outside of this part of the site are left alone; empty for the whole site.
    path = models.TextField(blank=True)
    depth = models.PositiveIntegerField(default=10)
    max_pages = models.PositiveIntegerField(default=1000)
    max_pictures = models.PositiveIntegerField(default=20_000)
    # How often it is crawled; null: only when somebody says so.
    every = models.DurationField(null=True, blank=True)
    next_run_at = models.DateTimeField(null=True, db_index=True)
    # Politeness towards its host; null: the installation's own. robots.txt may ask for more.
    delay_seconds = models.FloatField(null=True, blank=True)
    concurrency = models.PositiveSmallIntegerField(null=True, blank=True)
    # Whether its pages show their pictures only once a browser has run their scripts.
    needs_browser = models.BooleanField(default=False)
    allow_private = models.BooleanField(default=False)
    # Why it is crawled, in the words of whoever named it.
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=SourceState, default=SourceState.ACTIVE)
    # How many runs in a row gave nothing.
    failures = models.PositiveIntegerField(default=0)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Goes with the account: what somebody reported says something about them.
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="reported_pages")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=SourceState.values), name="source_state_known"),
        ]

    def __str__(self) -> str:
        return self.url


class CrawlRun(models.Model):
    """One visit to a source, from its start to its end."""

    class Wish(models.TextChoices):
        NONE = "", "Go on"
        PAUSE = "pause", "Pause"
        STOP = "stop", "Stop"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="runs")
    state = models.CharField(max_length=20, choices=RunState, default=RunState.RUNNING)
    # What somebody asked of it while it runs; the run looks every few seconds.
    wish = models.CharField(max_length=10, choices=Wish, default=Wish.NONE, blank=True)
    started_at = models.DateTimeField(default=timezone.now, db_index=True)
    # When it last showed a sign of life.
    seen_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # Why it paused or ended, in one sentence, where that is not its own end.
    reason = models.CharField(max_length=300, blank=True)
    # Pages read, and how many of them had not changed.
    pages = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    # Pages known and not read yet.
    waiting = models.PositiveIntegerField(default=0)
    # Pictures seen at its pages; how many of them were fetched anew, and their bytes.
    images = models.PositiveIntegerField(default=0)
    fetched = models.PositiveIntegerField(default=0)
    fetched_bytes = models.PositiveBigIntegerField(default=0)
    # How often each kind of error came, by its name; and a few URLs of each.
    errors = models.JSONField(default=dict)
    examples = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="run_state_known"),
        ]


class Page(models.Model):
    """A page of a source as we know it from run to run: the frontier. Null `fetched_at`: known, never read."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="known_pages")
    url = models.TextField()
    digest = models.CharField(max_length=64)
    depth = models.PositiveIntegerField()
    status = models.PositiveIntegerField(null=True)
    title = models.CharField(max_length=300, blank=True)
    # Where it redirected to.
    moved_to = models.TextField(blank=True)
    # Validators for a conditional request (RFC 9110, 13.1).
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    # Of what it says and shows, without what changes at every visit: two equal ones are the same page.
    content_hash = models.CharField(max_length=64, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    fetched_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    # When a scheduled run visits it again, and how far apart visits are now.
    due_at = models.DateTimeField(default=timezone.now)
    interval_seconds = models.PositiveIntegerField(default=0)
    # Failed visits in a row.
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="page_once_per_source")]
        indexes = [models.Index(fields=["source", "due_at"], name="page_due")]


class Picture(models.Model):
    """A picture's address as we know it from run to run: not fetched again before it is due.

    Not kept in `GALLERY_MODE=watch`, where nothing about a picture that is no match is written.
    """

    url = models.TextField()
    digest = models.CharField(max_length=64, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=100, blank=True)
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    fetched_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)
    due_at = models.DateTimeField(default=timezone.now)
    interval_seconds = models.PositiveIntegerField(default=0)


class PagePicture(models.Model):
    """A picture that a page showed when it was last read, so that an unchanged page counts as showing it still."""

    page = models.ForeignKey(Page, models.CASCADE, related_name="pictures")
    picture = models.ForeignKey(Picture, models.CASCADE, related_name="pages")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "picture"], name="picture_once_per_page")]


class PageVisit(models.Model):
    """A page that was fetched in a run: the log."""

    run = models.ForeignKey(CrawlRun, models.CASCADE, related_name="visits")
    url = models.TextField()
    digest = models.CharField(max_length=64)
    status = models.PositiveIntegerField()
    depth = models.PositiveIntegerField()
    title = models.CharField(max_length=300, blank=True)
    fetched_at = models.DateTimeField(default=timezone.now, db_index=True)

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
    # Which ingest has taken it, and until when the others leave it alone.
    claimed_by = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    # What ingest made of it: `ingested`, or the code of a refusal.
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "digest"], name="fetched_once_per_page_and_run")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(processed_at=None), name="fetched_waiting"),
        ]


class Evidence(models.Model):
    """A capture of a public page and its picture as a WARC file, and of the page as it looked. Insert only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    page_url = models.TextField()
    image_url = models.TextField()
    warc_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    page_status = models.PositiveIntegerField(null=True)
    image_status = models.PositiveIntegerField(null=True)
    # The whole page as a browser draws it, other people's faces blurred; empty where no browser was there.
    screenshot_name = models.CharField(max_length=200, blank=True)
    screenshot_sha256 = models.CharField(max_length=64, blank=True)
    screenshot_size = models.PositiveIntegerField(null=True)
    captured_at = models.DateTimeField(default=timezone.now)


class BlockedHost(models.Model):
    """A host that is never crawled, with every name below it: neither its pages nor its pictures."""

    host = models.CharField(max_length=255, unique=True)
    reason = models.TextField()
    blocked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.host


class HashList(models.Model):
    """A list of known pictures that must not be kept, as hash-sharing programmes give them out."""

    name = models.CharField(max_length=100, unique=True)
    # Who gave it to us, and under what terms.
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class ImageBlock(models.Model):
    """One entry of a hash list, in lower-case hexadecimal."""

    class Kind(models.TextChoices):
        SHA256 = "sha256", "SHA-256"
        MD5 = "md5", "MD5"
        PDQ = "pdq", "PDQ"

    hash_list = models.ForeignKey(HashList, models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hash_list", "kind", "value"], name="hash_once_per_list")]
        indexes = [models.Index(fields=["kind", "value"], name="hash_by_value")]


class RestrictedPicture(models.Model):
    """A picture that is on a hash list or may show a minor: where and when it was met, and by which list. No more.

    The picture itself is never stored, shown or embedded; its address is not requested again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    page_url = models.TextField()
    image_url = models.TextField()
    digest = models.CharField(max_length=64, unique=True)
    # Of `image_url` alone: what must not be requested any more.
    image_digest = models.CharField(max_length=64, db_index=True)
    # The list it is on, or how it came to be suspected.
    list_name = models.CharField(max_length=100)
    found_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=RestrictedState, default=RestrictedState.OPEN)
    # The number under which it was reported, and what was decided.
    reference = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RestrictedState.values), name="restricted_state_known"),
        ]
