"""Acts on letters: read, changed, approved, sent or put into a form, answered, taken back, gone on from.

A letter is a notice or a further letter about one; their ids never meet, so one route serves both.
"""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from accounts.access import senior_staff, signed_in, staff
from takedowns import annex, casefile, delivery, escalation, follow_ups, notices
from takedowns.cases import NotAllowed
from takedowns.console.forms import LetterForm, PastedForm
from takedowns.console.shared import back, calmly, valid
from takedowns.desk_letters import Letter
from takedowns.forms import ReasonForm
from takedowns.models import FollowUp, Notice

_RELATED = ("operator", "contact", "approved_by", "case__subject__user", "case__match__image", "case__ground_decision")
_BY_HAND = "A colleague decided it"


def _letter(pk: UUID) -> Letter:
    found = Notice.objects.select_related(*_RELATED).filter(pk=pk).first()
    if found is not None:
        return found
    further = FollowUp.objects.select_related("approved_by", *(f"notice__{name}" for name in _RELATED))
    return get_object_or_404(further, pk=pk)


def _notice(pk: UUID) -> Notice:
    return get_object_or_404(Notice.objects.select_related(*_RELATED), pk=pk)


def _about(letter: Letter) -> Notice:
    return letter if isinstance(letter, Notice) else letter.notice


def _to(letter: Letter) -> str:
    return f"The letter to {_about(letter).operator.name}"


def _back(request: HttpRequest, letter: Letter) -> HttpResponse:
    return back(request, _about(letter).case_id, f"letter-{letter.pk}")


# --- Before it leaves --------------------------------------------------------------------------------------


@staff
@require_POST
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Freeze a letter; the next step is to send it."""
    letter, user = _letter(pk), signed_in(request)
    with calmly(request):
        if isinstance(letter, Notice):
            notices.approve(letter, user)
        else:
            follow_ups.approve(letter, user)
        messages.success(request, f"{_to(letter)} is approved. It is not sent yet.")
    return _back(request, letter)


@staff
@require_POST
def send(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send an approved letter now, at most once."""
    letter, user = _letter(pk), signed_in(request)
    with calmly(request):
        delivery.send(letter, despite_stop=user if user.is_senior_staff else None)  # type: ignore[type-var]
        messages.success(request, f"{_to(letter)} has been sent.")
    return _back(request, letter)


@staff
@require_POST
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a letter's sheet, so that nobody else fills in the form; with `over`, from the colleague who has it."""
    letter = _letter(pk)
    with calmly(request):
        delivery.take_sheet(letter, signed_in(request), over="over" in request.POST)  # type: ignore[type-var]
        messages.success(request, "The sheet is yours. Paste it into the form, send it once, and say so here.")
    return _back(request, letter)


@staff
@require_POST
def put_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a sheet back that was not used."""
    letter = _letter(pk)
    with calmly(request):
        delivery.put_back(letter, signed_in(request))  # type: ignore[type-var]
        messages.success(request, "Put back. The form was not sent, and somebody else may do it.")
    return _back(request, letter)


@staff
@require_POST
def pasted(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The letter was put into the operator's form."""
    letter, form = _letter(pk), PastedForm(request.POST)
    with calmly(request):
        words = valid(form).cleaned_data["confirmation"]
        delivery.record_pasted(letter, signed_in(request), words)  # type: ignore[type-var]
        messages.success(request, f"Noted: {_to(letter)[0].lower()}{_to(letter)[1:]} was put into its form.")
    return _back(request, letter)


@staff
@require_POST
def withdraw_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take back a letter that has not left."""
    letter, user, form = _letter(pk), signed_in(request), ReasonForm(request.POST)
    with calmly(request):
        reason = valid(form).cleaned_data["reason"]
        if isinstance(letter, Notice):
            notices.withdraw(letter, user, reason)
        else:
            follow_ups.withdraw(letter, user, reason)
        messages.success(request, f"{_to(letter)} is withdrawn.")
    return _back(request, letter)


@staff
@require_POST
def edit_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a draft; somebody else then has to approve it."""
    letter, user = _letter(pk), signed_in(request)
    # Forms send CRLF; letters are kept with plain line ends.
    text = request.POST.get("body", "").replace("\r\n", "\n")
    with calmly(request):
        if isinstance(letter, Notice):
            notices.edit(letter, user, text)
        else:
            follow_ups.edit(letter, user, text)
        messages.success(request, "Saved. Somebody else has to approve it now.")
    return _back(request, letter)


@staff
@require_POST
def settle_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What became of a send that died half-way: it left, or it did not."""
    letter, left = _letter(pk), request.POST.get("left") == "yes"
    with calmly(request):
        delivery.settle(letter, signed_in(request), left=left)  # type: ignore[type-var]
        messages.success(request, "Noted: it left." if left else "Noted: it did not leave, and is withdrawn.")
    return _back(request, letter)


@staff
@require_GET
def annex_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The notice on paper with its evidence, as it is attached."""
    notice = _notice(pk)
    try:
        printed = annex.pdf(notice)
    except NotAllowed as refusal:
        raise Http404 from refusal
    name = f"{notice.case.reference}.pdf"
    return HttpResponse(
        printed, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


# --- After it has left -------------------------------------------------------------------------------------


@staff
@require_POST
def follow(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write an answer or another request to the operator of a notice; a colleague approves it."""
    notice, user, form = _notice(pk), signed_in(request), LetterForm(request.POST)
    further: Letter = notice
    with calmly(request):
        data = valid(form).cleaned_data
        kind = FollowUp.Kind.ANSWER
        further = follow_ups.draft(notice, kind, code=data["code"], note=data["note"], staff=user)
        messages.success(request, "Written. A colleague has to approve it.")
    return _back(request, further)


@staff
@require_POST
def remind(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write a reminder now; it leaves when it is approved."""
    return _follow_simply(request, _notice(pk), FollowUp.Kind.REMINDER)


@staff
@require_POST
def complain(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write the complaint about a refusal (DSA Art. 20)."""
    return _follow_simply(request, _notice(pk), FollowUp.Kind.COMPLAINT)


def _follow_simply(request: HttpRequest, notice: Notice, kind: FollowUp.Kind) -> HttpResponse:
    further: Letter = notice
    with calmly(request):
        further = follow_ups.draft(notice, kind)
        messages.success(request, f"{kind.label} written. Read it, and approve it.")
    return _back(request, further)


@senior_staff
@require_POST
def retract(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write the letter that takes a notice back."""
    notice, form = _notice(pk), ReasonForm(request.POST)
    further: Letter = notice
    with calmly(request):
        further = follow_ups.retract(notice, signed_in(request), valid(form).cleaned_data["reason"])
        messages.success(request, "The retraction is written. A colleague has to approve it.")
    return _back(request, further)


@staff
@require_POST
def escalate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on to whoever comes next, without waiting any longer."""
    notice = _notice(pk)
    following: Letter = notice
    with calmly(request):
        written = escalation.write_next(notice, _BY_HAND)
        if written:
            following = written[0]
            messages.success(request, f"{casefile.counted(len(written), 'letter')} ready to be read.")
        else:
            messages.warning(request, "Nobody is left to write to. What can be done now is above.")
    return _back(request, following)
