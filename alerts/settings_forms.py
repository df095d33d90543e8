"""How somebody wants to hear of things, as a form."""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.utils import timezone

from accounts import regions
from alerts import zones
from alerts.models import AlertRule, Cadence
from alerts.timing import Wishes, is_quiet
from alerts.words import LANGUAGES
from search.calibration import Band

Choices = list[tuple[str, Any]]

_HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CADENCES = [
    (Cadence.AT_ONCE.value, "As it happens. What can wait comes once a day."),
    (Cadence.DAILY.value, "Once a day, where there is something."),
    (Cadence.WEEKLY.value, "Once a week, where there is something."),
]
_BANDS = [
    (Band.CERTAIN.value, "Only what is almost certainly you"),
    (Band.LIKELY.value, "What is probably you, or surer"),
    (Band.POSSIBLE.value, "What is possibly you, or surer"),
]
# The continents and oceans of the time zone database; its other names are older ones for the same places.
_AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
# The choice of no zone of one's own.
_USUAL = "usual"
_EVENING, _MORNING = 21, 8


# Not subscriptable when it runs.
class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's rule; what they leave alone stays as the defaults have it."""

    mail = forms.BooleanField(
        label="E-mail",
        required=False,
        help_text="Without it, what is new waits here until you look.",
    )
    minimum_band = forms.ChoiceField(
        label="Pictures worth a mail",
        choices=_BANDS,
        widget=forms.RadioSelect,
        help_text="Of less certain ones we do not write. They wait in your list.",
    )
    cadence = forms.ChoiceField(label="How often", choices=_CADENCES, widget=forms.RadioSelect)
    hour = forms.TypedChoiceField(label="At", choices=_HOURS, coerce=int)
    weekday = forms.TypedChoiceField(label="On", choices=list(enumerate(DAYS)), coerce=int)
    quiet = forms.BooleanField(
        label="Quiet hours",
        required=False,
        help_text="No mail comes then, and no browser notice. It waits until they are over.",
    )
    quiet_from = forms.TypedChoiceField(label="From", choices=_HOURS, coerce=int)
    quiet_until = forms.TypedChoiceField(label="Until", choices=_HOURS, coerce=int)
    time_zone = forms.ChoiceField(label="Time zone")
    language = forms.ChoiceField(
        label="Language of these mails",
        choices=list(LANGUAGES.items()),
        help_text="The pages, and mails about your account, are in English.",
    )
    tell_removals = forms.BooleanField(
        label="When a picture is gone", required=False, help_text="We look twice before we say so."
    )
    tell_moves = forms.BooleanField(
        label="When a case moves",
        required=False,
        help_text="We wrote to somebody, they answered, or the picture turned up in one more place.",
    )

    class Meta:
        model = AlertRule
        fields = (
            *("minimum_band", "cadence", "hour", "weekday", "quiet_from", "quiet_until"),
            *("time_zone", "language", "tell_removals", "tell_moves"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance
        self.fields["time_zone"].choices = [(_USUAL, _usual(rule.user.region)), *_zones()]  # type: ignore[attr-defined]
        quiet = rule.quiet_from != rule.quiet_until
        self.initial.update(mail=rule.mail_since is not None, quiet=quiet, time_zone=rule.time_zone or _USUAL)
        if not quiet:
            self.initial.update(quiet_from=_EVENING, quiet_until=_MORNING)

    def clean_time_zone(self) -> str:
        """Empty where it is to follow the place they live in."""
        return str(self.cleaned_data["time_zone"]).removeprefix(_USUAL)

    def clean(self) -> dict[str, Any]:
        """Quiet hours have a length, and a mail at a chosen hour is not one for which they must be over first."""
        said: dict[str, Any] = super().clean() or {}
        if not said.get("quiet"):
            said["quiet_from"] = said["quiet_until"] = 0
        elif said.get("quiet_from") == said.get("quiet_until"):
            self.add_error("quiet_until", "Choose another hour, or switch the quiet hours off.")
        if said.get("cadence") != Cadence.AT_ONCE and not self.errors and _falls_into_quiet_hours(said):
            self.add_error("hour", "That is in your quiet hours. Choose another hour, or other quiet hours.")
        return said

    def save(self, commit: bool = True) -> AlertRule:
        """Only what the form asks: the link in a mail may switch mail off at the same moment."""
        rule: AlertRule = super().save(commit=False)
        wanted = self.cleaned_data["mail"]
        changed = {"mail_since"} if wanted != (rule.mail_since is not None) else set()
        if changed:
            # What came while it was off is not told later.
            rule.mail_since = timezone.now() if wanted else None
        if commit:
            rule.save(update_fields=[*self.Meta.fields, *changed])
        return rule


def _falls_into_quiet_hours(said: dict[str, Any]) -> bool:
    utc = ZoneInfo("UTC")
    wishes = Wishes(said["cadence"], said["hour"], said["weekday"], utc, said["quiet_from"], said["quiet_until"])
    return is_quiet(datetime(2000, 1, 1, said["hour"], tzinfo=UTC), wishes)


def _usual(region: str) -> str:
    """The first choice, which follows them when they move."""
    zone = zones.of_region(region)
    if zone is None:
        return "UTC, as we do not know where you live"
    return f"As where you live: {regions.name(region)} ({_city(zone.key)})"


@cache
def _zones() -> Choices:
    """Every place that has a time of its own, by continent and city."""
    names = sorted(available_timezones())
    groups = ((area, [name for name in names if name.startswith(f"{area}/")]) for area in _AREAS)
    return [(area, [(name, _city(name)) for name in found]) for area, found in groups]


def _city(name: str) -> str:
    """`America/Argentina/Buenos_Aires` is `Argentina: Buenos Aires`."""
    return ": ".join(name.split("/")[1:]).replace("_", " ")
