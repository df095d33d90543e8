"""Staff lift locks, from words and counts alone: they see no picture and no measurement."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in, staff
from accounts.models import AccountLock, DataRequest
from accounts.security import locks


@staff
@require_GET
def locked_accounts(request: HttpRequest) -> HttpResponse:
    """Every locked account, the longest first, with the appeals of its owner."""
    rows = [
        {
            "lock": lock,
            "reason": locks.reason(lock),
            "appeals": DataRequest.objects.filter(
                user=lock.user, kind=DataRequest.Kind.APPEAL, received_at__gte=lock.at
            ),
        }
        for lock in AccountLock.objects.filter(lifted_at=None).select_related("user").order_by("at")
    ]
    return render(request, "security/locks.html", {"rows": rows})


@staff
@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    """Open an account again; the id is in the form."""
    number = request.POST.get("lock", "")
    lock = get_object_or_404(AccountLock, pk=int(number) if number.isdecimal() else 0, lifted_at=None)
    locks.lift(lock, signed_in(request))
    messages.success(request, "The account is open again. Tell the person, if they wrote to us.")
    return redirect("security:locks")
