"""What this app holds about people, and when it goes."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.retention import (
    CONSENT,
    INTEREST,
    NOBODY,
    ONLY_YOU,
    File,
    Holding,
    as_json,
    count_of,
    delete_of,
    json_of,
    oldest_of,
    register,
    rows,
)
from search import ages, enrolment, erasing, gallery, leaving, live, optout, previews, probes, volume
from search.models import PLACES, AgeStop, CrawlVolume, Enrolment, FaceTemplate, Image, LiveSession, Match, OptOut
from search.optouts import links
from search.states import EnrolmentState, LivenessState, OptOutState

# The Illinois law on biometric data, 740 ILCS 14/15(a), reviewed 2026-11-22: within three years of the last
# interaction. We hold to it everywhere.
_IDLE = timedelta(days=3 * 365)
_VOLUME_AGE = timedelta(days=12 * 30)
_UNDECIDED = Q(state__in=(OptOutState.PENDING, OptOutState.CONFIRMED))
_STAFF = "You, and the member of staff who checks it, without any picture"


# --- The enrolled person --------------------------------------------------------------------------------------


def _enrolments(user: User) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(subject__user=user).order_by("created_at")


def _export_enrolments(user: User) -> Iterator[File]:
    told = []
    for one in _enrolments(user).prefetch_related("liveness_checks"):
        checks = rows(
            one.liveness_checks.order_by("created_at"), "method", "state", "reason", "created_at", "decided_at"
        )
        fields = ("id", "state", "model_id", "adult_declared_at", "created_at", "activated_at")
        told.append({**{name: getattr(one, name) for name in fields}, "identity_checks": checks})
    yield as_json("enrolments.json", told)


def _sweep_enrolments() -> int:
    """Those that nobody finished, and those of people who have not been here for three years."""
    idle = _active().filter(_last_here_before(timezone.now() - _IDLE)).select_related("subject__user")
    count = 0
    for one in idle:
        enrolment.withdraw(one)
        count += 1
    return count + enrolment.sweep_unfinished()


def _active() -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(state=EnrolmentState.ACTIVE)


def _last_here_before(moment: datetime) -> Q:
    never = Q(subject__user__last_active_on=None)
    return Q(subject__user__last_active_on__lt=moment.date()) | (never & Q(activated_at__lt=moment))


def _longest_away() -> datetime | None:
    """Who has been away the longest, since when."""
    day = _active().aggregate(at=Min("subject__user__last_active_on"))["at"]
    never = _active().filter(subject__user__last_active_on=None).aggregate(at=Min("activated_at"))["at"]
    # To the end of the day: when on it they were here is not known.
    seen = [datetime.combine(day, time.max, UTC)] if day else []
    return min([*seen, *([never] if never else [])], default=None)


def _templates(user: User) -> QuerySet[FaceTemplate]:
    return FaceTemplate.objects.filter(enrolment__subject__user=user).order_by("created_at", "pk")


def _export_templates(user: User) -> Iterator[File]:
    told = []
    for row in _templates(user).select_related("enrolment__subject__user"):
        one = {"origin": row.origin, "model": row.model_id, "quality": row.quality_length, "made_at": row.created_at}
        # Little-endian float32, L2-normalised: the numbers themselves.
        told.append({**one, "numbers": base64.b64encode(probes.unsealed(row).astype("<f4").tobytes()).decode()})
    if told:
        audit.record("templates.exported", user, actor=user, about=user, count=len(told))
    yield as_json("face-templates.json", told)


def _live_sessions(user: User) -> QuerySet[LiveSession]:
    return LiveSession.objects.filter(user=user).order_by("created_at")


def _running() -> QuerySet[LiveSession]:
    return LiveSession.objects.filter(state=LivenessState.PENDING)


def _age_stops(user: User) -> QuerySet[AgeStop]:
    return AgeStop.objects.filter(user=user).order_by("created_at")


def _export_age_stops(user: User) -> Iterator[File]:
    told = []
    for stop in _age_stops(user).select_related("user"):
        fields = {name: getattr(stop, name) for name in ("state", "created_at", "appealed_at", "decided_at", "reason")}
        told.append({**fields, "what_you_wrote": ages.statement(stop)})
    yield as_json("age-checks.json", told)


# --- What was found --------------------------------------------------------------------------------------------


def _matches(user: User) -> QuerySet[Match]:
    """Nothing is told of what was withdrawn, as on every page."""
    return Match.objects.filter(subject__user=user, image__withdrawn_at=None).order_by("created_at", "pk")


def _export_matches(user: User) -> Iterator[File]:
    told = []
    found = _matches(user).select_related("image", "subject__user").prefetch_related(*PLACES)
    for match in found.iterator(chunk_size=200):
        places = [
            {
                "page": place.page_url,
                "title": place.page_title,
                "picture": place.image_url,
                "last_seen": place.last_seen,
            }
            for place in match.places()
        ]
        fields = ("id", "state", "decision", "band", "score", "gallery_size", "model_id", "created_at", "decided_at")
        preview = previews.unsealed(match)
        name = f"matches/{match.pk}.jpg" if preview else None
        if preview:
            yield File(f"matches/{match.pk}.jpg", preview)
        told.append({**{field: getattr(match, field) for field in fields}, "places": places, "preview": name})
    yield as_json("matches.json", told)


_GALLERY_MODELS = ("search.Image", "search.Sighting", "search.Face")


def _gallery() -> Holding:
    """What is kept of crawled faces, which depends on how this installation is run."""
    if settings.GALLERY_MODE == "watch":
        return Holding(
            "Faces from crawled sites",
            "Faces in public pictures from the sites we visit are measured, compared with the people who enrolled, "
            "and forgotten at once. Only where somebody enrolled is found do we keep that one face.",
            "as long as that person's match",
            sweep=_sweep_gallery,
            basis=INTEREST,
            seen_by=NOBODY,
            models=_GALLERY_MODELS,
        )
    return Holding(
        "Faces from crawled sites",
        "Measurements of faces in public pictures from the sites we visit, without a name or a picture, so that "
        "somebody who enrols later can be found. They can be searched only for an enrolled person.",
        f"until {settings.GALLERY_RETENTION_DAYS} days after the picture was last seen, or until the person opts out",
        sweep=_sweep_gallery,
        basis=INTEREST,
        seen_by=NOBODY,
        models=_GALLERY_MODELS,
        oldest=oldest_of(_of_nobody, "last_seen"),
        limit=timedelta(days=settings.GALLERY_RETENTION_DAYS),
    )


def _of_nobody() -> QuerySet[Image]:
    """Pictures that nobody has a match of."""
    return Image.objects.filter(matches=None, variant_of=None)


def _sweep_gallery() -> int:
    return gallery.expire(timezone.now())


def _first_day() -> datetime | None:
    first = CrawlVolume.objects.aggregate(day=Min("day"))["day"]
    return datetime.combine(first, time.min, UTC) + timedelta(days=1) if first else None


register(
    Holding(
        "Enrolments",
        "When you enrolled, how it was checked that you are you, and what came of it.",
        "as long as your account; a month if you never finish",
        sweep=_sweep_enrolments,
        basis=CONSENT,
        seen_by=_STAFF,
        models=("search.Subject", "search.Enrolment", "search.LivenessCheck"),
        count=count_of(_enrolments),
        export=_export_enrolments,
        erase=erasing.enrolments,
    ),
    Holding(
        "Face templates",
        "Measurements of your face from your live check and your reference photos, sealed with your own key, to "
        "compare with faces we find. The photos themselves are measured in memory and never stored.",
        "until you end your enrolment, and at the latest three years after you were last here",
        basis=CONSENT,
        seen_by=NOBODY,
        models=("search.FaceTemplate",),
        count=count_of(_templates),
        export=_export_templates,
        erase=erasing.templates,
        oldest=_longest_away,
        limit=_IDLE + timedelta(days=1),
    ),
    Holding(
        "Live checks under way",
        "What was measured of the frames of your camera, sealed, until there is a verdict. No frame is stored.",
        f"{live.LIFETIME.seconds // 60} minutes, or when the check ends",
        sweep=live.sweep_live,
        basis=CONSENT,
        seen_by=NOBODY,
        models=("search.LiveFrame",),
        oldest=oldest_of(_running, "expires_at"),
        limit=timedelta(0),
    ),
    Holding(
        "Live checks",
        "When you did a live check and what came of it; and how your face moved, sealed, so that a recording of it is "
        "recognised.",
        f"{live.TRACES_KEPT.days} days",
        basis=CONSENT,
        seen_by=NOBODY,
        models=("search.LiveSession",),
        count=count_of(_live_sessions),
        export=json_of("live-checks.json", _live_sessions, "purpose", "state", "created_at", "decided_at", "failure"),
        erase=delete_of(_live_sessions),
        oldest=oldest_of(LiveSession.objects.all, "created_at"),
        limit=live.TRACES_KEPT,
    ),
    Holding(
        "Age checks",
        "That an enrolment was stopped because you looked younger than 18, what you wrote about it, sealed with your "
        "own key, and what a person decided. Neither a picture nor the estimate is kept.",
        "as long as your account",
        seen_by=_STAFF,
        models=("search.AgeStop",),
        count=count_of(_age_stops),
        export=_export_age_stops,
        erase=delete_of(_age_stops),
    ),
    Holding(
        "Matches",
        "Where a picture that may show you was seen, how sure we are, what you answered, and a small preview in "
        "which every other face is blurred, sealed with your own key.",
        "undecided ones until you end your enrolment, the others as long as your account",
        basis=CONSENT,
        seen_by=f"{ONLY_YOU}; and staff, once you ask for a removal and they say why",
        models=("search.Match",),
        count=count_of(_matches),
        export=_export_matches,
        erase=erasing.matches,
    ),
    Holding(
        "Sites you leave alone",
        "The sites whose pictures you do not want to be asked about, and since when.",
        "until you want to hear of them again, or as long as your account",
        basis=CONSENT,
        seen_by=ONLY_YOU,
        models=("search.LeftSite",),
        count=count_of(leaving.sites),
        export=json_of("sites-left-alone.json", leaving.sites, "site", "created_at"),
        erase=delete_of(leaving.sites),
    ),
    _gallery(),
    Holding(
        "How much we compare",
        "The number of pictures and faces that were compared on each day, without anything about them, so that "
        "we know how sure a match must be.",
        "a year",
        sweep=volume.forget,
        basis=INTEREST,
        seen_by="Staff",
        models=("search.CrawlVolume",),
        oldest=_first_day,
        limit=_VOLUME_AGE,
    ),
    Holding(
        "Opt-outs",
        "The face that must not be found and an e-mail address, sealed under a key of its own and used for "
        "nothing else.",
        f"until withdrawn; {links.DAYS_TO_CONFIRM} days if never confirmed",
        sweep=optout.sweep,
        basis=CONSENT,
        seen_by="Nobody; where there is no camera, staff see the e-mail address, and never a picture",
        passed_to="Whoever delivers our e-mail",
        models=("search.OptOut",),
        oldest=oldest_of(lambda: OptOut.objects.filter(_UNDECIDED), "created_at"),
        limit=timedelta(days=links.DAYS_TO_CONFIRM),
    ),
)
