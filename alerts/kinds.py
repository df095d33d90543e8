"""What each kind of alert is to its reader: whether it can wait, and in which part of a mail it stands."""

from dataclasses import dataclass
from enum import StrEnum

from alerts.models import Kind


class Part(StrEnum):
    """The parts of a digest, in their order."""

    ANSWER = "answer"
    NEW = "new"
    DONE = "done"
    ACCOUNT = "account"


class Topic(StrEnum):
    """What a subscriber can choose not to be mailed about. What needs their answer is always told."""

    ALWAYS = "always"
    REMOVALS = "removals"
    MOVES = "moves"


@dataclass(frozen=True)
class Nature:
    """`urgent`: reason enough for a mail of its own, where mail comes as it happens; the rest waits for a digest."""

    part: Part
    urgent: bool = False
    topic: Topic = Topic.MOVES


NATURE: dict[Kind, Nature] = {
    Kind.QUESTION: Nature(Part.ANSWER, urgent=True, topic=Topic.ALWAYS),
    Kind.RELAPSE: Nature(Part.ANSWER, urgent=True, topic=Topic.ALWAYS),
    Kind.MATCH: Nature(Part.NEW, urgent=True, topic=Topic.ALWAYS),
    Kind.NEW_PLACE: Nature(Part.NEW),
    Kind.REMOVED: Nature(Part.DONE, urgent=True, topic=Topic.REMOVALS),
    Kind.PLACE_REMOVED: Nature(Part.DONE, topic=Topic.REMOVALS),
    Kind.WROTE: Nature(Part.DONE),
    Kind.WROTE_AGAIN: Nature(Part.DONE),
    Kind.ANSWERED: Nature(Part.DONE),
    Kind.REFUSED: Nature(Part.DONE),
    Kind.ENDED: Nature(Part.DONE),
    Kind.WEBHOOK_OFF: Nature(Part.ACCOUNT, urgent=True, topic=Topic.ALWAYS),
}
URGENT = frozenset(kind for kind, nature in NATURE.items() if nature.urgent)
