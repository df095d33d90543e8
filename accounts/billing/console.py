"""Staff give somebody a plan by hand, or end what was given."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import signed_in, staff
from accounts.billing import grants, payments, standing
from accounts.billing.forms import EndForm, FindForm, GrantForm
from accounts.billing.grants import NotGranted
from accounts.billing.plans import default_plan, in_force
from accounts.models import Plan, Role, Subscription, User

_PER_PAGE = 25


@staff
@require_http_methods(["GET", "POST"])
def plans(request: HttpRequest) -> HttpResponse:
    """Who has which plan, and the way to somebody who has none."""
    form = FindForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and form.user:
        return redirect("billing:console_plan", form.user.pk)
    held = Subscription.objects.filter(in_force()).select_related("user", "granted_by")
    page = Paginator(held.order_by("ends_at", "user__email"), _PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "on_sale": payments.on_sale(), "default": default_plan()}
    return render(request, "billing/console_plans.html", context, status=422 if form.errors else 200)


@staff
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One person's plan: give, extend or change it."""
    user = get_object_or_404(User, pk=pk, role=Role.SUBSCRIBER)
    form = GrantForm(request.POST if request.method == "POST" else None, initial=_now(user))
    if form.is_valid():
        given = form.cleaned_data
        try:
            grants.grant(user, Plan(given["plan"]), signed_in(request), given["reason"], form.ends_at())
        except NotGranted as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{user.email} has {Plan(given['plan']).label} now.")
            return redirect("billing:console_plan", pk)
    return _person_page(request, user, form, EndForm())


@staff
@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a plan that was given by hand."""
    user = get_object_or_404(User, pk=pk, role=Role.SUBSCRIBER)
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            grants.end(user, signed_in(request), form.cleaned_data["reason"])
        except NotGranted as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The plan has ended. Cases that are open go on to their end.")
            return redirect("billing:console_plan", pk)
    return _person_page(request, user, GrantForm(initial=_now(user)), form)


def _now(user: User) -> dict[str, object]:
    """What they were given, to begin with."""
    own = standing.of(user)
    return {"plan": own.row.plan, "last_day": own.last_day and timezone.localdate(own.last_day)} if own.row else {}


def _person_page(request: HttpRequest, user: User, form: GrantForm, end_form: EndForm) -> HttpResponse:
    own = standing.of(user)
    context = {"person": user, "standing": own, "form": form, "end_form": end_form}
    failed = form.errors or end_form.errors
    return render(request, "billing/console_plan.html", context, status=422 if failed else 200)
