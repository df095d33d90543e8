"""The page on which somebody says how they want to hear of things."""

import logging
import smtplib

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import mailing
from accounts.access import signed_in, subscribers
from accounts.billing import plans
from accounts.billing.plans import Feature
from accounts.limits import limited
from accounts.models import User
from accounts.security import presence
from alerts import addresses, channels, forecast, rules
from alerts.models import AlertRule, Cadence
from alerts.settings_forms import DAYS, SettingsForm
from search import leaving

logger = logging.getLogger(__name__)

_TESTS, _DAY = 3, 24 * 3600


@subscribers
@presence.after_absence
@require_http_methods(["GET", "POST"])
def alert_settings(request: HttpRequest) -> HttpResponse:
    """What is mailed, when, and in which language; the other ways to hear of it; and the sites left alone."""
    user = signed_in(request)
    if request.method == "POST":
        form = SettingsForm(request.POST, instance=rules.stored(user))
        if form.is_valid():
            form.save()
            messages.success(request, "Saved. This is how we tell you from now on.")
            return redirect("alerts:settings")
    else:
        form = SettingsForm(instance=rules.of(user))
    return render(request, "alerts/settings.html", _context(user, form), status=422 if form.errors else 200)


@subscribers
@presence.after_absence
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """A mail that tells nothing, to see whether ours arrive."""
    user = signed_in(request)
    if addresses.stopped(user) is not None:
        messages.error(request, "We send nothing to this address now. See above why.")
    elif limited(f"alert-test:{user.pk}", _TESTS, _DAY):
        messages.error(request, f"You had {_TESTS} test mails today. Please try again tomorrow.")
    elif _send_test(user):
        messages.success(request, f"A test mail is on its way to {user.email}.")
    else:
        messages.error(request, "Our mail server does not take mail right now. Please try again later.")
    return redirect("alerts:settings")


@subscribers
@presence.after_absence
@require_POST
def listen_again(request: HttpRequest) -> HttpResponse:
    """A site is not left alone any more."""
    site = request.POST.get("site", "")
    if leaving.listen_again(signed_in(request), site):
        messages.success(request, f"We ask you about pictures on {site} again.")
    return redirect("alerts:settings")


def _context(user: User, form: SettingsForm) -> dict[str, object]:
    rule = rules.of(user)
    return {
        "form": form,
        "rule": rule,
        "words": _in_words(rule),
        "forecast": forecast.sentence(user, rule),
        "a_day": settings.ALERT_MAILS_A_DAY,
        "a_week": settings.ALERT_MAILS_A_WEEK,
        "watched": plans.allows(user, Feature.WATCH),
        "address": addresses.notice(user),
        "channels": channels.summary(user),
        "left_sites": leaving.sites(user),
    }


def _in_words(rule: AlertRule) -> str:
    """The rule as one sentence for the top of the page."""
    if rule.mail_since is None:
        return "No alert is mailed to you. What is new waits here until you look."
    often = {
        Cadence.AT_ONCE.value: "as things happen",
        Cadence.DAILY.value: f"once a day, at {_clock(rule.hour)}",
        Cadence.WEEKLY.value: f"once a week, on {DAYS[rule.weekday]} at {_clock(rule.hour)}",
    }[rule.cadence]
    quiet = f", and never between {_clock(rule.quiet_from)} and {_clock(rule.quiet_until)}"
    there = rules.zone(rule).key.rpartition("/")[2].replace("_", " ")
    return f"We write to you {often}{'' if rule.quiet_from == rule.quiet_until else quiet}. Hours are those of {there}."


def _clock(hour: int) -> str:
    return f"{hour:02}:00"


def _send_test(user: User) -> bool:
    """False where the mail server did not take it."""
    context = {"link": settings.PORTAL_URL + reverse("alerts:settings"), "contact_email": settings.CONTACT_EMAIL}
    try:
        mailing.message("alerts/email/test", context, to=user.email, user=user).send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("a test mail failed: %s", type(error).__name__)
        return False
    return True
