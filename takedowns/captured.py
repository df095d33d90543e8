"""Captures of a case's places as staff see them; the page as it looked only with a reason, which is recorded."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from accounts import audit
from accounts.models import User
from crawler import evidence
from crawler.evidence import EvidenceDamaged
from takedowns import desk
from takedowns.forms import ReasonForm
from takedowns.models import Case, CaseEvent, InfringingUrl


@dataclass
class Captured:
    """A place with its capture. With a `look_form` there is a screenshot that may be asked for; `page` is it."""

    url: InfringingUrl
    look_form: ReasonForm | None = None
    page: str = ""

    def ask(self, data: Mapping[str, str]) -> ReasonForm:
        """The filled-in form."""
        self.look_form = _form(self.url, data)
        return self.look_form

    def look(self, user: User, reason: str) -> bool:
        """Record the look and set `page`, a data address; False where the file is not what was captured."""
        case, capture = self.url.case, self.url.evidence
        if capture is None:
            return False
        try:
            jpeg = evidence.read_screenshot(capture)
        except EvidenceDamaged:
            return False
        with transaction.atomic():
            CaseEvent.objects.create(
                case=case,
                kind=desk.PICTURE_SHOWN,
                actor=user,
                text=f"Looked at the page on {self.url.host}: {reason}"[:_LONGEST],
            )
            audit.record("case.page_shown", capture, actor=user, about=case.subject.user, case=str(case.pk))
        self.page = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
        return True


_LONGEST: int = CaseEvent._meta.get_field("text").max_length or 500


def of_case(case: Case) -> list[Captured]:
    """The captured places of a case that comes from `desk.load`."""
    closed = bool(desk.why_not_open(case))
    found = []
    for url in case.urls.all():
        if url.evidence is not None:
            url.case = case  # what was loaded with the case need not be asked for again
            shown = url.evidence.screenshot_name and not closed
            found.append(Captured(url, _form(url) if shown else None))
    return found


def _form(url: InfringingUrl, data: Mapping[str, str] | None = None) -> ReasonForm:
    return ReasonForm(data, auto_id=f"page-{url.pk}-%s")
