"""Acts on many cases at once, and the letters that wait for a second person."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in, staff
from accounts.models import Role, User
from takedowns import bulk, casefile, desk_letters, workflow
from takedowns.cases import NotAllowed
from takedowns.console.forms import BulkLettersForm, DeferForm
from takedowns.console.shared import calmly, came_from, valid
from takedowns.models import BulkApproval, Case, InfringingUrl, Notice
from takedowns.states import CaseState, NoticeState, UrlState

# As many as a page of the queue shows.
_MOST = 50
_LETTERS_PER_PAGE = 20
_DECIDED = 20


@staff
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """One act on all selected cases. Cases that refuse it are named; the others are done."""
    acts: dict[str, Callable[[HttpRequest, Sequence[Case]], HttpResponse | None]] = {
        "assign": _assign,
        "defer": _defer,
        "approve": _approve,
        "check": _check,
    }
    answer = None
    with calmly(request):
        chosen = acts.get(request.POST.get("act", ""))
        if chosen is None:
            raise NotAllowed("Choose what to do with them.")
        answer = chosen(request, _selected(request))
    return answer or redirect(came_from(request) or "takedowns:queue")


def _selected(request: HttpRequest) -> list[Case]:
    wanted = [pk for text in request.POST.getlist("case")[:_MOST] if (pk := _uuid(text))]
    found = list(Case.objects.filter(pk__in=wanted).select_related("subject__user").order_by("reference"))
    if not found:
        raise NotAllowed("Select at least one case first.")
    return found


def _assign(request: HttpRequest, cases: Sequence[Case]) -> None:
    user = signed_in(request)
    to = _colleague(request.POST.get("to", ""), user)
    done = _each(request, cases, lambda case: workflow.assign(case, to, by=user))
    whose = "yours" if to == user else f"{casefile.person(to)}'s"
    _say(request, done, f"{'is' if done == 1 else 'are'} {whose}")


def _colleague(text: str, user: User) -> User:
    if text == "me":
        return user
    of_staff = User.objects.filter(role__in=(Role.STAFF, Role.SENIOR_STAFF), is_active=True)
    identity = _uuid(text)
    found = of_staff.filter(pk=identity).first() if identity else None
    if found is None:
        raise NotAllowed("Choose a colleague.")
    return found


def _defer(request: HttpRequest, cases: Sequence[Case]) -> None:
    form = DeferForm(request.POST)
    valid(form)
    user, until = signed_in(request), form.until()
    done = _each(request, cases, lambda case: workflow.defer(case, user, until))
    _say(request, done, f"{'comes' if done == 1 else 'come'} back on {_day(until)}")


def _approve(request: HttpRequest, cases: Sequence[Case]) -> HttpResponse | None:
    user, form = signed_in(request), valid(BulkLettersForm(request.POST))
    drafts = Notice.objects.filter(case__in=cases, state=NoticeState.DRAFT).exclude(case__state=CaseState.CLOSED)
    chosen = list(drafts.select_related("operator", "case").order_by("drafted_at"))
    if not chosen:
        raise NotAllowed("None of these cases has a letter to approve.")
    answer = bulk.ask(chosen, user, form.cleaned_data["reason"])
    if isinstance(answer, BulkApproval):
        messages.info(request, "So many letters take two people. A colleague has to confirm it.")
        return redirect("takedowns:bulk_approval", answer.pk)
    _say_approved(request, answer)
    return None


def _check(request: HttpRequest, cases: Sequence[Case]) -> None:
    now = timezone.now()
    places = InfringingUrl.objects.filter(case__in=cases).exclude(case__state=CaseState.CLOSED, state=UrlState.LIVE)
    count = places.update(next_check_at=now)
    where, whose = casefile.counted(count, "place"), casefile.counted(len(cases), "case")
    messages.success(request, f"{where} of {whose} next in line.")


def _each(request: HttpRequest, cases: Sequence[Case], step: Callable[[Case], None]) -> int:
    """Do it to each; a refusal is said once for each reason. Returns how many were done."""
    refused: dict[str, list[str]] = {}
    for case in cases:
        try:
            step(case)
        except NotAllowed as refusal:
            refused.setdefault(str(refusal), []).append(case.reference)
    for why, references in refused.items():
        messages.error(request, f"Not done for {', '.join(references)}: {why}")
    return len(cases) - sum(len(references) for references in refused.values())


def _say(request: HttpRequest, done: int, what: str) -> None:
    if done:
        messages.success(request, f"{casefile.counted(done, 'case')} {what}.")


def _say_approved(request: HttpRequest, answer: bulk.Approved) -> None:
    if answer:
        words = f"{casefile.counted(len(answer), 'letter')} approved."
        messages.success(request, f"{words} They leave with the next run.")
    for one in answer.refused[:5]:
        messages.error(request, f"{one.notice.case.reference}, {one.notice.operator.name}: {one.why}")
    if len(answer.refused) > 5:
        messages.error(request, f"{len(answer.refused) - 5} more letters were not approved.")


# --- Two people --------------------------------------------------------------------------------------------


@staff
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, and what was decided lately."""
    found = BulkApproval.objects.select_related("asked_by", "confirmed_by").prefetch_related("notices")
    waiting = found.filter(confirmed_at=None, refused_at=None)
    decided = found.exclude(confirmed_at=None, refused_at=None)[:_DECIDED]
    user = signed_in(request)
    context = {
        "waiting": [_stack(one, user) for one in waiting],
        "decided": [_stack(one, user) for one in decided],
    }
    return render(request, "takedowns/console_bulk.html", context)


def _stack(asked: BulkApproval, user: User) -> dict[str, object]:
    letters = list(asked.notices.all())
    operators = len({letter.operator_id for letter in letters})
    return {
        "asked": asked,
        "by": casefile.person(asked.asked_by),
        "own": asked.asked_by_id == user.pk,
        "extent": f"{casefile.counted(len(letters), 'letter')} to {casefile.counted(operators, 'operator')}",
    }


@staff
@require_GET
def approval(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One stack of letters, each exactly as it would leave."""
    asked = get_object_or_404(BulkApproval.objects.select_related("asked_by", "confirmed_by"), pk=pk)
    found = asked.notices.select_related("operator", "contact", "case").order_by("drafted_at", "pk")
    page = Paginator(found, _LETTERS_PER_PAGE).get_page(request.GET.get("page"))
    letters = [{"notice": notice, "headers": desk_letters.headers(notice)} for notice in page.object_list]
    undecided = asked.confirmed_at is None and asked.refused_at is None
    context = {
        "asked": asked,
        "by": casefile.person(asked.asked_by),
        "decided_by": casefile.person(asked.confirmed_by) if asked.confirmed_by else "",
        "own": asked.asked_by_id == signed_in(request).pk,
        "undecided": undecided,
        "operators": asked.notices.values("operator").distinct().count(),
        "page": page,
        "letters": letters,
    }
    return render(request, "takedowns/console_bulk_one.html", context)


@staff
@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The second person agrees."""
    asked = get_object_or_404(BulkApproval, pk=pk)
    with calmly(request):
        _say_approved(request, bulk.confirm(asked, signed_in(request)))
    return redirect("takedowns:bulk_approval", pk)


@staff
@require_POST
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Nothing of it is approved."""
    asked = get_object_or_404(BulkApproval, pk=pk)
    with calmly(request):
        bulk.refuse(asked, signed_in(request))
        messages.success(request, "None of these letters is approved. They stay drafts.")
    return redirect(reverse("takedowns:bulk_approvals"))


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
