"""Our policies, each version of them, what changed, and who else handles data."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import public, signed_in, subscribers
from accounts.models import PolicyVersion
from accounts.policies import usage, versions
from accounts.policies.processors import processors


@public
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Every kind of policy, with all its versions."""
    kinds = [(label, list(versions.history(kind))) for kind, label in PolicyVersion.Kind.choices]
    return render(request, "policies/policies.html", {"kinds": kinds})


@public
@require_safe
def policy(request: HttpRequest, kind: str, version: str = "") -> HttpResponse:
    """One policy: the version in force, or an older one."""
    shown = _version(kind, version) if version else versions.current(kind)
    if shown is None:
        raise Http404
    usage.count(request, f"policy-{kind}")
    rows = list(versions.history(kind))
    context = {
        "policy": shown,
        "text": versions.as_html(shown),
        "newest": rows[0],
        "previous": next((row for row in rows if row.version < shown.version), None),
    }
    return render(request, "policies/policy.html", context)


@public
@require_safe
def difference(request: HttpRequest, kind: str, old: str, new: str) -> HttpResponse:
    """What changed between two versions."""
    before, after = _version(kind, old), _version(kind, new)
    context = {"old": before, "new": after, "difference": versions.difference(before, after)}
    return render(request, "policies/difference.html", context)


def _version(kind: str, version: str) -> PolicyVersion:
    return get_object_or_404(PolicyVersion, kind=kind, version=version)


@subscribers
@require_http_methods(["GET", "POST"])
def changes(request: HttpRequest) -> HttpResponse:
    """What changed since the person joined; where it asks for their agreement, they give it here or do not."""
    user = signed_in(request)
    if request.method == "POST":
        versions.accept(user, versions.waiting_for(user))
        messages.success(request, "Thank you. You agreed to the new version, and everything goes on.")
        return redirect("policies:changes")
    found = versions.changes_for(user)
    context = {
        "changes": [(change, versions.difference(change.previous, change.policy)) for change in found],
        "waiting": any(change.due for change in found),
    }
    return render(request, "policies/changes.html", context)


@public
@require_safe
def processor_list(request: HttpRequest) -> HttpResponse:
    """Who else handles people's data, and where it is kept."""
    context = {"processors": processors(), "location": settings.DATA_LOCATION}
    return render(request, "policies/processors.html", context)


@public
@require_safe
def gpc(_request: HttpRequest) -> JsonResponse:
    """That Global Privacy Control is honoured, for machines (the W3C's GPC, section 5)."""
    return JsonResponse({"gpc": True, "lastUpdate": "2026-11-22"})
