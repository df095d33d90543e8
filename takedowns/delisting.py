"""What search engines list: kept apart from removals, because a picture that nobody finds is still there.

Engines do not let programs ask them, so a person looks and says what they saw. Nothing here moves a place, and no
figure counts it as removed: figures of delisting count `Delisting` rows.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.transitions import change_state
from takedowns import events
from takedowns.cases import WITH_OPERATOR, NotAllowed, locked, require_staff, settle_turn
from takedowns.grounds import Addressee
from takedowns.models import Case, Delisting, InfringingUrl, Notice, Operator
from takedowns.states import DELISTING, NOTICE, CaseState, DelistingState, NoticeState

# Most engines have acted two days after a letter; then weekly while it is listed, and monthly when it is not.
FIRST_LOOK = timedelta(days=2)
LOOK_AGAIN = timedelta(days=7)
STILL_GONE = timedelta(days=30)


def open_rows() -> int:
    """A row for each place and engine that a letter about it was sent to. Returns how many are new."""
    named = Notice.urls.through.objects.filter(
        notice__addressee=Addressee.SEARCH, notice__state__in=(*WITH_OPERATOR, NoticeState.INFO_REQUESTED)
    )
    known = Delisting.objects.filter(url=OuterRef("infringingurl"), engine=OuterRef("notice__operator"))
    missing = named.filter(~Exists(known)).values_list("infringingurl", "notice__operator").distinct()
    rows = [Delisting(url_id=url, engine_id=engine) for url, engine in missing]
    Delisting.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def to_check() -> QuerySet[Delisting]:
    """What a person should look up now, longest unseen first. Closed cases and withdrawn pictures are left out."""
    now = timezone.now()
    never = Q(checked_at=None) & Exists(_letter().filter(sent_at__lte=now - FIRST_LOOK))
    listed = Q(state=DelistingState.LISTED, checked_at__lte=now - LOOK_AGAIN)
    gone = Q(state=DelistingState.DELISTED, checked_at__lte=now - STILL_GONE)
    rows = Delisting.objects.exclude(url__case__state=CaseState.CLOSED).filter(
        url__case__match__image__withdrawn_at=None
    )
    due = rows.filter(never | listed | gone).select_related("url__case", "engine")
    return due.order_by("checked_at", "pk")


def record(url: InfringingUrl, engine: Operator, staff: User, delisted: bool) -> Delisting:
    """Keep what a person saw at the engine. The place and its case stay as they are.

    Raises:
        NotAllowed: only staff look, and only at search engines.
    """
    require_staff(staff)
    if engine.kind != Operator.Kind.SEARCH:
        raise NotAllowed("Only search engines list places.")
    wanted = DelistingState.DELISTED if delisted else DelistingState.LISTED
    with transaction.atomic():
        case = locked(url.case)
        row, _ = Delisting.objects.select_for_update().get_or_create(url=url, engine=engine)
        changed = row.state != wanted
        if changed:
            change_state(row, DELISTING, wanted)
        row.checked_at, row.checked_by = timezone.now(), staff
        row.save(update_fields=["checked_at", "checked_by"])
        events.record(case, _event(changed, delisted), actor=staff, url=str(url.pk), engine=engine.name)
        if delisted:
            _settle_letters(case, engine)
    return row


def _event(changed: bool, delisted: bool) -> str:
    if delisted:
        return "delisting.gone"
    return "delisting.back" if changed else "delisting.listed"


def _settle_letters(case: Case, engine: Operator) -> None:
    """The engine did what its letter asked for once it lists none of the letter's places."""
    letters = case.notices.filter(operator=engine, addressee=Addressee.SEARCH, state__in=WITH_OPERATOR)
    for notice in letters.select_related("operator"):
        gone = Delisting.objects.filter(url=OuterRef("pk"), engine=engine, state=DelistingState.DELISTED)
        if not notice.urls.filter(~Exists(gone)).exists():
            change_state(notice, NOTICE, NoticeState.COMPLIED)
            events.record(case, "notice.complied", notice=str(notice.pk), operator=engine.name)
    settle_turn(case)


def _letter() -> QuerySet[Notice]:
    return Notice.objects.filter(
        urls=OuterRef("url"), operator=OuterRef("engine"), addressee=Addressee.SEARCH, sent_at__isnull=False
    )
