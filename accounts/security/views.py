"""The account's own pages: how somebody signs in, where they are signed in, and why an account is locked."""

from allauth.account import views as allauth_views
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit, regions
from accounts.access import members, signed_in, subscribers
from accounts.models import DataRequest, User
from accounts.security import factors as second_factors
from accounts.security import locks, presence
from accounts.security.forms import AppealForm, DetailsForm
from accounts.tickets import tickets


@members
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Everything about signing in, on one page."""
    user = signed_in(request)
    keys = Authenticator.objects.filter(user=user)
    codes = keys.filter(type=Authenticator.Type.RECOVERY_CODES).first()
    context = {
        "place": regions.name(user.region) if user.region else "",
        "app": keys.filter(type=Authenticator.Type.TOTP).first(),
        "passkeys": keys.filter(type=Authenticator.Type.WEBAUTHN).order_by("created_at"),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "protected": second_factors.has_second_factor(user),
        "sessions": _sessions(request, user),
    }
    return render(request, "security/index.html", context)


def _sessions(request: HttpRequest, user: User) -> list[dict[str, object]]:
    rows = sorted(UserSession.objects.purge_and_list(user), key=lambda row: row.created_at, reverse=True)
    return [{"row": row, "here": row.session_key == request.session.session_key} for row in rows]


@members
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """Sign one browser out; the id is in the form, and only of one's own sessions."""
    user = signed_in(request)
    number = request.POST.get("session", "")
    found = UserSession.objects.filter(user=user, pk=int(number)).first() if number.isdecimal() else None
    if found is None:
        raise Http404
    found.end()
    audit.record("session.ended", user, actor=user, about=user)
    messages.success(request, "That browser is signed out.")
    return redirect("security:index")


@members
@require_http_methods(["GET", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Name and place."""
    user = signed_in(request)
    form = DetailsForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        audit.record("account.details", user, actor=user, about=user, fields=len(form.changed_data))
        messages.success(request, "Saved.")
        return redirect("security:index")
    # Without the words that were refused: the header names the account.
    user.refresh_from_db(fields=["full_name", "region"])
    context = {"form": form, "rules": regions.rules_for(user.region), "reviewed": regions.reviewed()}
    return render(request, "security/details.html", context)


@subscribers
@require_POST
def discreet(request: HttpRequest) -> HttpResponse:
    """Neutral titles, icon and mail subjects, on or off."""
    user = signed_in(request)
    user.discreet = request.POST.get("discreet") == "on"
    user.save(update_fields=["discreet"])
    on = "Titles, the icon and mail subjects are neutral from now on."
    messages.success(request, on if user.discreet else "Titles and mail subjects say again what they are about.")
    return redirect("security:index")


@members
@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    """Staff come here until they have one."""
    if second_factors.has_second_factor(signed_in(request)):
        return redirect("portal:home")
    return render(request, "security/second_factor.html")


@members
@presence.for_changes
def email(request: HttpRequest) -> HttpResponse:
    """allauth's page, behind the question whether it is still the same person."""
    response: HttpResponse = allauth_views.email(request)
    return response


@members
@require_GET
def factors(request: HttpRequest) -> HttpResponse:
    """allauth's page is part of ours."""
    return redirect("security:index")


@members
@require_http_methods(["GET", "POST"])
def locked(request: HttpRequest) -> HttpResponse:
    """Why the account is locked, and the appeal to a person."""
    user = signed_in(request)
    lock = locks.locked(user)
    if lock is None:
        return redirect("portal:home")
    appeals = DataRequest.objects.filter(user=user, kind=DataRequest.Kind.APPEAL, received_at__gte=lock.at)
    form = AppealForm(request.POST or None)
    # More is added to the appeal that there is.
    if request.method == "POST" and not appeals and form.is_valid():
        words = f"About the lock of this account ({lock.code}).\n\n{form.cleaned_data['words']}"
        ticket = tickets.open_ticket(DataRequest.Kind.APPEAL, email=user.email, body=words, user=user)
        messages.success(request, f"A person will look at it. Your reference is {ticket.reference}.")
        return redirect("security:locked")
    context = {"lock": lock, "reason": locks.reason(lock), "form": form, "appeals": appeals}
    return render(request, "security/locked.html", context)
