"""The states of cases, notices and infringing URLs (whose move is it?) and the steps between them."""

from django.db.models import TextChoices

from accounts.transitions import Transitions


class CaseState(TextChoices):
    """`triage → drafting → awaiting_provider ⇄ action_needed → closed`; `awaiting_subject` from any open one."""

    TRIAGE = "triage", "Being looked at"
    DRAFTING = "drafting", "Notice being written"
    AWAITING_PROVIDER = "awaiting_provider", "Waiting for the site or host"
    ACTION_NEEDED = "action_needed", "Our move"
    AWAITING_SUBJECT = "awaiting_subject", "Waiting for you"
    CLOSED = "closed", "Closed"


_OPEN = frozenset(
    {
        CaseState.TRIAGE,
        CaseState.DRAFTING,
        CaseState.AWAITING_PROVIDER,
        CaseState.ACTION_NEEDED,
        CaseState.AWAITING_SUBJECT,
    }
)
CASE: Transitions = {
    CaseState.TRIAGE: frozenset({CaseState.DRAFTING, CaseState.AWAITING_SUBJECT, CaseState.CLOSED}),
    CaseState.DRAFTING: frozenset(
        {CaseState.AWAITING_PROVIDER, CaseState.ACTION_NEEDED, CaseState.AWAITING_SUBJECT, CaseState.CLOSED}
    ),
    CaseState.AWAITING_PROVIDER: frozenset({CaseState.ACTION_NEEDED, CaseState.AWAITING_SUBJECT, CaseState.CLOSED}),
    CaseState.ACTION_NEEDED: frozenset(
        {CaseState.DRAFTING, CaseState.AWAITING_PROVIDER, CaseState.AWAITING_SUBJECT, CaseState.CLOSED}
    ),
    CaseState.AWAITING_SUBJECT: (_OPEN - {CaseState.AWAITING_SUBJECT}) | {CaseState.CLOSED},
}


class Outcome(TextChoices):
    """How a case ended."""

    NONE = "", "Not ended"
    REMOVED = "removed", "Removed"
    PARTLY_REMOVED = "partly_removed", "Partly removed"
    REFUSED = "refused", "Refused"
    NO_RESPONSE = "no_response", "No response"
    WITHDRAWN = "withdrawn", "Withdrawn"
    NOT_ACTIONABLE = "not_actionable", "Nothing we can send"
    DUPLICATE = "duplicate", "Part of another case"


class NoticeState(TextChoices):
    """`draft → approved → sending → sent → …`; `withdrawn` before it is sent.

    `sending` is never retried: a person finds out whether the letter left (`sent`) or not (`withdrawn`).
    """

    DRAFT = "draft", "Draft"
    APPROVED = "approved", "Approved"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    COMPLIED = "complied", "Complied with"
    PARTLY_COMPLIED = "partly_complied", "Partly complied with"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


_ANSWERS = frozenset({NoticeState.COMPLIED, NoticeState.PARTLY_COMPLIED, NoticeState.REFUSED})
NOTICE: Transitions = {
    NoticeState.DRAFT: frozenset({NoticeState.APPROVED, NoticeState.WITHDRAWN}),
    NoticeState.APPROVED: frozenset({NoticeState.SENDING, NoticeState.WITHDRAWN}),
    NoticeState.SENDING: frozenset({NoticeState.SENT, NoticeState.WITHDRAWN}),
    NoticeState.SENT: _ANSWERS | {NoticeState.ACKNOWLEDGED},
    NoticeState.ACKNOWLEDGED: _ANSWERS,
    NoticeState.PARTLY_COMPLIED: frozenset({NoticeState.COMPLIED, NoticeState.REFUSED}),
}


class UrlState(TextChoices):
    """`live ⇄ unreachable → removed → relapsed`; only verification moves it."""

    LIVE = "live", "Online"
    UNREACHABLE = "unreachable", "Not reachable"
    REMOVED = "removed", "Removed"
    RELAPSED = "relapsed", "Back again"


INFRINGING_URL: Transitions = {
    UrlState.LIVE: frozenset({UrlState.UNREACHABLE, UrlState.REMOVED}),
    UrlState.UNREACHABLE: frozenset({UrlState.LIVE, UrlState.REMOVED}),
    UrlState.REMOVED: frozenset({UrlState.RELAPSED}),
    UrlState.RELAPSED: frozenset({UrlState.UNREACHABLE, UrlState.REMOVED}),
}
