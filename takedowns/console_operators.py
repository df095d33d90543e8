"""Operators in the console: who they are, how they act on notices, and how staff want them to be treated."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.access import senior_staff, signed_in, staff
from takedowns import casefile, contacts, figures
from takedowns.figures import Line
from takedowns.letters.wordings import WORDINGS
from takedowns.models import AbuseContact, Notice, Operator
from takedowns.states import ARRIVED

_PER_PAGE = 50
_MOST = 50
_SORTS = {"letters": ("-letters", "name"), "name": ("name",), "latest": ("-latest", "name")}


class OperatorForm(forms.Form):
    """How an operator is treated, and why."""

    stance = forms.ChoiceField(
        label="How it is treated",
        choices=Operator.Stance.choices,
        help_text="The ladder goes past one that is hostile or ignores notices.",
    )
    language = forms.ChoiceField(label="Language of letters", required=False)
    reason = forms.CharField(label="Reason", max_length=300, min_length=8, widget=forms.TextInput())

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        languages = sorted((code, wording.name) for code, wording in WORDINGS.items())
        self.fields["language"].choices = [("", "By its country"), *languages]  # type: ignore[attr-defined]


class ContactForm(forms.Form):
    """A contact that staff know of."""

    email = forms.EmailField(label="E-mail address", required=False)
    form_url = forms.URLField(label="Web form", required=False, assume_scheme="https")
    role = forms.ChoiceField(
        label="What it is for",
        choices=[("abuse", "Abuse"), ("copyright", "Copyright"), ("privacy", "Privacy"), ("legal", "Legal")],
    )

    def clean(self) -> dict[str, object]:
        if not self.errors and not self.cleaned_data.get("email") and not self.cleaned_data.get("form_url"):
            raise forms.ValidationError("Give an e-mail address or the address of a form.")
        return self.cleaned_data


@staff
@require_GET
def operators(request: HttpRequest) -> HttpResponse:
    """All operators, those that we write to most first."""
    search, kind = request.GET.get("q", "").strip()[:100], request.GET.get("kind", "")
    sort = request.GET.get("sort", "letters")
    found = _found(search, kind).order_by(*_SORTS.get(sort, _SORTS["letters"]))
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    lines = figures.of_operators(operator.pk for operator in shown)
    context = {
        "page": page,
        "rows": [_row(operator, lines.get(operator.pk)) for operator in shown],
        "search": search,
        "kind": kind,
        "kinds": Operator.Kind.choices,
        "sort": sort,
    }
    return render(request, "takedowns/operators.html", context)


def _found(search: str, kind: str) -> QuerySet[Operator]:
    found = Operator.objects.all()
    if search:
        known = Q(name__icontains=search) | Q(key__icontains=search)
        found = found.filter(known | Q(contacts__email__icontains=search)).distinct()
    if kind in Operator.Kind.values:
        found = found.filter(kind=kind)
    sent = Notice.objects.filter(operator=OuterRef("pk"), state__in=ARRIVED).order_by().values("operator")
    return found.annotate(
        letters=Coalesce(Subquery(sent.annotate(count=Count("pk")).values("count")), 0),
        latest=Subquery(sent.annotate(newest=Max("sent_at")).values("newest")),
    )


@staff
@require_GET
def operator(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One operator: its figures, contacts with their health, traits, cluster and letters."""
    return _page(request, get_object_or_404(Operator, pk=pk))


@senior_staff
@require_POST
def treat(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set how an operator is treated: whether it is written to at all, and in which language."""
    found, form = get_object_or_404(Operator, pk=pk), OperatorForm(request.POST)
    if not form.is_valid():
        return _page(request, found, treat_form=form)
    stance, language = form.cleaned_data["stance"], form.cleaned_data["language"]
    with transaction.atomic():
        Operator.objects.filter(pk=pk).update(stance=stance, language=language)
        reason = form.cleaned_data["reason"]
        audit.record("operator.treated", found, actor=signed_in(request), stance=stance, reason=reason)
    messages.success(request, f"{found.name} is treated as said from now on.")
    return redirect("takedowns:operator", pk)


@staff
@require_http_methods(["POST"])
def add_contact(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a contact by hand. It counts for more than anything that was found by a program."""
    found, form = get_object_or_404(Operator, pk=pk), ContactForm(request.POST)
    if not form.is_valid():
        return _page(request, found, contact_form=form)
    AbuseContact.objects.update_or_create(
        operator=found,
        email=form.cleaned_data["email"].lower(),
        form_url=form.cleaned_data["form_url"],
        defaults={
            "role": form.cleaned_data["role"],
            "source": "staff",
            "confidence": 1.0,
            "found_at": timezone.now(),
            "bounced_at": None,
        },
    )
    audit.record("operator.contact_added", found, actor=signed_in(request))
    messages.success(request, "The contact is known from now on.")
    return redirect("takedowns:operator", pk)


def _page(
    request: HttpRequest,
    found: Operator,
    *,
    treat_form: OperatorForm | None = None,
    contact_form: ContactForm | None = None,
) -> HttpResponse:
    known = list(found.contacts.order_by("-confidence", "email"))
    cluster = Operator.objects.filter(cluster=found.cluster).exclude(pk=found.pk) if found.cluster else None
    present = {"stance": found.stance, "language": found.language}
    senior = signed_in(request).is_senior_staff
    context = {
        "operator": found,
        "figures": _row(found, figures.of_operator(found)),
        "contacts": [{"contact": one, "health": contacts.health(one)} for one in known[:_MOST]],
        "traits": found.traits.order_by("kind", "value")[:_MOST],
        "cluster": list(cluster.order_by("name")[:_MOST]) if cluster is not None else [],
        "letters": _letters(found),
        "treat_form": (treat_form or OperatorForm(initial=present)) if senior else None,
        "contact_form": contact_form or ContactForm(),
    }
    status = 422 if treat_form or contact_form else 200
    return render(request, "takedowns/operator.html", context, status=status)


def _letters(found: Operator) -> Sequence[dict[str, object]]:
    newest = Notice.objects.filter(operator=found, sent_at__isnull=False).select_related("case").order_by("-sent_at")
    return [
        {"notice": one, "ground": casefile.ground_in_short(one.ground), "state": one.get_state_display()}
        for one in newest[:_MOST]
    ]


def _row(operator: Operator, line: Line | None) -> dict[str, object]:
    """An operator with its figures in words; without letters there are none."""
    return {
        "operator": operator,
        "line": line,
        "removed": f"{line.removed.percent} %" if line else "",
        "answered": f"{line.answered.percent} %" if line else "",
        "median": figures.in_words(line.until_removed.median) if line else "",
    }
