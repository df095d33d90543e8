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
    """`draft → approved → sending → sent → …`; `withdrawn` before it is sent, `retracted` afterwards.

    `sending` is never retried: a person finds out whether the letter left (`sent`) or not (`withdrawn`).
    `info_requested` is our turn: the operator asked something, and its time stands still. `bounced` ends a notice whose
    mail came back, so that the next contact can be written to. `contested` waits for the end of a counter-notice.
    """

    DRAFT = "draft", "Draft"
    APPROVED = "approved", "Approved"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    INFO_REQUESTED = "info_requested", "Asked us something"
    COMPLIED = "complied", "Complied with"
    PARTLY_COMPLIED = "partly_complied", "Partly complied with"
    REFUSED = "refused", "Refused"
    CONTESTED = "contested", "Contested"
    BOUNCED = "bounced", "Came back"
    WITHDRAWN = "withdrawn", "Withdrawn"
    RETRACTED = "retracted", "Retracted"


_ANSWERS = frozenset({NoticeState.COMPLIED, NoticeState.PARTLY_COMPLIED, NoticeState.REFUSED})
_LATER = frozenset({NoticeState.CONTESTED, NoticeState.RETRACTED})
NOTICE: Transitions = {
    NoticeState.DRAFT: frozenset({NoticeState.APPROVED, NoticeState.WITHDRAWN}),
    NoticeState.APPROVED: frozenset({NoticeState.SENDING, NoticeState.WITHDRAWN}),
    NoticeState.SENDING: frozenset({NoticeState.SENT, NoticeState.WITHDRAWN}),
    NoticeState.SENT: _ANSWERS | _LATER | {NoticeState.ACKNOWLEDGED, NoticeState.INFO_REQUESTED, NoticeState.BOUNCED},
    # An automatic confirmation can come before the mail comes back.
    NoticeState.ACKNOWLEDGED: _ANSWERS | _LATER | {NoticeState.INFO_REQUESTED, NoticeState.BOUNCED},
    NoticeState.INFO_REQUESTED: _ANSWERS | _LATER | {NoticeState.ACKNOWLEDGED},
    NoticeState.PARTLY_COMPLIED: _LATER | {NoticeState.COMPLIED, NoticeState.REFUSED},
    NoticeState.COMPLIED: _LATER,
    # They change their mind, or their letter had been taken for a refusal and was none.
    NoticeState.REFUSED: _LATER | {NoticeState.ACKNOWLEDGED, NoticeState.COMPLIED, NoticeState.PARTLY_COMPLIED},
    # Kept down, put back, or taken back by us.
    NoticeState.CONTESTED: frozenset({NoticeState.COMPLIED, NoticeState.REFUSED, NoticeState.RETRACTED}),
}
# A notice that was sent, did not come back, and was not taken back: whoever got it could act on it.
ARRIVED = frozenset(
    {
        NoticeState.SENT,
        NoticeState.ACKNOWLEDGED,
        NoticeState.INFO_REQUESTED,
        NoticeState.COMPLIED,
        NoticeState.PARTLY_COMPLIED,
        NoticeState.REFUSED,
        NoticeState.CONTESTED,
    }
)
# Further letters about a notice: they leave in the same way, and nothing is expected of them.
FOLLOW_UP: Transitions = {
    NoticeState.DRAFT: frozenset({NoticeState.APPROVED, NoticeState.WITHDRAWN}),
    NoticeState.APPROVED: frozenset({NoticeState.SENDING, NoticeState.WITHDRAWN}),
    NoticeState.SENDING: frozenset({NoticeState.SENT, NoticeState.WITHDRAWN}),
    NoticeState.SENT: frozenset({NoticeState.BOUNCED}),
}


class CounterNoticeState(TextChoices):
    """`received → informed → decided → ended`: the subject is told the same day, and chooses before the window ends."""

    RECEIVED = "received", "Received"
    INFORMED = "informed", "The subject was told"
    DECIDED = "decided", "The subject has chosen"
    ENDED = "ended", "Ended"


COUNTER_NOTICE: Transitions = {
    CounterNoticeState.RECEIVED: frozenset({CounterNoticeState.INFORMED, CounterNoticeState.ENDED}),
    CounterNoticeState.INFORMED: frozenset({CounterNoticeState.DECIDED, CounterNoticeState.ENDED}),
    CounterNoticeState.DECIDED: frozenset({CounterNoticeState.ENDED}),
}


class DelistingState(TextChoices):
    """Whether a search engine lists a place: what a person saw there."""

    LISTED = "listed", "Still listed"
    DELISTED = "delisted", "Not listed any more"


DELISTING: Transitions = {
    DelistingState.LISTED: frozenset({DelistingState.DELISTED}),
    DelistingState.DELISTED: frozenset({DelistingState.LISTED}),
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
