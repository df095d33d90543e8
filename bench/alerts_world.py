"""Makes people with news, measures how they are told, and prints the figures as JSON. Run by `bench.alerts`."""

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from alerts import dispatch, outbox, raising  # noqa: E402
from alerts.models import Alert, AlertRule, Cadence, Digest, Kind  # noqa: E402
from alerts.states import DigestState  # noqa: E402
from crawler.models import url_digest  # noqa: E402
from demo.mail import MailSink  # noqa: E402
from search.models import Image, Match, Sighting, Subject  # noqa: E402

_WAITING = 10_000
_ALWAYS = {"quiet_from": 0, "quiet_until": 0}


def main(people: int) -> dict[str, float]:
    sink = MailSink(0)
    sink.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    try:
        return {**_mails(people, sink), **_raised(), "deciding": _deciding()}
    finally:
        sink.stop()


def _mails(people: int, sink: MailSink) -> dict[str, float]:
    """Everybody has three things to hear of, and everybody's moment has come."""
    for user in _people("reader", people, **_ALWAYS):
        for number, kind in enumerate((Kind.REMOVED, Kind.WROTE, Kind.QUESTION)):
            outbox.tell(user, kind, f"event:{number}")
    began = time.perf_counter()
    dispatch.gather()
    gathered = time.perf_counter()
    while Digest.objects.filter(state=DigestState.WAITING).exists():
        dispatch.send_due()
    return {
        "sending": time.perf_counter() - began,
        "gathering": gathered - began,
        "mails": float(len({delivery.message["Message-ID"] for delivery in sink.deliveries})),
    }


def _raised() -> dict[str, float]:
    """From the commit of a match to the commit of its alert, when its turn has come."""
    subject = Subject.objects.create(user=_people("subject", 1, **_ALWAYS)[0])
    return {"one": max(_raise(subject, 1) for _ in range(20)), "hundred": max(_raise(subject, 100) for _ in range(5))}


def _raise(subject: Subject, count: int) -> float:
    for _ in range(count):
        _match(subject)
    began = time.perf_counter()
    raised = raising.raise_matches()
    if raised != count:
        raise SystemExit(f"{raised} alerts of {count} matches")
    return time.perf_counter() - began


def _deciding() -> float:
    """A moment for which nobody of them waits; the slowest of five."""
    day = (timezone.now().weekday() + 3) % 7
    waiting = _people("waiting", _WAITING, cadence=Cadence.WEEKLY, weekday=day, **_ALWAYS)
    Alert.objects.bulk_create(
        Alert(user=user, kind=Kind.WROTE, key=f"event:{number}") for user in waiting for number in range(3)
    )
    AlertRule.objects.update(cadence=Cadence.WEEKLY, weekday=day)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        if dispatch.gather():
            raise SystemExit("somebody got a mail")
        times.append(time.perf_counter() - began)
    return max(times)


def _people(name: str, count: int, **rule: object) -> list[User]:
    made = User.objects.bulk_create(
        User(email=f"{name}{number}@example.org", region="DE", password="!") for number in range(count)
    )
    AlertRule.objects.bulk_create(AlertRule(user=user, mail_since=user.date_joined, **rule) for user in made)
    return made


_matches = iter(range(1_000_000))


def _match(subject: Subject) -> None:
    number = next(_matches)
    image = Image.objects.create(sha256=f"{number:064}", width=512, height=512, model_id="none")
    page = f"https://shop.example/{number}"
    Sighting.objects.create(
        image=image, page_url=page, image_url=page, digest=url_digest(page, page), site="shop.example"
    )
    Match.objects.create(
        subject=subject,
        image=image,
        box=[0, 0, 10, 10],
        score=0.7,
        quality_length=10.0,
        model_id="none",
        band="likely",
        gallery_size=1000,
        screened_at=timezone.now(),
    )


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
