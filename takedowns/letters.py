"""The letters: one text template for each ground, and the check that a letter has all its ground needs.

What the law wants said is a sentence in `statements`, put into the template and looked for in the finished
text, so that an edited letter is checked as strictly as a fresh one.
"""

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.template.loader import render_to_string

from takedowns.events import plain_date
from takedowns.grounds import GROUNDS, Element

TEMPLATE_VERSION = "2026-11-22"
WIDTH = 76

TITLES = {
    "dmca_512c": "Notice of claimed copyright infringement, 17 U.S.C. 512(c)",
    "take_it_down": "Urgent: intimate picture published without consent",
    "dsa_16": "Notice of illegal content, Article 16 DSA",
    "gdpr_erasure": "Request for erasure and objection, Articles 17 and 21",
    "host_policy": "Report of a picture published without permission",
}
# These must name the person; the others are signed by us, as whoever uploaded the picture may get a copy.
SIGNED_BY_SUBJECT = frozenset({"dmca_512c", "gdpr_erasure"})


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
    """All that a letter may say. The subject's home address is not here, so it cannot get in."""

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


@dataclass(frozen=True)
class Letter:
    title: str
    body: str
    template_version: str


def write(ground: str, facts: Facts) -> Letter:
    """Fill in a ground's template. The text may still lack elements: see `missing_elements`."""
    context = {
        "agent": facts.agent,
        "operator": facts.operator,
        "reference": facts.reference,
        "today": plain_date(facts.today),
        "subject_name": facts.subject_name,
        "signer": signer(ground, facts),
        "signed_on": plain_date(facts.signed_at.date()),
        "places": [_shown(place) for place in facts.places],
        "which_person": which_person(facts),
        "says": statements(facts),
        "gdpr": _gdpr(facts),
        "lives_in": facts.answers["lives_in"],
        "intimate": facts.answers["intimate"] == "yes",
        "synthetic": facts.answers["synthetic"] == "yes",
        "withdrawn": facts.answers["consented"] == "withdrawn",
        "commercial": facts.answers["context"] == "commercial",
    }
    body = render_to_string(f"takedowns/letters/{ground}.txt", context)
    return Letter(f"{TITLES[ground]} [{facts.reference}]", _wrapped(body), TEMPLATE_VERSION)


def missing_elements(ground: str, facts: Facts, body: str) -> list[str]:
    """What a letter lacks: a sentence for each required element that is not in its text."""
    missing = [_missing(element, ground, facts, body) for element in GROUNDS[ground].elements]
    return [sentence for sentence in missing if sentence]


def statements(facts: Facts) -> dict[str, str]:
    """Every sentence that some ground requires, by the key of its element."""
    name, consented = facts.subject_name, facts.answers["consented"]
    return {
        "work": _work(facts),
        "good_faith": "We have a good faith belief that use of the material in the manner complained of is "
        "not authorized by the copyright owner, its agent, or the law.",
        "accuracy": "The information in this notification is accurate, and under penalty of perjury, the "
        "complaining party is authorized to act on behalf of the owner of an exclusive right that is "
        "allegedly infringed.",
        "no_consent": "The person shown has a good faith belief that the publication of this intimate "
        "picture is not consensual: they state that they never agreed to its being published.",
        "illegality": "The picture shows a recognisable person and is that person's personal data. "
        f"{_consent(facts)} We know of no other legal basis for publishing it under Article 6(1) of "
        "Regulation (EU) 2016/679 (GDPR), and without one its publication is unlawful.",
        "bona_fide": "We confirm in good faith our bona fide belief that the information and allegations "
        "in this notice are accurate and complete.",
        "authority": f"We act for {name}, whose signed authority, given on "
        f"{plain_date(facts.signed_at.date())}, we hold and can show you.",
        "rights": f"Under Articles 17 and 21(1) {_gdpr(facts)} we ask you, for {name}, to erase these "
        "personal data without undue delay, and we object to any further processing of them.",
        "limb": f"{_LIMBS[consented]} under Article 17(1)(c), as {name} objects and we know of no overriding "
        "legitimate grounds.",
        "notify_others": "Please tell every recipient to whom the data were disclosed (Article 19), and take "
        "reasonable steps to tell others who process them of this request (Article 17(2)).",
        "answer_time": "Please answer without undue delay, and at the latest within one month of receiving "
        "this request (Article 12(3)).",
        "permission": _consent(facts),
        "request": "Please remove the picture or disable access to it, or have your customer do so.",
        "no_law": "This is a report under your own rules: no law is claimed beyond them, and it is not a "
        "copyright notice.",
    }


def which_person(facts: Facts) -> str:
    """Which of the people in the picture we act for, without a name."""
    left, top = (round(100 * share) for share in facts.face_at)
    return (
        f"The person we act for is the one whose face is about {left} % from the left and {top} % from the "
        "top of the picture."
    )


def signer(ground: str, facts: Facts) -> str:
    """Whose name stands after "/s/"."""
    return facts.subject_signature if ground in SIGNED_BY_SUBJECT else facts.agent.name


_LIMBS = {
    "never": "The data must be erased under Article 17(1)(d), as we know of no legal basis for publishing them, and",
    "withdrawn": "The data must be erased under Article 17(1)(b), as consent is withdrawn, and",
    "not_sure": "The data must be erased",
}
_CONSENT = {
    "never": "The person shown states that they never agreed to its being published there.",
    "withdrawn": "The person shown once agreed to its being published there, and has withdrawn that agreement.",
    "not_sure": "The person shown does not want it to be published there.",
}
_AUTHORSHIP = {
    "me": "took it and owns the copyright in it",
    "someone_for_me": "owns the copyright in it by written assignment",
}


def _consent(facts: Facts) -> str:
    return _CONSENT[facts.answers["consented"]]


def _work(facts: Facts) -> str:
    """Empty where the person owns no copyright: a copyright notice for them can then never be complete."""
    authorship = _AUTHORSHIP.get(facts.answers["photographer"], "")
    if not authorship:
        return ""
    return f"The work is the photograph shown at the addresses below. {facts.subject_name} {authorship}."


def _gdpr(facts: Facts) -> str:
    return "of the UK GDPR" if facts.answers["lives_in"] == "uk" else "of Regulation (EU) 2016/679 (GDPR)"


def _shown(place: Place) -> dict[str, str]:
    seen = place.captured_at
    captured = f"{plain_date(seen.date())}, {seen:%H:%M} UTC" if seen else ""
    return {"page_url": place.page_url, "image_url": place.image_url, "captured": captured}


# --- Is it in the text? ------------------------------------------------------------------------------------


def _said(text: str) -> Callable[[str], bool]:
    wanted = _flat(text)
    return lambda body: bool(wanted) and wanted in _flat(body)


def _missing(element: Element, ground: str, facts: Facts, body: str) -> str:
    for key, value, setting in (
        ("agent_address", facts.agent.address, "AGENT_ADDRESS"),
        ("agent_phone", facts.agent.phone, "AGENT_PHONE"),
    ):
        if element.key == key and not value.strip():
            return f"The notice needs {element.name}, which is not set ({setting})."
    if all(found(body) for found in _wanted(element.key, ground, facts)):
        return ""
    return f"The notice lacks {element.name}."


def _wanted(key: str, ground: str, facts: Facts) -> list[Callable[[str], bool]]:
    """What must be found in the body for an element to be there."""
    urls = [url for place in facts.places for url in (place.page_url, place.image_url)]
    special: dict[str, list[Callable[[str], bool]]] = {
        "addresses": [_line(url) for url in urls] or [_line("")],
        "signature": [_line(f"/s/ {signer(ground, facts)}" if signer(ground, facts) else "")],
        "which_person": [_said(which_person(facts))],
        "agent_address": [_said(facts.agent.address)],
        "agent_phone": [_said(facts.agent.phone)],
        "agent_email": [_said(facts.agent.email)],
        "notifier": [_said(facts.agent.name)],
        "subject_name": [_said(facts.subject_name)],
        "reference": [_said(facts.reference)],
    }
    return special[key] if key in special else [_said(statements(facts)[key])]


def _line(text: str) -> Callable[[str], bool]:
    """On a line of its own, so that nothing can run into it. Nothing at all is never found."""
    return lambda body: bool(text) and text in (line.strip() for line in body.splitlines())


def _flat(text: str) -> str:
    return " ".join(text.split())


def _wrapped(text: str) -> str:
    """Paragraphs in lines of `WIDTH`, addresses never broken, no more than one empty line in a row."""
    lines = (
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) if "://" not in line else line
        for line in text.strip().splitlines()
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
