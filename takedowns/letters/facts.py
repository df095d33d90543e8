"""What goes into a letter and what comes out. Pure.

All that a letter may say about a person is here. Their home address is not, so it cannot get in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Place:
    page_url: str
    image_url: str
    captured_at: datetime | None


@dataclass(frozen=True)
class Agent:
    """Who we are in a letter. An empty address or telephone number is one that the operator has not set."""

    name: str
    address: str
    phone: str
    email: str


@dataclass(frozen=True)
class Facts:
    """All that a letter to an operator may say."""

    reference: str
    operator: str
    places: tuple[Place, ...]
    answers: Mapping[str, str]
    subject_name: str
    subject_signature: str
    signed_at: datetime
    # The face's middle as shares of the picture's width and height, 0 to 1.
    face_at: tuple[float, float]
    agent: Agent
    today: date
    # The operator's country (ISO 3166) and what it is asked as (`grounds.Addressee`).
    country: str = ""
    addressee: str = "host"
    language: str = "en"
    # Of a further letter: on what ground the first one was sent, when, and when its answer was due.
    first_ground: str = ""
    first_sent_on: date | None = None
    due_on: date | None = None
    # Names of operators that were asked before this one.
    asked_before: tuple[str, ...] = ()
    # A colleague's words: the answer to a question, or why a refusal is wrong.
    note: str = ""
    # Of a letter to a search engine: its name, and the query with which the places are found.
    engine: str = ""
    query: str = ""


@dataclass(frozen=True)
class Letter:
    title: str
    body: str
    template_version: str
    language: str = "en"


@dataclass(frozen=True)
class DocumentFacts:
    """What a paper for the subject or an authority may say. We send none of them: the subject does, if they wish.

    What is empty and cannot be known to us, such as an address, is a line to fill in by hand.
    """

    reference: str
    today: date
    agent: Agent
    places: tuple[Place, ...]
    answers: Mapping[str, str]
    subject_name: str
    language: str = "en"
    operator: str = ""
    # The name of the ground that was used, and the authority or body that the paper is for.
    ground: str = ""
    authority: str = ""
    # What happened, oldest first: one sentence each, with its date.
    events: tuple[str, ...] = ()
    first_sent_on: date | None = None
    # Of a counter-notice: when the provider got it, and the first and last day on which it may restore the material.
    provider_received_on: date | None = None
    window_opens_on: date | None = None
    window_ends_on: date | None = None
    note: str = ""
