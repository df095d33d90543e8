"""What each letter must contain: that of a notice stands with its ground, that of a further letter here. Pure."""

from takedowns.grounds import GROUNDS, Element

_ADDRESSES = Element("addresses", "the address of every page and picture")
_SIGNATURE = Element("signature", 'the signature line ("/s/" and the name)')
_EMAIL = Element("agent_email", "our e-mail address")
_REFERENCE = Element("reference", "our reference")
_EVERY = (_EMAIL, _SIGNATURE, _REFERENCE)
_FIRST = Element("first_letter", "when the first letter was sent")
_NAME = Element("subject_name", "the name of the person whose data it is")
_AUTHORITY = Element("authority", "that we are authorised to act")
_TIME = Element("answer_time", "the time for the answer (Article 12(3))")

FOLLOW_UPS: dict[str, tuple[Element, ...]] = {
    "reminder": (_FIRST, Element("ask_again", "that we ask again"), _ADDRESSES, *_EVERY),
    "retraction": (
        Element("retract", "that the notice is taken back"),
        Element("restore", "that the material may be restored"),
        _ADDRESSES,
        *_EVERY,
    ),
    "info_answer": (
        Element("asked_us", "which notice the question was about"),
        Element("note", "the answer itself"),
        _ADDRESSES,
        *_EVERY,
    ),
    "counter_response": (
        Element("counter_known", "which counter-notification it answers"),
        Element("action_filed", "that a proceeding was brought"),
        Element("note", "the court or board, the number and the day of the proceeding"),
        Element("keep_down", "that the material is to stay down"),
        _ADDRESSES,
        *_EVERY,
    ),
    "dsa_20_complaint": (
        Element("complaint", "that it is a complaint under Article 20, and about which notice"),
        Element("illegality", "the reasons why the content is illegal, with the law"),
        Element("human", "that people decide it (Article 20(6))"),
        _ADDRESSES,
        *_EVERY,
    ),
    "onward_17_2": (
        _FIRST,
        _NAME,
        _AUTHORITY,
        Element("recipients", "the question who got the data (Articles 17(2) and 19)"),
        _TIME,
        _ADDRESSES,
        *_EVERY,
    ),
    "access_15": (
        _NAME,
        _AUTHORITY,
        Element("access", "what access is asked for (Article 15)"),
        _TIME,
        _ADDRESSES,
        *_EVERY,
    ),
    "preservation": (
        _FIRST,
        Element("preserve", "what is to be preserved"),
        Element("no_disclosure", "that nothing is to be handed to us"),
        _ADDRESSES,
        *_EVERY,
    ),
    "thanks": (Element("thank", "which notice we are thankful for"), *_EVERY),
}

# Looked for in other ways than as a sentence of the language.
FROM_FACTS = frozenset(
    {
        "addresses",
        "signature",
        "agent_address",
        "agent_phone",
        "agent_email",
        "notifier",
        "subject_name",
        "reference",
        "note",
    }
)


def is_letter(code: str) -> bool:
    """Whether it is a notice on a ground or a further letter."""
    return code in GROUNDS or code in FOLLOW_UPS


def elements_of(code: str) -> tuple[Element, ...]:
    """What the letter must contain. Raises KeyError: there is no such letter."""
    return GROUNDS[code].elements if code in GROUNDS else FOLLOW_UPS[code]
