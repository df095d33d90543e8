"""Every mail that we send, made as it is really made, from invented data: for staff to look at.

Letters to operators are not among them: each of those is looked at by a person before it leaves.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.template.loader import render_to_string

from accounts import mailing
from accounts.mailing import Mail
from accounts.tickets import post
from alerts import letter, wording, words
from alerts.preview_samples import ADDRESS, SAMPLES, Situation, situations
from alerts.words import LANGUAGES

ALERTS = "Alerts"
_GROUPS = {
    "alerts": ALERTS,
    "account": "Signing in",
    "mfa": "Signing in",
    "search": "Faces and opt-outs",
    "policies": "Policies",
    "takedowns": "Removals",
    "tickets": "Requests",
    "rights": "Requests",
}
# Allauth has one text for both.
_SAME = {"account/email/email_confirmation_signup": "account/email/email_confirmation"}


@dataclass(frozen=True)
class Preview:
    """One mail to look at. `template` is what it is made of, without the ending."""

    key: str
    group: str
    name: str
    template: str
    made: Callable[[], Mail]
    language: str = words.DEFAULT

    @property
    def html(self) -> str:
        """What mail programs show."""
        return str(self.made().alternatives[0][0])


def all_of_them() -> dict[str, Preview]:
    """By key, as in the address of their page; in the order in which they are shown."""
    return {preview.key: preview for preview in (*_digests(), *_account(), *_ours(), *_tickets(), _erased())}


def _digests() -> Iterator[Preview]:
    for name, situation in situations().items():
        for code in LANGUAGES:
            yield _digest(f"alert-{name}-{code}", situation[0], situation, code)
    discreet = situations()["picture"]
    for code in LANGUAGES:
        yield _digest(f"alert-discreet-{code}", "One picture, discreet mode", discreet, code, discreet=True)


def _digest(key: str, name: str, situation: Situation, code: str, *, discreet: bool = False) -> Preview:
    return Preview(key, ALERTS, name, letter.TEMPLATE, partial(_alert, situation, code, discreet), code)


def _alert(situation: Situation, code: str, discreet: bool) -> Mail:
    _, told, earlier = situation
    language = words.language(code)
    made = wording.compose(told, language=language, zone=ZoneInfo("UTC"), earlier=earlier)
    stop = f"{settings.PORTAL_URL}/mail/stop/{'x' * 76}/"
    return mailing.message(letter.TEMPLATE, letter.context(made, language, stop=stop, discreet=discreet), to=ADDRESS)


def _account() -> Iterator[Preview]:
    for prefix, context in SAMPLES["account"]().items():
        yield _preview(prefix, partial(_of_allauth, prefix, context), template=f"{_SAME.get(prefix, prefix)}_message")


def _of_allauth(prefix: str, context: dict[str, Any]) -> Mail:
    made: Mail = get_adapter().render_mail(prefix, ADDRESS, dict(context))
    return made


def _ours() -> Iterator[Preview]:
    for name, context in SAMPLES["ours"]().items():
        template, _, variant = name.partition("?")
        yield _preview(template, partial(mailing.message, template, context, to=ADDRESS), variant)


def _tickets() -> Iterator[Preview]:
    for name, context in SAMPLES["tickets"]().items():
        yield _preview(f"tickets/email/{name}", partial(post.compose, ADDRESS, name, context, {}))


def _erased() -> Preview:
    return _preview("rights/email/erased", _receipt)


def _receipt() -> Mail:
    return Mail(
        "Your receipt", render_to_string("rights/email/erased.txt", SAMPLES["erased"]()), to=[ADDRESS]
    ).laid_out()


def _preview(path: str, made: Callable[[], Mail], variant: str = "", *, template: str = "") -> Preview:
    app, _, name = path.split("/")
    words_of_it = " ".join([*name.split("_"), *([f"({variant})"] if variant else [])])
    key = "-".join(part for part in (app, name.replace("_", "-"), variant) if part)
    return Preview(key, _GROUPS[app], words.first_upper(words_of_it), template or path, made)
