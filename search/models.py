"""Faces: who is protected, what was found where, and who wants not to be found at all."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from search.states import AgeStopState, Decision, EnrolmentState, LivenessState, MatchState, OptOutState


class Subject(models.Model):
    """The person protected. One per account, one account per face."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, models.CASCADE, related_name="subject")
    created_at = models.DateTimeField(default=timezone.now)
    # When the gallery was last searched for them: the Free plan has one look.
    looked_at = models.DateTimeField(null=True)


class Enrolment(models.Model):
    """A subject's face as we may look for it. Only an active one is ever a probe."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="enrolments")
    state = models.CharField(max_length=20, choices=EnrolmentState, default=EnrolmentState.AWAITING_LIVENESS)
    model_id = models.CharField(max_length=80)
    adult_declared_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    activated_at = models.DateTimeField(null=True)
    # When the person was asked for new photos, because the face model changed.
    recapture_asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(state__in=[EnrolmentState.AWAITING_LIVENESS, EnrolmentState.ACTIVE]),
                name="one_open_enrolment_per_subject",
            ),
            models.CheckConstraint(condition=models.Q(state__in=EnrolmentState.values), name="enrolment_state_known"),
        ]


class LivenessCheck(models.Model):
    """The proof that a live person stood behind an enrolment's photos."""

    class Method(models.TextChoices):
        ATTESTED = "attested", "Attested by a member of staff"
        CAMERA = "camera", "Live check with the camera"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="liveness_checks")
    method = models.CharField(max_length=20, choices=Method)
    state = models.CharField(max_length=20, choices=LivenessState, default=LivenessState.PENDING)
    attested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)


class LiveSession(models.Model):
    """One try at the live check. Its id is its nonce: every frame has to name it, in the browser that began it.

    No frame is kept. What was measured of each is sealed until the verdict, or until `expires_at`.
    """

    class Purpose(models.TextChoices):
        ENROL = "enrol", "Enrolment"
        PRESENCE = "presence", "Is it still you?"
        OPT_OUT = "opt_out", "Opt-out"
        OPT_OUT_TEST = "opt_out_test", "Self-test of an opt-out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=20, choices=Purpose)
    # Whose check it is: one of the two.
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="live_sessions")
    optout = models.ForeignKey("OptOut", models.CASCADE, null=True, related_name="live_sessions")
    state = models.CharField(max_length=20, choices=LivenessState, default=LivenessState.PENDING)
    # The steps in the order in which the server asks for them, as in `search.liveness.challenge`.
    steps = models.JSONField()
    # Measurements of the frames until the verdict, and afterwards how the face moved, to know a replay by.
    sealed_frames = models.BinaryField(default=bytes)
    sealed_trace = models.BinaryField(default=bytes)
    frames = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    # Why it failed, as a code of `search.liveness`.
    failure = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="live_session_by_end")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None) ^ models.Q(optout=None), name="live_session_of_one_person"
            )
        ]


class LiveFrame(models.Model):
    """A keyed hash of a frame that was sent once: the same bytes again are a recording. Says nothing about anybody."""

    session = models.ForeignKey(LiveSession, models.CASCADE, related_name="seen")
    print = models.CharField(max_length=64, unique=True)


class AgeStop(models.Model):
    """An enrolment stopped because the person looked younger than 18; they can ask a person to decide.

    Neither a picture nor the estimate is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="age_stops")
    state = models.CharField(max_length=20, choices=AgeStopState, default=AgeStopState.STOPPED)
    # What they wrote when they asked, sealed with their own key.
    sealed_statement = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(default=timezone.now)
    appealed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(state__in=[AgeStopState.STOPPED, AgeStopState.APPEALED]),
                name="one_open_age_stop",
            ),
            models.CheckConstraint(condition=models.Q(state__in=AgeStopState.values), name="age_stop_state_known"),
        ]


class FaceTemplate(models.Model):
    """A face template from one reference photo or live frame, sealed with the person's key. The picture is not kept."""

    class Origin(models.TextChoices):
        PHOTO = "photo", "Reference photo"
        LIVE = "live", "Live check"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="templates")
    sealed = models.BinaryField()
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.PHOTO)
    model_id = models.CharField(max_length=80)
    quality_length = models.FloatField()
    # Keyed hash of the photo, so that the same photo given twice is one template.
    photo_fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "photo_fingerprint"], name="photo_once_per_enrolment")
        ]


class Image(models.Model):
    """A picture found on the web, known by its bytes; the bytes themselves are not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    # Perceptual hash (PDQ), 64 hex digits, for "the same picture again".
    pdq = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # The model whose faces are stored for it.
    model_id = models.CharField(max_length=80)
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now, db_index=True)
    # A listed picture or one that may show a minor (see `search.withdrawal`): nothing but this row is left of it, for
    # the cases that hang on it, and nothing is made of it any more.
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(withdrawn_at__isnull=False), name="image_withdrawn"),
        ]


class Sighting(models.Model):
    """An image at a page."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, models.CASCADE, related_name="sightings")
    page_url = models.TextField()
    page_title = models.CharField(max_length=300, blank=True)
    image_url = models.TextField()
    digest = models.CharField(max_length=64)
    # Of the page, as in `search.sites.site_of`.
    site = models.CharField(max_length=255, blank=True, db_index=True)
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "digest"], name="sighting_once_per_place")]


class Face(models.Model):
    """A face in an image. Its id is its id in the index; nobody's name hangs on it."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="faces")
    # Pixels in the upright picture: [x, y, width, height].
    box = models.JSONField()
    score = models.FloatField()
    quality_length = models.FloatField()
    # L2-normalised little-endian float32.
    embedding = models.BinaryField()
    model_id = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)
    # Null until it has been compared with the enrolled templates (forward matching).
    processed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=models.Q(processed_at=None), name="face_waiting")]


class Match(models.Model):
    """A picture that may show a subject: one per picture, however many files and places show it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="matches")
    image = models.ForeignKey(Image, models.CASCADE, related_name="matches")
    # Near-duplicates of `image` by perceptual hash: the same picture to a person, other bytes to a computer.
    variants = models.ManyToManyField(Image, related_name="variant_of")
    face = models.ForeignKey(Face, models.SET_NULL, null=True, related_name="+")
    box = models.JSONField()
    score = models.FloatField()
    # Of the poorer one of the two faces that were compared, as in `engine.Quality.length`.
    quality_length = models.FloatField()
    # The model whose score it is: after a change of model it says what it said.
    model_id = models.CharField(max_length=80)
    band = models.CharField(max_length=20)
    # How many faces the subject was compared with: the N of the chance that this is someone else.
    gallery_size = models.PositiveIntegerField()
    # A small JPEG with every other face blurred, sealed with the subject's key; null where the picture was
    # gone before one could be made.
    sealed_preview = models.BinaryField(null=True)
    state = models.CharField(max_length=20, choices=MatchState, default=MatchState.CANDIDATE)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.NONE, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    # Hand-over to `alerts` and to `takedowns` (is this a picture that was removed before?).
    alerted_at = models.DateTimeField(null=True)
    screened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "image"], name="match_once_per_picture"),
            models.CheckConstraint(condition=models.Q(state__in=MatchState.values), name="match_state_known"),
            models.CheckConstraint(
                condition=models.Q(decision="")
                | models.Q(decision=Decision.UNSURE, state=MatchState.CANDIDATE)
                | models.Q(decision__in=[Decision.ACT, Decision.KEEP], state=MatchState.CONFIRMED),
                name="decision_fits_the_state",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(alerted_at=None), name="match_not_alerted"),
            models.Index(fields=["id"], condition=models.Q(screened_at=None), name="match_not_screened"),
            # The lists of the review, in both their orders; bands sort by their names, surest first. With the picture,
            # so that a deep page and a number are read from the index alone.
            models.Index(fields=["subject", "state", "decision", "-created_at", "id", "image"], name="match_by_age"),
            models.Index(
                fields=["subject", "state", "decision", "band", "-score", "id", "image"], name="match_by_sureness"
            ),
        ]

    def places(self) -> list[Sighting]:
        """Where the picture was seen, in any of its variants; two queries less after `prefetch_related(*PLACES)`."""
        images = [self.image, *self.variants.all()]
        return [sighting for image in images for sighting in image.sightings.all()]


class LeftSite(models.Model):
    """A site whose pictures a subject leaves alone: they are not asked about them, nor told of them."""

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="left_sites")
    # As in `Sighting.site`.
    site = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "site"], name="site_left_once")]


PLACES = ("image__sightings", "variants__sightings")


def seen_at(match: Any, image: Any) -> models.Q:
    """The sightings of a match's picture in any variant, given the match's and its image's id or an `OuterRef`."""
    outer = models.OuterRef(match) if isinstance(match, models.OuterRef) else match  # it lies one query deeper
    variants = Match.variants.through.objects.filter(match=outer)
    return models.Q(image=image) | models.Q(image__in=variants.values("image"))


class CrawlVolume(models.Model):
    """How many faces were compared on one day: what thresholds are set by. Numbers only, in every gallery mode."""

    day = models.DateField(primary_key=True)
    pictures = models.PositiveBigIntegerField(default=0)
    faces = models.PositiveBigIntegerField(default=0)
    # Faces that were dropped uncompared, because they look like minors'.
    minors = models.PositiveBigIntegerField(default=0)


class OptOut(models.Model):
    """A face that must not be found. Kept minimal, under a key of its own, used for nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=20, choices=OptOutState, default=OptOutState.PENDING)
    sealed_email = models.BinaryField()
    # One or more face templates end to end; empty until the live check or a photo gave one.
    sealed_template = models.BinaryField(default=bytes)
    model_id = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # The e-mail address was confirmed; the opt-out came into effect.
    confirmed_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    # Where a person decided, without a picture: nobody else's word for it.
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    # When its owner was asked for a new check, because the face model changed.
    recapture_asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=OptOutState.values), name="opt_out_state_known")
        ]
