"""What this app holds about people, and when it goes."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.retention import Holding, register
from search import gallery, volume
from search.models import OptOut
from search.states import OptOutState


def _sweep_unconfirmed_optouts() -> int:
    stale = OptOut.objects.filter(state=OptOutState.PENDING, created_at__lt=timezone.now() - timedelta(days=2))
    return stale.delete()[0]


def _gallery() -> Holding:
    """What is kept of crawled faces, which depends on how this installation is run."""
    if settings.GALLERY_MODE == "watch":
        return Holding(
            "Faces from crawled sites",
            "Faces in public pictures from the sites we visit are measured, compared with the people who enrolled, "
            "and forgotten at once. Only where somebody enrolled is found do we keep that one face.",
            "as long as that person's match",
            sweep=_sweep_gallery,
        )
    return Holding(
        "Faces from crawled sites",
        "Measurements of faces in public pictures from the sites we visit, without a name or a picture, so that "
        "somebody who enrols later can be found. They can be searched only for an enrolled person.",
        f"until {settings.GALLERY_RETENTION_DAYS} days after the picture was last seen, or until the person opts out",
        sweep=_sweep_gallery,
    )


def _sweep_gallery() -> int:
    return gallery.expire(timezone.now())


register(
    Holding(
        "Face templates",
        "Measurements of your face from your reference photos, sealed with your own key, to compare with faces "
        "we find. The photos themselves are measured in memory and never stored.",
        "until you end your enrolment",
    ),
    Holding(
        "Matches",
        "Where a picture that may show you was seen, how sure we are, what you answered, and a small preview in "
        "which every other face is blurred, sealed with your own key.",
        "undecided ones until you end your enrolment, the others as long as your account",
    ),
    _gallery(),
    Holding(
        "How much we compare",
        "The number of pictures and faces that were compared on each day, without anything about them, so that "
        "we know how sure a match must be.",
        "a year",
        sweep=volume.forget,
    ),
    Holding(
        "Opt-outs",
        "The face that must not be found and an e-mail address, sealed under a key of its own and used for "
        "nothing else.",
        "until withdrawn; two days if never confirmed",
        sweep=_sweep_unconfirmed_optouts,
    ),
)
