"""Cases, letters, operators, and the staff's desk."""

from takedowns.models.cases import (
    Case,
    Delisting,
    GroundDecision,
    InfringingUrl,
    Mandate,
    Verification,
    new_reference,
    new_reply_token,
)
from takedowns.models.desk import BulkApproval, CaseEvent, CaseMessage, SavedFilter, SendingStop, WorkItem
from takedowns.models.letters import (
    Communication,
    CounterNotice,
    FollowUp,
    LetterTemplate,
    Notice,
    OrphanMail,
    PostedLetter,
)
from takedowns.models.operators import AbuseContact, DmcaAgent, Lookup, Operator, OperatorTrait

__all__ = [
    "AbuseContact",
    "BulkApproval",
    "Case",
    "CaseEvent",
    "CaseMessage",
    "Communication",
    "CounterNotice",
    "Delisting",
    "DmcaAgent",
    "FollowUp",
    "GroundDecision",
    "InfringingUrl",
    "LetterTemplate",
    "Lookup",
    "Mandate",
    "Notice",
    "Operator",
    "OperatorTrait",
    "OrphanMail",
    "PostedLetter",
    "SavedFilter",
    "SendingStop",
    "Verification",
    "WorkItem",
    "new_reference",
    "new_reply_token",
]
