"""Every kind of thing that happens to a case, with its words for the timeline and the story, and what of it is news."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import User
from alerts import outbox
from alerts.models import Kind as News
from takedowns.models import Case, CaseEvent, FollowUp

# A case with one of these is stopped for good: a minor may be shown, or the picture was withdrawn.
STOPPED = ("case.minor", "case.withdrawn")
_LONGEST = 500
# Letters that ask for nothing.
_NO_DEMANDS = frozenset({FollowUp.Kind.THANKS.label, FollowUp.Kind.RETRACTION.label})


@dataclass(frozen=True)
class Kind:
    """`text` is the timeline's line, for staff; `story` is a sentence for the subscriber, if they see it.

    Both are formats over the event's data; `story` also knows `date`. A key ending in `_on` is an ISO date
    and is shown as people write one. `news` is what the subscriber is told of it by e-mail and the like.
    """

    text: str
    story: str = ""
    news: News | None = None


KINDS: dict[str, Kind] = {
    "case.opened": Kind("Case opened.", "On {date} you asked us to have this picture removed."),
    "case.minor": Kind(
        "A minor may be shown: the case stops here. Nobody opens the picture.",
        "On {date} you told us that somebody under 18 may be shown. A senior colleague takes it from here.",
    ),
    "case.withdrawn": Kind(
        "The picture was withdrawn: the case stops here. Nobody opens the picture.",
        "On {date} a senior colleague took this case over. The picture is no longer shown here.",
    ),
    "case.expression": Kind(
        "News or satire: no notice without a senior decision.",
        "On {date} you told us that the picture is used for news or satire. A senior colleague looks at it first.",
    ),
    "case.relapse": Kind(
        "The picture is back. Linked to case {reference}.",
        "On {date} we found this picture again after it had been removed.",
        News.RELAPSE,
    ),
    "case.released": Kind(
        "News or satire: a notice is right all the same. {reason}",
        "On {date} a senior colleague decided that we may write about it all the same.",
    ),
    "case.deferred": Kind("Deferred until {until_on}."),
    "case.asked": Kind(
        "The subscriber was asked something.", "On {date} we asked you something about this case.", News.QUESTION
    ),
    "case.answered": Kind("The subscriber answered.", "On {date} you answered us."),
    "case.message": Kind("The subscriber wrote to us.", "On {date} you wrote to us about this case."),
    "case.not_satisfied": Kind(
        "The subscriber is not satisfied with how this case goes.",
        "On {date} you told us that you are not satisfied. A senior colleague looks at it.",
    ),
    "case.follows": Kind(
        "Taken up again after case {reference}, on the subscriber's wish.",
        "On {date} you asked us to take this up again after case {reference}.",
    ),
    "case.ladder_ended": Kind(
        "Everybody who could act was asked: {reason}",
        "On {date} we had asked everybody who could remove it. A colleague decides with you how it goes on.",
    ),
    "case.assigned": Kind("Assigned to {staff}."),
    "case.note": Kind("Note: {note}"),
    "case.closed": Kind("Case closed: {outcome}. {reason}", "On {date} the case ended: {outcome}.", News.ENDED),
    "case.removed": Kind(
        "Every place was found gone twice. Case closed: removed.",
        "On {date} we closed the case: the picture is gone from every place, checked twice. We keep watching.",
        News.REMOVED,
    ),
    "evidence.captured": Kind("Evidence captured.", "On {date} we saved proof of the page."),
    "evidence.failed": Kind("Evidence could not be captured: {reason}"),
    "contact.found": Kind("Contact of the {addressee} found: {operator}."),
    "contact.missing": Kind("No contact found: {reason}"),
    "notice.drafted": Kind("Notice to {operator} drafted ({ground}).", "On {date} we wrote a notice to {operator}."),
    "notice.places_added": Kind("Another place was put into the notice to {operator}."),
    "notice.edited": Kind("Notice to {operator} edited."),
    "notice.approved": Kind(
        "Notice to {operator} approved.", "On {date} a second person checked the notice to {operator}."
    ),
    "notice.withdrawn": Kind("Notice to {operator} withdrawn: {reason}"),
    "notice.taken": Kind("The sheet for {operator}'s form was taken."),
    "notice.taken_over": Kind("The sheet for {operator}'s form was taken over from {colleague}."),
    "notice.put_back": Kind("The sheet for {operator}'s form was put back, and the form was not sent."),
    "notice.sending": Kind("Sending to {operator} began."),
    "notice.stuck": Kind("The notice to {operator} may not have left."),
    "notice.retracting": Kind(
        "The notice to {operator} is to be retracted: {reason}",
        "On {date} it was decided to take back our notice to {operator}.",
    ),
    "notice.retracted": Kind(
        "Notice to {operator} retracted.", "On {date} we told {operator} that we take our notice back."
    ),
    "notice.resumed": Kind(
        "The time of {operator} runs again, until {due_on}.",
        "On {date} we answered {operator}. We expect it to act by {due_on}.",
    ),
    "follow_up.drafted": Kind("{letter} to {operator} drafted."),
    "follow_up.edited": Kind("{letter} to {operator} edited."),
    "follow_up.approved": Kind("{letter} to {operator} approved."),
    "follow_up.withdrawn": Kind("{letter} to {operator} withdrawn: {reason}"),
    "follow_up.taken": Kind("The sheet for {operator}'s form was taken: {letter}."),
    "follow_up.taken_over": Kind("The sheet for {operator}'s form was taken over from {colleague}: {letter}."),
    "follow_up.put_back": Kind("The sheet for {operator}'s form was put back, and the form was not sent: {letter}."),
    "follow_up.sending": Kind("Sending to {operator} began: {letter}."),
    "follow_up.stuck": Kind("A letter to {operator} may not have left: {letter}."),
    "follow_up.sent": Kind("{letter} to {operator} sent.", "On {date} we wrote to {operator} again.", News.WROTE_AGAIN),
    "notice.sent": Kind(
        "Notice to {operator} sent.",
        "On {date} we asked {operator} to remove it. We expect an answer by {due_on}.",
        News.WROTE,
    ),
    "notice.escalated": Kind(
        "Notice to {operator} escalated: {reason}",
        "On {date} we went a step further, because {operator} had not removed it.",
        News.WROTE_AGAIN,
    ),
    "notice.complied": Kind(
        "{operator} took down everything it was asked to.", "By {date} {operator} had done what we asked."
    ),
    "url.added": Kind(
        "Another place of the picture was found.", "On {date} we found the picture at one more place.", News.NEW_PLACE
    ),
    "url.gone": Kind(
        "A first check found a place gone.",
        "On {date} a first check found the picture gone from {host}. We look a second time before we call it removed.",
    ),
    "url.removed": Kind(
        "A place was found gone twice: removed.",
        "On {date} a second check found it gone from {host} again.",
        News.PLACE_REMOVED,
    ),
    "url.still_there": Kind("A place that seemed gone is not: {outcome}.", "On {date} it was at {host} again."),
    "url.moved": Kind(
        "A place leads on to another page with the picture; it is on the list now.",
        "On {date} we found that the page had moved to {host}. We follow it there.",
    ),
    "url.geo_blocked": Kind(
        "A place is kept from us, perhaps from some networks or countries only: that does not count as removed.",
        "On {date} {host} kept the picture from us, perhaps only in some countries. We do not count that as removed.",
    ),
    "url.undecided": Kind("A place that seemed gone could not be judged: {outcome}."),
    "url.unreachable": Kind("A place cannot be reached."),
    "url.reachable": Kind("A place can be reached again."),
    "url.relapsed": Kind("The picture is back at a place it was removed from."),
    "relapse.found": Kind("Found {where}."),
    "relapse.other_picture": Kind("It may be another picture of the same person."),
    "relapse.not_me": Kind(
        "The subject says that this is not them, or leaves it.", "On {date} you told us to leave this one be."
    ),
    "relapse.reissued": Kind("{letters} letters of case {reference} written again."),
    "relapse.not_reissued": Kind("The letter on {ground} was not written again: {reason}"),
    "delisting.gone": Kind(
        "{engine} does not list a place any more. That is no removal.",
        "On {date} {engine} no longer listed a page with it. The page itself is a matter of its own.",
    ),
    "delisting.listed": Kind("{engine} still lists a place."),
    "delisting.back": Kind("{engine} lists a place again.", "On {date} {engine} listed a page with it again."),
    "mail.acknowledged": Kind(
        "{operator} confirmed receipt.", "On {date} {operator} confirmed that it has our notice."
    ),
    "mail.complied": Kind(
        "{operator} says that it is removed. We look.",
        "On {date} {operator} wrote that it is removed. We look ourselves before we call it removed.",
        News.ANSWERED,
    ),
    "mail.refused": Kind(
        "{operator} refuses.",
        "On {date} {operator} refused. A colleague reads why, and decides how it goes on.",
        News.REFUSED,
    ),
    "mail.question": Kind(
        "{operator} asks something: its time stands still.",
        "On {date} {operator} asked us something. We answer it, and its time stands still until then.",
        News.ANSWERED,
    ),
    "mail.running": Kind("The time of {operator} runs again, until {due_on}."),
    "mail.reply": Kind("{operator} wrote.", "On {date} {operator} wrote to us. A colleague reads it."),
    "mail.promised": Kind(
        "{operator} says that it will act by {until_on}.",
        "On {date} {operator} wrote that it will act by {until_on}. We do not ask again before.",
        News.ANSWERED,
    ),
    "mail.bounced": Kind(
        "The letter to {operator} came back.",
        "On {date} our letter to {operator} came back as undeliverable. We look for another address.",
    ),
    "mail.delayed": Kind("The letter to {operator} has not been delivered yet."),
    "mail.unsure": Kind("A letter came in that a person has to put into its place."),
    "mail.sorted": Kind("A letter was read and sorted: {sort}."),
    "mail.put": Kind("A letter without a case was put to this one."),
    "contact.learnt": Kind("{operator} answered from an address that we did not know."),
    "counter.received": Kind(
        "A counter-notice came in through {operator}. The picture may be put back from {window_on}.",
        "On {date} {operator} told us that somebody disputes it. The picture may be put back from {window_on}.",
    ),
    "counter.told": Kind("The subscriber was told of the counter-notice."),
    "counter.read": Kind("The subscriber opened the counter-notice."),
    "counter.corrected": Kind("The counter-notice's time was counted anew: from {window_on}."),
    "counter.warned": Kind("The counter-notice's time is running out: from {window_on}."),
    "counter.chosen": Kind("The subscriber chose: {choice}.", "On {date} you chose: {choice}."),
    "counter.kept_down": Kind(
        "The counter-notice ended: it stays down.", "On {date} the dispute with {operator} ended: it stays down."
    ),
    "counter.restored": Kind(
        "The counter-notice ended: it was put back.",
        "On {date} {operator} had put the picture back, as the law lets it. A colleague looks at what else there is.",
    ),
}

_ASKED = (News.QUESTION, News.RELAPSE)
# What need not be told any more after an event, where no mail has told it yet.
_SETTLES: dict[str, tuple[News, ...]] = {
    "case.opened": _ASKED,
    "case.answered": (News.QUESTION,),
    "relapse.not_me": (News.RELAPSE,),
    "case.closed": _ASKED,
    # "Gone from every place" says it of each of them.
    "case.removed": (*_ASKED, News.PLACE_REMOVED),
    **dict.fromkeys(STOPPED, tuple(News)),
}


def record(case: Case, kind: str, *, actor: User | None = None, **data: Any) -> CaseEvent:
    """Append to a case's history, in the caller's transaction, and tell the subject what of it is news.

    `data` takes ids, names, counts, ISO dates.
    """
    text = KINDS[kind].text.format(**_plain(data)).strip()
    if case.deferred_until is not None:
        # Something happened, so it is on the queue again.
        case.deferred_until = None
        Case.objects.filter(pk=case.pk).update(deferred_until=None)
    event = CaseEvent.objects.create(case=case, kind=kind, actor=actor, text=text[:_LONGEST], data=data)
    _tell(event)
    return event


def _tell(event: CaseEvent) -> None:
    """News for the case's subject, unless they did it themselves, or the case is stopped: of that nothing is mailed.

    A question is told all the same: a colleague asked it on purpose, and the case waits for the answer.
    """
    case, news = event.case, KINDS[event.kind].news
    user = case.subject.user
    if over := _SETTLES.get(event.kind):
        outbox.settled(user, over, case.pk)
    if news is None or event.data.get("letter") in _NO_DEMANDS:
        return
    if event.actor_id == user.pk or not user.is_active:
        return
    if news != News.QUESTION and _is_stopped(case):
        return
    matches = (case.match,) if news == News.RELAPSE else ()
    outbox.tell(user, news, f"event:{event.pk}", case=case.pk, matches=matches)


def _is_stopped(case: Case) -> bool:
    return bool(case.match.image.withdrawn_at) or case.events.filter(kind__in=STOPPED).exists()


def sentence(event: CaseEvent) -> str:
    """The event as the subscriber reads it, or an empty string where it is none of their concern."""
    kind = KINDS.get(event.kind)
    if kind is None or not kind.story:
        return ""
    return kind.story.format(date=plain_date(event.at.date()), **_plain(event.data))


def plain_date(day: date) -> str:
    """`3 May 2026`."""
    return f"{day.day} {day:%B %Y}"


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _word(key, value) for key, value in data.items()}


def _word(key: str, value: Any) -> Any:
    if key.endswith("_on"):
        return plain_date(date.fromisoformat(value))
    # "Example Inc." at the end of a sentence needs no second full stop.
    return value.removesuffix(".") if key == "operator" else value
