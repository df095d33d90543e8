"""Policies and their versions: published once, never changed, told to people, and agreed to anew where it matters.

The texts lie beside this file, one for each version, and are published by the first run after they arrive. The first
version of a kind changes nothing for anybody. A later one is told to everybody who was there before; a material
one also asks for their agreement, within `NOTICE` at their leisure, and after it before anything goes on
that rests on their consent (see `accounts.consent`): continued use is no consent (Art. 4(11), 7 and 9 GDPR).
"""

import difflib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from accounts import audit
from accounts.models import PolicyNotice, PolicyVersion, User

TEXTS = Path(__file__).parent / "texts"
NOTICE = timedelta(days=30)

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Text:
    """A version as it lies on file. The version is the day it was written, so that they sort by time."""

    kind: str
    version: str
    summary: str
    material: bool
    body: str


@dataclass(frozen=True)
class Change:
    """A new version that a person was or is to be told of. Without `due` it asks nothing of them."""

    policy: PolicyVersion
    previous: PolicyVersion
    due: datetime | None
    accepted: bool


def on_file(folder: Path = TEXTS) -> list[Text]:
    """Every text, oldest first. Raises ValueError for one without its two first lines."""
    files = sorted(folder.glob("*/*.md"), key=lambda path: path.stem)
    return [_read(path) for path in files]


def publish(folder: Path = TEXTS) -> list[PolicyVersion]:
    """Publish every text that was not published here yet; the versions that are new."""
    new = []
    for text in on_file(folder):
        fields = {"body": text.body, "summary": text.summary, "material": text.material}
        row, created = PolicyVersion.objects.get_or_create(kind=text.kind, version=text.version, defaults=fields)
        if created:
            audit.record("policy.published", row, kind=text.kind, version=text.version)
            new.append(row)
    return new


def current(kind: str) -> PolicyVersion | None:
    """The version in force of one kind; None where none was published yet."""
    return history(kind).first()


def history(kind: str) -> QuerySet[PolicyVersion]:
    """All versions of one kind, the newest first. On a new installation the first look publishes them."""
    if not PolicyVersion.objects.exists():
        publish()
    return PolicyVersion.objects.filter(kind=kind).order_by("-version")


def changes_for(user: User) -> list[Change]:
    """The newest change of each kind since the person joined, those that wait for their agreement first."""
    accepted = set(PolicyNotice.objects.filter(user=user, accepted_at__isnull=False).values_list("policy", flat=True))
    found = []
    for kind in PolicyVersion.Kind.values:
        versions = list(history(kind))
        since = [row for row in versions[:-1] if row.published_at > user.date_joined]
        if since:
            known = next((row for row in versions if row.published_at <= user.date_joined), versions[-1])
            asking = [row.published_at for row in since if row.material and row.pk not in accepted]
            due = min(asking) + NOTICE if asking else None
            found.append(Change(since[0], known, due, since[0].pk in accepted))
    return sorted(found, key=lambda change: change.due is None)


def waiting_for(user: User) -> list[Change]:
    """The changes that wait for the person's agreement."""
    return [change for change in changes_for(user) if change.due]


def overdue(users: Iterable[uuid.UUID] | QuerySet[Any, Any]) -> set[uuid.UUID]:
    """Which of these people have not agreed to a material change in time: nothing may rest on their consent."""
    late: set[uuid.UUID] = set()
    first = PolicyVersion.objects.filter(kind=models.OuterRef("kind"), version__lt=models.OuterRef("version"))
    asked = PolicyVersion.objects.filter(models.Exists(first), material=True, published_at__lte=timezone.now() - NOTICE)
    for policy in asked:
        agreed = PolicyNotice.objects.filter(policy=policy, accepted_at__isnull=False).values("user")
        before = User.objects.filter(pk__in=users, date_joined__lt=policy.published_at)
        late.update(before.exclude(pk__in=agreed).values_list("pk", flat=True))
    return late


def accept(user: User, changes: Iterable[Change]) -> None:
    """Record that the person agreed to these changes, and to every version between."""
    now = timezone.now()
    for change in changes:
        rows = PolicyVersion.objects.filter(kind=change.policy.kind, version__gt=change.previous.version)
        for row in rows:
            notice, _ = PolicyNotice.objects.get_or_create(policy=row, user=user)
            if notice.accepted_at is None:
                notice.accepted_at = now
                notice.save(update_fields=["accepted_at"])
        audit.record("policy.accepted", change.policy, actor=user, about=user, version=change.policy.version)


def as_html(policy: PolicyVersion) -> SafeString:
    """The text as HTML, without its title, which the page has; HTML inside the text is shown, not run."""
    title, _, text = policy.body.partition("\n")
    rendered: str = _markdown.render(text if title.startswith("# ") else policy.body)
    return mark_safe(rendered)  # noqa: S308 - made here, from a text of our own, with HTML off


def difference(old: PolicyVersion, new: PolicyVersion) -> SafeString:
    """What changed, paragraph by paragraph, with the words that went and came marked as <del> and <ins>."""
    before, after = _paragraphs(old.body), _paragraphs(new.body)
    parts: list[str] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            parts += _context(before[i:j])
        else:
            parts += [_paragraph(*pair) for pair in zip_longest(before[i:j], after[k:m], fillvalue="")]
    return mark_safe("".join(parts))  # noqa: S308 - every text in it is escaped above


def _context(same: list[str]) -> list[str]:
    """Of what stayed, a heading to know the place by."""
    headings = [text for text in same if text.startswith("#")]
    return [f"<h3>{escape(headings[-1].lstrip('# '))}</h3>"] if headings else []


def _paragraph(old: str, new: str) -> str:
    """A paragraph that was reworded, or one that went and one that came."""
    if difflib.SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio() > 0.5:
        return f"<p>{_words(old, new)}</p>"
    gone = f"<p><del>{escape(old)}</del></p>" if old else ""
    return gone + (f"<p><ins>{escape(new)}</ins></p>" if new else "")


def _words(old: str, new: str) -> str:
    before, after = old.split(), new.split()
    parts: list[str] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(escape(" ".join(before[i:j])))
            continue
        if j > i:
            parts.append(f"<del>{escape(' '.join(before[i:j]))}</del>")
        if m > k:
            parts.append(f"<ins>{escape(' '.join(after[k:m]))}</ins>")
    return " ".join(parts)


def _paragraphs(body: str) -> list[str]:
    return [line.strip() for line in body.splitlines() if line.strip()]


def _read(path: Path) -> Text:
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if path.parent.name not in PolicyVersion.Kind.values or fields.get("Material") not in {"yes", "no"}:
        raise ValueError(f"{path.name} of {path.parent.name} does not begin with Material: and Summary:")
    material = fields["Material"] == "yes"
    return Text(path.parent.name, path.stem, fields.get("Summary", ""), material, body.strip() + "\n")
