"""Whom to write to, and whom next when nobody acts: the ladder of a case. Pure.

A track is a row of steps of which the first that has a contact is written at once, and the next when the one before
did not act. What one operator refuses on one ground can go to the next; to the same one only on another ground, and
never on one that contradicts the first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from takedowns.grounds import GROUNDS, Addressee, Answers, Decision, Lane, claims_law, completed, conflicts
from takedowns.questions import EU, UK, US


@dataclass(frozen=True, slots=True)
class Step:
    """A letter to write: to whom, on what ground, and why, in a sentence for staff."""

    addressee: Addressee
    ground: str
    why: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What the ladder depends on.

    `left_out` are addressees that are not written to: an owner who is hostile, a host that ignores notices.
    `repeated`: the picture was removed before and was put back.
    """

    decision: Decision
    answers: Answers
    intimate: bool
    left_out: frozenset[Addressee] = frozenset()
    repeated: bool = False

    @property
    def is_intimate(self) -> bool:
        """Also where only the case says so, or only the answers do."""
        return self.intimate or self.decision.lane == Lane.INTIMATE


Track = tuple[Step, ...]


def tracks(situation: Situation) -> tuple[Track, ...]:
    """The parallel tracks, none of them empty; none at all where nothing may be sent.

    An intimate picture has one for the platform, one for the hosts and one for search engines, and none for the owner.
    Any other has one for whoever stores it, with search engines near its end, and one for the owner where a law binds
    them.
    """
    if not situation.decision.letters:
        return ()
    found: tuple[Iterator[Step], ...]
    if situation.is_intimate:
        found = (_platform(situation), _networks(situation), _search(situation))
    else:
        found = (_provider(situation), _owner(situation, at_once=True))
    return tuple(track for steps in found if (track := _sound(steps, situation)))


def after_removal(situation: Situation) -> Track:
    """Letters for when a place is gone and search engines may still show it."""
    if not situation.decision.letters or Addressee.SEARCH in situation.left_out:
        return ()
    return (Step(Addressee.SEARCH, "search_outdated", "The page is gone; its results in search engines may not be."),)


def at_start(situation: Situation) -> tuple[str, ...]:
    """Documents for the subject that help from the first day."""
    if not situation.decision.letters:
        return ()
    answers = completed(situation.answers)
    not_theirs = answers["photographer"] == "someone_else" and answers["synthetic"] == "no"
    given = (
        ("ncii_referral", situation.is_intimate),
        ("friendly_request", answers["poster"] == "friendly" and not situation.is_intimate),
        ("photographer_authorisation", not_theirs and answers["consented"] != "not_sure"),
    )
    return tuple(code for code, helps in given if helps)


def packs(situation: Situation) -> tuple[str, ...]:
    """Documents for when the ladder has ended: whom else the subject may turn to."""
    if not situation.decision.letters:
        return ()
    answers, holding = completed(situation.answers), set(situation.decision.holding)
    fraud = answers["context"] == "scam"
    # The FTC enforces the TAKE IT DOWN Act for whoever asked a platform under it, wherever they live.
    watched = bool({"take_it_down", "uk_intimate"} & holding) or (fraud and answers["lives_in"] in US | UK)
    offered = (
        ("dpa_complaint", answers["lives_in"] in EU | UK),
        ("dsa_21_referral", "dsa_16" in holding),
        ("regulator_pack", watched),
        ("police_summary", situation.is_intimate or fraud or answers["poster"] == "afraid"),
    )
    return tuple(code for code, applies in offered if applies)


# --- The rungs ---------------------------------------------------------------------------------------------

_WHY = {
    Addressee.OWNER: "Whoever runs the site can take the picture down at once.",
    Addressee.PLATFORM: "The platform shows the picture and has a desk for this.",
    Addressee.HOST: "The host stores the file of the picture.",
    Addressee.PAGE_HOST: "The host of the page can have it taken off, where the host of the file did nothing.",
    Addressee.CDN: "The network in front of the host can pass the letter on and name the host.",
    Addressee.UPSTREAM: "The network that connects the host can press it, for grave or repeated abuse only.",
    Addressee.REGISTRAR: "The registrar can suspend the domain. Most of them refuse; it is for grave abuse only.",
    Addressee.SEARCH: "Search engines can stop showing it, whatever the site does.",
    Addressee.ADS: "Whoever pays for the page can stop paying.",
}
_AT_ONCE = "Search engines are asked at once: intimate pictures spread by them."
_ANOTHER_GROUND = "Another ground, for an operator that did not act on the one before."
_NAMES_THEM = "It names the person, and whoever put the picture there gets a copy: ask the person first."
_MERE_REQUEST = "The hosts did nothing, so the owner is asked, without a claim that binds them."


def _provider(situation: Situation) -> Iterator[Step]:
    yield from _platform(situation)
    yield from _networks(situation)
    yield from _owner(situation, at_once=False)
    yield from _search(situation)
    yield from _one(situation, Addressee.ADS)


def _platform(situation: Situation) -> Iterator[Step]:
    """The first ground that holds, then each law that holds: a platform refuses for one what it grants for another."""
    first, *others = _holding(situation, Addressee.PLATFORM)
    yield _step(situation, Addressee.PLATFORM, first)
    for ground in others:
        if claims_law(ground):
            names = situation.is_intimate and ground == "dmca_512c"
            yield Step(Addressee.PLATFORM, ground, f"{_ANOTHER_GROUND} {_NAMES_THEM}" if names else _ANOTHER_GROUND)


def _networks(situation: Situation) -> Iterator[Step]:
    """From the host of the file outwards."""
    for addressee in (Addressee.HOST, Addressee.PAGE_HOST, Addressee.CDN, Addressee.UPSTREAM, Addressee.REGISTRAR):
        yield from _one(situation, addressee)


def _owner(situation: Situation, *, at_once: bool) -> Iterator[Step]:
    """The laws that bind the owner are a track of their own. Without one there is a request, after the hosts."""
    if situation.is_intimate or completed(situation.answers)["poster"] == "afraid":
        return
    grounds = _holding(situation, Addressee.OWNER)
    laws = [ground for ground in grounds if claims_law(ground)]
    if at_once:
        yield from (_step(situation, Addressee.OWNER, ground) for ground in laws)
    elif not laws:
        yield from (Step(Addressee.OWNER, ground, _MERE_REQUEST) for ground in grounds)


def _search(situation: Situation) -> Iterator[Step]:
    for ground in _holding(situation, Addressee.SEARCH):
        why = _AT_ONCE if situation.is_intimate and ground == "search_explicit" else _WHY[Addressee.SEARCH]
        yield Step(Addressee.SEARCH, ground, why)


def _one(situation: Situation, addressee: Addressee) -> Iterator[Step]:
    for ground in _holding(situation, addressee)[:1]:
        yield _step(situation, addressee, ground)


def _holding(situation: Situation, addressee: Addressee) -> list[str]:
    """The grounds for an addressee, in order. What was put back, or whose host ignores us, is grave as well."""
    also: set[str] = set()
    if situation.repeated:
        also = {"upstream", "registrar"}
    elif Addressee.HOST in situation.left_out:
        also = {"upstream"}
    codes = [*situation.decision.holding, *sorted(also - set(situation.decision.holding))]
    return [code for code in codes if addressee in GROUNDS[code].addressees]


def _step(situation: Situation, addressee: Addressee, ground: str) -> Step:
    names = situation.is_intimate and ground == "dmca_512c"
    return Step(addressee, ground, f"{_WHY[addressee]} {_NAMES_THEM}" if names else _WHY[addressee])


def _sound(steps: Iterable[Step], situation: Situation) -> Track:
    """Without whom is left out, and without a ground that contradicts one before it to the same addressee."""
    sound: list[Step] = []
    for step in steps:
        before = (other.ground for other in sound if other.addressee == step.addressee)
        if step.addressee not in situation.left_out and not any(conflicts(step.ground, other) for other in before):
            sound.append(step)
    return tuple(sound)
