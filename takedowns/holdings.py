"""What this app holds about people, and when it goes."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet

from accounts import keys
from accounts.models import User
from accounts.retention import CONSENT, INTEREST, NOBODY, File, Holding, as_json, count_of, register, rows
from crawler import evidence
from crawler.evidence import EvidenceDamaged
from crawler.models import Evidence
from takedowns import erasing, events, mandates
from takedowns.contacts import lookups
from takedowns.models import Case, CaseMessage, Communication, Mandate, Notice

_STAFF = "You, and staff who work on your cases"


def _mandates(user: User) -> QuerySet[Mandate]:
    return Mandate.objects.filter(subject__user=user).order_by("signed_at")


def _export_mandates(user: User) -> Iterator[File]:
    told = []
    for mandate in _mandates(user).select_related("subject__user"):
        versions = {"text_version": mandate.text_version, "revoked_at": mandate.revoked_at}
        told.append({**asdict(mandates.read(mandate)), **versions})
    yield as_json("mandates.json", told)


def _cases(user: User) -> QuerySet[Case]:
    return Case.objects.filter(subject__user=user).order_by("created_at", "pk")


def _export_cases(user: User) -> Iterator[File]:
    """As the person's own pages tell it: without the notes that staff made among themselves."""
    found = _cases(user).select_related("ground_decision").prefetch_related("urls", "events")
    yield as_json("cases.json", [_case(case) for case in found.iterator(chunk_size=100)])


def _case(case: Case) -> dict[str, Any]:
    fields = ("id", "reference", "match_id", "state", "outcome", "intimate", "created_at", "closed_at")
    places = rows(case.urls.order_by("pk"), "page_url", "image_url", "state", "evidence")
    story = [{"at": one.at, "what": text} for one in case.events.all() if (text := events.sentence(one))]
    decision = getattr(case, "ground_decision", None)
    answers = {"answers": decision.answers, "ground": decision.ground} if decision else None
    return {**{name: getattr(case, name) for name in fields}, "places": places, "story": story, "your_answers": answers}


def _notices(user: User) -> QuerySet[Notice]:
    return Notice.objects.filter(case__subject__user=user).order_by("drafted_at", "pk")


def _export_letters(user: User) -> Iterator[File]:
    fields = ("id", "case__reference", "operator__name", "recipient", "title", "state", "sent_at", "due_at")
    for notice in _notices(user):
        yield File(f"letters/{notice.pk}.txt", notice.body.encode())
    yield as_json("letters/notices.json", rows(_notices(user), *fields))
    yield as_json("letters/correspondence.json", [_letter(user, one) for one in _correspondence(user)])


def _correspondence(user: User) -> QuerySet[Communication]:
    return Communication.objects.filter(case__subject__user=user).order_by("at", "pk")


def _letter(user: User, one: Communication) -> dict[str, Any]:
    fields = ("direction", "sender", "recipient", "title", "at")
    body = keys.unseal(user, "communication", one.sealed_body).decode("utf-8", "replace")
    return {**{name: getattr(one, name) for name in fields}, "text": body}


def _messages(user: User) -> QuerySet[CaseMessage]:
    return CaseMessage.objects.filter(case__subject__user=user).order_by("pk")


def _export_messages(user: User) -> Iterator[File]:
    told = [
        {
            "case": one.case.reference,
            "at": one.at,
            "from": "you" if one.author_id == user.pk else "us",
            "text": keys.unseal(user, "case-message", one.sealed_body).decode("utf-8", "replace"),
        }
        for one in _messages(user).select_related("case")
    ]
    yield as_json("messages.json", told)


def _captures(user: User) -> QuerySet[Evidence]:
    return erasing.captures_of(Case.objects.filter(subject__user=user)).order_by("captured_at")


def _export_evidence(user: User) -> Iterator[File]:
    for capture in _captures(user):
        yield from _capture(capture)
    fields = ("id", "page_url", "image_url", "captured_at", "sha256", "screenshot_sha256")
    yield as_json("evidence/captures.json", rows(_captures(user), *fields))


def _capture(capture: Evidence) -> Iterator[File]:
    try:
        yield File(f"evidence/{capture.pk}.warc.gz", evidence.read_warc(capture))
        if picture := evidence.read_screenshot(capture):
            yield File(f"evidence/{capture.pk}.jpg", picture)
    except EvidenceDamaged as damage:
        yield File(f"evidence/{capture.pk}.txt", f"This file could not be read: {damage}\n".encode())


register(
    Holding(
        "Mandate",
        "Your name, signature and, if you gave one, your address, sealed with your own key, to show who allowed "
        "us to write.",
        "as long as your account",
        seen_by=_STAFF,
        passed_to="Sites and hosts we write to: your name, where the law asks for it; never your address",
        models=("takedowns.Mandate",),
        count=count_of(_mandates),
        export=_export_mandates,
        erase=erasing.mandates,
    ),
    Holding(
        erasing.CASES,
        "What you asked to have removed, where it was, what you answered about it, what we found and did, and "
        "when. Of a picture that may show a minor nothing is kept but that answer.",
        "as long as your account",
        seen_by=_STAFF,
        models=(
            "takedowns.Case",
            "takedowns.InfringingUrl",
            "takedowns.GroundDecision",
            "takedowns.Verification",
            "takedowns.Delisting",
            "takedowns.WorkItem",
            "takedowns.CaseEvent",
            "takedowns.BulkApproval",
        ),
        count=count_of(_cases),
        export=_export_cases,
        erase=erasing.cases,
        holdable=True,
    ),
    Holding(
        "Letters",
        "The notices we wrote for you, what was answered, and counter-notices. What was sent and what came in is kept "
        "sealed with your own key as well.",
        "as long as your account",
        seen_by=_STAFF,
        passed_to="The sites and hosts they are for",
        models=("takedowns.Notice", "takedowns.FollowUp", "takedowns.Communication", "takedowns.CounterNotice"),
        count=count_of(_notices),
        export=_export_letters,
        erase=erasing.letters,
    ),
    Holding(
        "Messages about your cases",
        "What you and our staff wrote to each other about a case, sealed with your own key.",
        "as long as your account",
        seen_by=_STAFF,
        models=("takedowns.CaseMessage",),
        count=count_of(_messages),
        export=_export_messages,
        erase=erasing.messages,
    ),
    Holding(
        "Evidence",
        "If you agreed to it: a copy of the public page and picture that you asked to have removed, as proof.",
        f"{erasing.EVIDENCE_AGE.days} days after your case ends",
        sweep=erasing.sweep_evidence,
        basis=CONSENT,
        seen_by="You, and staff who say why they look",
        passed_to="Sites and hosts we write to: its hashes; with a copyright notice also how the page looked, with "
        "everybody else's face blurred; never of an intimate picture",
        models=("crawler.Evidence",),
        count=lambda user: _captures(user).count(),
        export=_export_evidence,
        erase=erasing.evidence,
        oldest=erasing.oldest_evidence,
        limit=erasing.EVIDENCE_AGE,
    ),
    Holding(
        "Sites, hosts and their addresses",
        "Who runs a site or its network and where they take notices, from public registries and their own pages.",
        "as long as this service runs",
        basis=INTEREST,
        seen_by="Staff, and you where we write to them for you",
        models=(
            "takedowns.Operator",
            "takedowns.OperatorTrait",
            "takedowns.AbuseContact",
            "takedowns.DmcaAgent",
        ),
    ),
    Holding(
        "Answers of registries and sites about who runs them",
        "So that nobody is asked the same question again and again.",
        f"{lookups.LONGEST.days} days at most after they were given",
        basis=INTEREST,
        seen_by=NOBODY,
        models=("takedowns.Lookup",),
        sweep=lookups.sweep,
        oldest=lookups.oldest,
        limit=lookups.LONGEST,
    ),
    Holding(
        "Mail that belongs to no case",
        "What reached our address for answers and could not be put to a case, until a person has looked at it.",
        f"{erasing.ORPHAN_AGE.days} days after it came",
        basis=INTEREST,
        seen_by="Staff",
        models=("takedowns.OrphanMail",),
        sweep=erasing.sweep_orphans,
        oldest=erasing.oldest_orphan,
        limit=erasing.ORPHAN_AGE,
    ),
    Holding(
        "How staff work",
        "Texts of letters, saved views of the queue, and when sending was stopped, with the colleague's name.",
        "as long as this service runs",
        basis=INTEREST,
        seen_by="Staff",
        models=("takedowns.LetterTemplate", "takedowns.SavedFilter", "takedowns.SendingStop"),
    ),
)
