"""The demo's story: one person, found, told, defended and watched over, with every real part.

Played in the demo's own data folder, against `demo.world` running beside it. Every chapter looks at what came
out and stops the story where it is wrong.
"""

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx
from allauth.account.models import EmailAddress
from django.conf import settings

from accounts import audit, consent
from accounts.billing import grants
from accounts.models import Plan, Purpose, Role, User
from accounts.security import factors
from alerts import dispatch
from alerts.models import AlertRule, DeliveryAttempt
from crawler.models import CrawlRun, FetchedImage
from demo import pictures, registry
from demo.pages import blog
from search import enrolment, ingest, optout, review
from search.management.commands.matches import describe
from search.models import Face, Image, Match
from search.states import Decision
from takedowns import delivery, mandates, notices, relapse, verification, workflow
from takedowns.models import Case, Notice, Verification
from takedowns.states import CaseState, NoticeState, Outcome

Json = dict[str, Any]

PATIENCE_SECONDS = 60.0
ALICE, BOB, GRACE = "alice@example.org", "bob@example.org", "grace@example.org"
CAROL, DANA = "carol@faceward.example", "dana@faceward.example"
# What Alice answers when she asks for a removal: she took the photo herself, with a timer.
ANSWERS = {
    "photographer": "me",
    "intimate": "no",
    "synthetic": "no",
    "consented": "never",
    "lives_in": "us",
    "minor": "no",
    "context": "ordinary",
}


class StoryFailed(Exception):
    """What came out otherwise than it should, in one sentence."""


def expect(condition: object, sentence: str) -> None:
    """Stop the story unless `condition` holds."""
    if not condition:
        raise StoryFailed(sentence)


class Story:
    """Plays the chapters in order. `world` is what `demo.world` wrote about itself."""

    def __init__(self, world: Json) -> None:
        self.world = world
        self.seconds: dict[str, float] = {}
        self.logins: list[Json] = []
        self.removed_case: Case | None = None

    def play(self) -> None:
        """Tell the whole story. Raises `StoryFailed`."""
        chapters: list[tuple[str, str, Callable[[], None]]] = [
            ("people", "Alice is enrolled, Grace opts out", self.people),
            ("crawl", "The crawler reads four sites", self.crawl),
            ("ingest", "Faces are measured and compared", self.ingest),
            ("alert", "Alice is told by e-mail", self.alert),
            ("case", "Alice says: this is me, remove it", self.case),
            ("removal", "The host takes it down, checked twice", self.removal),
            ("relapse", "The picture comes back, altered", self.relapse),
        ]
        for number, (name, title, chapter) in enumerate(chapters, start=1):
            self.say(f"\n{number}. {title}")
            started = time.monotonic()
            chapter()
            self.seconds[name] = round(time.monotonic() - started, 2)
        expect(audit.first_broken() is None, "The audit trail's chain of hashes is broken.")

    # --- Chapters ------------------------------------------------------------------------------------------

    def people(self) -> None:
        self.carol = self._account(CAROL, "Carol", Role.STAFF)
        self.dana = self._account(DANA, "Dana", Role.SENIOR_STAFF)
        self.alice = self._enrol(ALICE, "Alice Example", pictures.reference_photos())
        # The story may be told at night.
        AlertRule.objects.create(user=self.alice, quiet_from=0, quiet_until=0)
        self._enrol(BOB, "Bob Example", pictures.bystander_photos())
        optout.request(GRACE)
        link = self._link_mailed_to(GRACE)
        asked = optout.confirm(link.rstrip("/").rsplit("/", 1)[1])
        # She has no camera: one photo, measured in memory, and a person decides.
        optout.ask_person(asked, [pictures.opt_out_photo()])
        optout.approve(asked, self.carol, "Spoke with her on the telephone.")
        self.say(f"   Grace's opt-out {asked.reference} is in effect; her link came by e-mail.")

    def crawl(self) -> None:
        self._crawl(*self.world["urls"].values())
        forbidden = [path for path in self._requests("blog.localhost") if path.startswith("/private/")]
        expect(not forbidden, "The crawler asked for a page that robots.txt closes.")
        self.say("   robots.txt was obeyed: nothing under /private/ was asked for.")

    def ingest(self) -> None:
        report = ingest.ingest_waiting()
        self.say(
            f"   {report.images} pictures, {report.faces} faces; {report.opted_out} faces of a person "
            "who opted out were dropped."
        )
        expect(report.opted_out, "The face that was opted out was not dropped.")
        expect(self._pictures_of(BOB) == set(), "Bob, who is on none of the sites, got a match.")
        expect(self._pictures_of(ALICE) == _alice_on_the_web(), "Alice's matches are not just her pictures.")
        for match in review.visible_matches(self.alice).order_by("-score"):
            place = match.places()[0]
            self.say(f"   {match.band:8} {match.score:.2f}  {place.page_url}")

    def alert(self) -> None:
        expect(relapse.screen_new_matches() == [], "A new picture was taken for one that was removed.")
        mail = self._told("There should be one alert e-mail.")
        self.say(f"   “{mail['subject']}” was sent; it names no site and shows no picture.")

    def case(self) -> None:
        match = self._match_at("copies.localhost", pictures.REHOSTED)
        review.confirm(match, self.alice, Decision.ACT)
        mandates.sign(self.alice, full_name="Alice Example", address="12 Example Road", signature="Alice Example")
        case = workflow.prepare(workflow.open_case(match, self.alice, ANSWERS))
        workflow.assign(case, self.carol)
        for notice in case.notices.filter(state=NoticeState.DRAFT):
            expect(not notices.missing_elements(notice), "The notice lacks something its ground requires.")
            notices.approve(notice, self.carol)
            delivery.send(notice)
            notice.refresh_from_db()
            expect(notice.state == NoticeState.SENT, "The notice was not sent.")
            self.say(f"   {case.reference}: {notice.ground} notice to {notice.recipient}, approved by Carol.")
        expect(case.notices.filter(recipient=registry.ABUSE_ADDRESS).exists(), "The host was not written to.")
        self.removed_case = case

    def removal(self) -> None:
        case = self._removed_case()
        self._wait_for(lambda: self._state()["takedowns"], "The host did not act on the notice.")
        self._wait_for(lambda: self._verified(case), "The removal was not confirmed twice.")
        case.refresh_from_db()
        expect(case.outcome == Outcome.REMOVED, "The case was not closed as removed.")
        for check in Verification.objects.filter(url__case=case):
            self.say(f"   checked: {check.outcome}")
        mail = self._told("Alice should be told that it is gone.")
        self.say(f"   {case.reference} is closed: removed. “{mail['subject']}” tells Alice.")

    def relapse(self) -> None:
        again = httpx.post(f"{self.world['control_url']}/reupload").json()["url"]
        self._crawl(self.world["urls"]["copies"])
        ingest.ingest_waiting()
        found = relapse.screen_new_matches()
        expect(len(found) == 1, "The altered copy was not recognised.")
        expect(found[0].relapse_of == self._removed_case(), "The relapse is not linked to the old case.")
        expect(relapse.screen_new_matches() == [], "Looking twice raised the relapse twice.")
        self._told("Alice should be told that the picture is back.")
        self.say(f"   {again}\n   is {found[0].reference}, a relapse of {self._removed_case().reference}.")

    # --- What came out -----------------------------------------------------------------------------------------

    def summary(self) -> Json:
        """The story in figures, as `--json` prints it."""
        return {
            "pages": sum(CrawlRun.objects.values_list("pages", flat=True)),
            "images": Image.objects.count(),
            "faces": Face.objects.count(),
            "matches": [describe(match) for match in review.visible_matches(self.alice)],
            "alerts": DeliveryAttempt.objects.filter(outcome=DeliveryAttempt.Outcome.SENT).count(),
            "notices": [
                {"ground": notice.ground, "recipient": notice.recipient, "status": notice.state}
                for notice in Notice.objects.order_by("drafted_at")
            ],
            "verifications": [
                {"url": check.url.page_url, "outcome": check.outcome}
                for check in Verification.objects.select_related("url").order_by("checked_at")
            ],
            "relapses": Case.objects.exclude(relapse_of=None).count(),
            "seconds": self.seconds,
        }

    # --- Steps ---------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        print(text, flush=True)

    def _account(self, email: str, name: str, role: Role) -> User:
        password = secrets.token_urlsafe(9)
        user = User.objects.create_user(email, password, full_name=name, role=role)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        login = {"role": role.label, "email": email, "password": password}
        if user.is_staff_member:
            # The console opens with a second factor only; each code stands for it once.
            factors.add_totp(user)
            login["codes"] = "  ".join(factors.add_recovery_codes(user)[:4])
        self.logins.append(login)
        return user

    def _enrol(self, email: str, name: str, photos: list[bytes]) -> User:
        user = self._account(email, name, Role.SUBSCRIBER)
        consent.give(user, Purpose)
        grants.grant(user, Plan.PROTECT, self.carol, "For the demo, which sells nothing.")
        enrolled = enrolment.enrol(user, photos, adult=True)
        enrolment.attest(enrolled, self.carol, "Attested by the operator of the demo.")
        self.say(f"   {name.split()[0]} consented and is enrolled; Carol attested the identity check.")
        return user

    def _crawl(self, *urls: str) -> None:
        """Scrapy's reactor starts once per process, so each crawl has its own."""
        command = [sys.executable, "manage.py", "crawl", *urls, "--allow-private", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=settings.BASE_DIR)  # noqa: S603
        expect(done.returncode == 0, f"The crawl failed: {done.stderr.strip()[-500:]}")
        waiting = FetchedImage.objects.filter(processed_at=None).count()
        self.say(f"   {len(urls)} sites visited, {waiting} sightings of pictures wait to be looked at.")

    def _verified(self, case: Case) -> bool:
        verification.verify_due()
        case.refresh_from_db()
        return case.state == CaseState.CLOSED

    def _removed_case(self) -> Case:
        if self.removed_case is None:
            raise StoryFailed("The chapters were not played in order.")
        return self.removed_case

    def _match_at(self, host: str, picture: str) -> Match:
        digest = sha256(pictures.web_pictures()[picture]).hexdigest()
        match = review.visible_matches(self.alice).filter(image__sha256=digest).first()
        if match is None:
            raise StoryFailed(f"There is no match for the picture on {host}.")
        return match

    def _pictures_of(self, email: str) -> set[str]:
        matches = Match.objects.filter(subject__user__email=email).prefetch_related("image", "variants")
        return {image.sha256 for match in matches for image in (match.image, *match.variants.all())}

    def _state(self) -> Json:
        state: Json = httpx.get(f"{self.world['control_url']}/state").json()
        return state

    def _requests(self, host: str) -> dict[str, int]:
        requests: dict[str, int] = self._state()["sites"][host]["requests"]
        return requests

    def _told(self, otherwise: str) -> Json:
        """The one e-mail that tells Alice what is new, which names no site, shows no picture and leads nowhere else."""
        expect(dispatch.deliver() == 1, otherwise)
        mail = self._mail_to(ALICE)[-1]
        for content in (mail["subject"], mail["text"], mail["html"]):
            leaks = [host for host in self.world["hosts"].values() if host in content]
            expect(not leaks and "<img" not in content, "The alert names a site or holds a picture.")
        links = {*re.findall(r"https?://\S+", mail["text"]), *re.findall(r'(?:href|src)="(http[^"]+)"', mail["html"])}
        expect(all(link.startswith(settings.PORTAL_URL) for link in links), "The alert links elsewhere.")
        return mail

    def _mail_to(self, address: str) -> list[Json]:
        return [mail for mail in self._state()["mail"] if address in mail["to"]]

    def _link_mailed_to(self, address: str) -> str:
        self._wait_for(lambda: self._mail_to(address), "The e-mail did not arrive.")
        link = re.search(r"https?://\S+", self._mail_to(address)[-1]["text"])
        if link is None:
            raise StoryFailed("The e-mail has no link in it.")
        return link.group()

    def _wait_for(self, condition: Callable[[], object], sentence: str) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            expect(time.monotonic() < give_up, sentence)
            time.sleep(0.2)


def _alice_on_the_web() -> set[str]:
    """The hashes of every picture on the sites that shows Alice and that robots.txt leaves open.

    Not that of the group picture's thumbnail: of one picture in two sizes the larger is fetched.
    """
    web = pictures.web_pictures()
    names = pictures.alice_variants()
    return {sha256(web[name]).hexdigest() for name in names if f"/private/{name}" != blog.PRIVATE_PICTURE}
