"""Who of the staff may do what, how they sign in, and how often they looked: for the quarterly review."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db.models import Count
from django.utils import timezone

from accounts.models import AuditEvent, Role, User

# Looks at what is about somebody; everything else that staff do is an act on a record.
READS = frozenset({"case.picture_shown", "case.page_shown", "request.read"})
_QUARTER = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Access:
    """One member of staff. `acts` and `reads` are of the time under review, by the audit trail."""

    email: str
    role: str
    active: bool
    second_factors: list[str]
    last_sign_in: datetime | None
    joined: datetime
    acts: int
    reads: int
    people: int
    remarks: list[str]


def review(since: datetime | None = None) -> list[Access]:
    """Everybody who has ever had a staff role, those without a second factor and the idle ones remarked on."""
    since = since or timezone.now() - _QUARTER
    staff = User.objects.filter(role__in=(Role.STAFF, Role.SENIOR_STAFF)).order_by("email")
    events = AuditEvent.objects.filter(at__gte=since, actor__in=staff.values("pk")).order_by()
    acts: Counter[object] = Counter()
    reads: Counter[object] = Counter()
    for row in events.values("actor", "action").annotate(count=Count("pk")):
        (reads if row["action"] in READS else acts)[row["actor"]] += row["count"]
    seen = events.values("actor").annotate(people=Count("about", distinct=True))
    people = {row["actor"]: row["people"] for row in seen}
    return [_access(user, acts[user.pk], reads[user.pk], people.get(user.pk, 0)) for user in staff]


def _access(user: User, acts: int, reads: int, people: int) -> Access:
    factors = sorted(set(Authenticator.objects.filter(user=user).values_list("type", flat=True)))
    strong = [factor for factor in factors if factor != Authenticator.Type.RECOVERY_CODES]
    remarks = []
    if user.is_active and not strong:
        remarks.append("no second factor")
    if user.is_active and not acts + reads:
        remarks.append("nothing done in this time: is the role still needed?")
    return Access(
        user.email, user.role, user.is_active, factors, user.last_login, user.date_joined, acts, reads, people, remarks
    )


def document(since: date, found: list[Access]) -> dict[str, object]:
    """For programs."""
    return {"since": since.isoformat(), "made_at": timezone.now().isoformat(), "staff": [_plain(one) for one in found]}


def _plain(access: Access) -> dict[str, object]:
    last = access.last_sign_in.isoformat() if access.last_sign_in else None
    return {**asdict(access), "last_sign_in": last, "joined": access.joined.isoformat()}
