"""My data: what is held and who looked; taking it along, objecting, erasing; and receipts.

What is wrong is put right on the pages of the account (`accounts.security`).
"""

import logging
import smtplib

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import audit, consent, mailing, retention
from accounts.access import public, signed_in, subscribers
from accounts.limits import client, limited
from accounts.models import Consent, ErasureReceipt
from accounts.rights import archive, erasure, holds, looked, receipts
from accounts.rights.forms import ERASE_WORD, EraseForm, ReceiptForm
from accounts.rights.recent import recent_sign_in

logger = logging.getLogger(__name__)

_LOOKS_PER_PAGE = 20
_ARCHIVES_A_DAY = 10
_DAY, _HOUR = 24 * 3600, 3600
_TRY_LATER = "That was tried very often. Please wait an hour and try again."


@subscribers
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Everything we hold about the person, why, until when, and who looked."""
    user = signed_in(request)
    counted = [(holding, holding.count(user)) for holding in retention.holdings() if holding.count]
    since = dict(Consent.objects.filter(user=user, withdrawn_at=None).values_list("purpose", "given_at"))
    page = Paginator(looked.about(user), _LOOKS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "held": [(holding, count) for holding, count in counted if count],
        "not_held": [holding.name for holding, count in counted if not count],
        "holds": holds.shown_to(user).filter(released_at=None),
        "consents": [(wording, since.get(purpose)) for purpose, wording in consent.WORDINGS.items()],
        "choices": [(choice, choice.holds(user)) for choice in retention.choices()],
        "looks": looked.described(user, page.object_list),
        "page": page,
    }
    return render(request, "rights/index.html", context)


@subscribers
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Object to a use of data, or take that back; at once."""
    user = signed_in(request)
    name, allowed = request.POST.get("choice"), request.POST.get("allowed") == "yes"
    choice = next((one for one in retention.choices() if one.name == name), None)
    if choice is None:
        raise Http404
    if choice.holds(user) != allowed:
        with transaction.atomic():
            choice.decide(user, allowed)
            action = "objection.withdrawn" if allowed else "objection.made"
            audit.record(action, user, actor=user, about=user, use=choice.name)
    messages.success(request, f"{choice.name}: {'on' if allowed else 'off'}.")
    return redirect(reverse("rights:index") + "#objections")


@subscribers
@require_http_methods(["GET", "POST"])
@recent_sign_in
def export(request: HttpRequest) -> HttpResponse:
    """Everything as one file, made while it is downloaded."""
    user = signed_in(request)
    if request.method == "GET":
        return render(request, "rights/export.html", {"held": archive.held(user)})
    if limited(f"archive:{user.pk}", _ARCHIVES_A_DAY, _DAY):
        messages.error(request, "That is enough for today: you can have ten archives a day.")
        return redirect("rights:export")
    response = StreamingHttpResponse(archive.begin(user), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{archive.name(timezone.now())}"'
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]  # Django's two kinds of answer have no common base but this one's


@subscribers
@require_http_methods(["GET", "POST"])
@recent_sign_in
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the account, for good and now."""
    user = signed_in(request)
    form = EraseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        address = user.email
        receipt = erasure.erase(user, user)
        # The session went with the account: this browser is nobody's now.
        request.session.flush()
        request.user = AnonymousUser()
        _mail(address, receipt)
        return redirect("rights:receipt", receipt.reference)
    context = {
        "form": form,
        "word": ERASE_WORD,
        "going": erasure.preview(user),
        "staying": [
            holding for holding in retention.holdings() if holding.stays and holding.count and holding.count(user)
        ],
        "holds": holds.shown_to(user).filter(released_at=None),
        "backup_days": settings.BACKUP_RETENTION_DAYS,
    }
    return render(request, "rights/erase.html", context, status=422 if form.errors else 200)


def _mail(address: str, receipt: ErasureReceipt) -> None:
    """The receipt, to the address that we have just forgotten."""
    link = settings.PORTAL_URL + reverse("rights:receipt", args=[receipt.reference])
    context = {"receipt": receipt, "link": link, "contact_email": settings.PRIVACY_EMAIL}
    message = mailing.Mail("Your receipt", render_to_string("rights/email/erased.txt", context), to=[address])
    message.laid_out()
    message.attach(f"{receipt.reference}.json", receipts.as_file(receipt), "application/json")
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("receipt %s was not mailed: %s", receipt.reference, type(error).__name__)


# --- Receipts ----------------------------------------------------------------------------------------------


@public
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """A receipt, for whoever has its reference. It names nobody."""
    return _receipt_page(request, get_object_or_404(ErasureReceipt, reference=reference))


@public
def receipt_file(request: HttpRequest, reference: str) -> HttpResponse:
    """The receipt to keep."""
    return _receipt_file(request, get_object_or_404(ErasureReceipt, reference=reference))


@require_safe
def _receipt_page(request: HttpRequest, found: ErasureReceipt) -> HttpResponse:
    return render(request, "rights/receipt.html", {"receipt": found})


@require_safe
def _receipt_file(_request: HttpRequest, found: ErasureReceipt) -> HttpResponse:
    response = HttpResponse(receipts.as_file(found), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{found.reference}.json"'
    return response


@public
@require_http_methods(["GET", "POST"])
def verify_receipt(request: HttpRequest) -> HttpResponse:
    """Is a receipt ours, and unchanged? Nothing is stored."""
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    verdict, status = None, 200
    if request.method == "POST" and limited(f"receipt:{client(request)}", 60, _HOUR):
        form.add_error(None, _TRY_LATER)
        status = 429
    elif form.is_valid():
        verdict = receipts.verify(form.cleaned_data["receipt"])
        status = 200 if verdict.holds else 422
    elif form.errors:
        status = 422
    return render(request, "rights/verify_receipt.html", {"form": form, "verdict": verdict}, status=status)
