"""One of every object that has a page: Alice's matches, case and letter, Erin's wait, a stranger's opt-out.

Made as the story makes them: a real page on loopback, a real registry, real letters.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts import consent
from accounts.models import PolicyVersion, PublishedReport, Purpose, Role, User
from accounts.policies import versions
from accounts.rights import holds, receipts
from accounts.rights.holds import Order
from alerts import feed, push, unsubscribing, webhooks
from alerts.models import WebhookDelivery, WebhookEndpoint
from crawler import sources
from crawler.blocklists import restricted
from crawler.models import BlockedHost, CrawlRun, RestrictedPicture, url_digest
from search import enrolment, optout
from search.models import AgeStop, Enrolment, Match, OptOut
from search.optouts import links
from search.states import AgeStopState
from takedowns.cases import ask_person
from takedowns.models import BulkApproval, Case, Delisting, LetterTemplate, Operator, SavedFilter
from tests import cases, letters_in, pages, photos, registers
from tests.matches import make_match
from tests.optouts import mailed_token


@dataclass(frozen=True)
class World:
    """`untold` is a match of Alice's that is part of no case; `bobs` is one of Bob's, who is enrolled too."""

    alice: User
    bob: User
    carol: User
    dana: User
    untold: Match
    bobs: Match
    case: Case
    waiting: Enrolment
    confirm_token: str
    withdraw_token: str
    optout: OptOut
    run: CrawlRun
    blocked: BlockedHost

    @property
    def people(self) -> dict[str, User]:
        return {"alice": self.alice, "bob": self.bob, "carol": self.carol, "dana": self.dana}


def build(alice: User, bob: User, carol: User, dana: User) -> World:
    """Call it inside `cases.registry()`, with the settings pointing there."""
    enrolled = {
        user: _enrolled(user, photo, carol) for user, photo in ((alice, photos.astronaut()), (bob, photos.hopper()))
    }
    with cases.blog() as site:
        case = cases.open_case(cases.astronaut_match(enrolled[alice].subject, site))
    ask_person(case, "new_place", case.pk, "Look at the other place.")
    erin = User.objects.create_user("erin@example.org", full_name="Erin Waiting", role=Role.SUBSCRIBER)
    consent.give(erin, consent.REQUIRED)
    optout.request("someone@example.org")
    confirm_token = mailed_token()
    opted_out = optout.confirm(confirm_token)
    optout.ask_person(opted_out, [photos.jpeg(photos.grey(photos.hanks()))])
    return World(
        alice=alice,
        bob=bob,
        carol=carol,
        dana=dana,
        untold=make_match(enrolled[alice].subject, band="certain", with_preview=True),
        bobs=make_match(enrolled[bob].subject, band="possible", with_preview=True),
        case=case,
        waiting=enrolment.enrol(erin, photos.pair(_somebody()), adult=True),
        confirm_token=confirm_token,
        withdraw_token=links.token(links.WITHDRAW, opted_out),
        optout=opted_out,
        run=CrawlRun.objects.create(source=sources.add_source("https://forum.example/", named_by=carol)),
        blocked=sources.block_host("photos.example", "The owner asked us to stay away.", carol),
    )


def _enrolled(user: User, photo: photos.Rgb, staff: User) -> Enrolment:
    consent.give(user, Purpose)
    made = enrolment.enrol(user, photos.pair(photo), adult=True)
    enrolment.attest(made, staff, "Met in person.")
    made.refresh_from_db()
    return made


def _restricted() -> RestrictedPicture:
    """A picture that a crawl met and that is on a list."""
    page_url, image_url = "https://bad.example/page", "https://bad.example/picture.jpg"
    restricted.note([(page_url, image_url)], "A list")
    return RestrictedPicture.objects.get(digest=url_digest(page_url, image_url))


def _policy() -> PolicyVersion:
    newest = versions.history(PolicyVersion.Kind.PRIVACY).first()
    assert newest
    return newest


def _report() -> PublishedReport:
    return PublishedReport.objects.get_or_create(period="2026-H1", defaults={"body": {"title": "A half-year"}})[0]


def _age_stop(waiting: Enrolment) -> AgeStop:
    """Somebody asks a person to decide about their age."""
    stops = AgeStop.objects.filter(user=waiting.subject.user)
    return stops.first() or AgeStop.objects.create(user=waiting.subject.user, state=AgeStopState.APPEALED)


def _saved_filter(world: "World") -> SavedFilter:
    return SavedFilter.objects.get_or_create(staff=world.carol, name="Mine", defaults={"query": "tab=mine"})[0]


def _stack(world: "World") -> BulkApproval:
    """Letters that Dana asks a second person about."""
    stack, new = BulkApproval.objects.get_or_create(asked_by=world.dana, defaults={"reason": "The same site."})
    if new:
        stack.notices.set(world.case.notices.all())
    return stack


def _receipt() -> str:
    """Of an account that was erased."""
    return receipts.issue(uuid4(), timezone.now(), {"Your account": 1}, {}).reference


def _hold(world: "World") -> UUID:
    """On Alice's case."""
    return holds.place(world.alice, Order("Cases", str(world.case.pk), "A lawsuit"), world.dana).pk


def _text(world: "World") -> LetterTemplate:
    """Carol's own text of a letter, which waits for a second person."""
    known = {"code": "host_policy", "language": "en", "number": 1}
    text = {"title": "A report", "body": "Nothing.", "note": "Shorter.", "written_by": world.carol}
    return LetterTemplate.objects.get_or_create(**known, defaults=text)[0]


def _listed(world: "World") -> Delisting:
    """A place of Alice's case that a search engine may list."""
    engine, _ = Operator.objects.get_or_create(key="platform:finder", defaults={"kind": "search", "name": "Finder"})
    return Delisting.objects.get_or_create(url=world.case.urls.get(), engine=engine)[0]


def _webhook(world: "World") -> WebhookEndpoint:
    return WebhookEndpoint.objects.filter(user=world.alice).first() or webhooks.add(world.alice, "https://a.example/")


def _call(world: "World") -> WebhookDelivery:
    return WebhookDelivery.objects.filter(endpoint=_webhook(world)).first() or webhooks.test(_webhook(world))


def _with_saved_page(world: "World") -> Match:
    """The match of Alice's case, a page of which was saved with a picture of it."""
    pages.saved(world.case)
    return world.case.match


def _somebody() -> photos.Rgb:
    """One of the six people of the group picture, alone."""
    return photos.resized(photos.group()[230:480, 430:620], 2.0)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside leaves no trace in the database."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


Arguments = dict[str, object]

# For every route with an argument: an object of Alice's (or Erin's, or the stranger's) that it is about. A route
# that is missing here fails the test that walks the URL table.
OBJECTS: dict[str, Callable[[World], Arguments]] = {
    "crawler:source": lambda world: {"pk": world.run.source_id},
    "crawler:source_edit": lambda world: {"pk": world.run.source_id},
    "crawler:source_crawl": lambda world: {"pk": world.run.source_id},
    "crawler:source_pause": lambda world: {"pk": world.run.source_id},
    "crawler:source_resume": lambda world: {"pk": world.run.source_id},
    "crawler:run": lambda world: {"pk": world.run.pk},
    "crawler:run_pause": lambda world: {"pk": world.run.pk},
    "crawler:run_resume": lambda world: {"pk": world.run.pk},
    "crawler:run_stop": lambda world: {"pk": world.run.pk},
    "crawler:unblock": lambda world: {"pk": world.blocked.pk},
    "search:match": lambda world: {"pk": world.untold.pk},
    "search:decide": lambda world: {"pk": world.untold.pk},
    "search:undo": lambda world: {"pk": world.untold.pk},
    "search:preview": lambda world: {"pk": world.untold.pk},
    "search:saved_page": lambda world: {"pk": _with_saved_page(world).pk},
    "search:attest": lambda world: {"pk": world.waiting.pk},
    "search:age_stop": lambda world: {"pk": _age_stop(world.waiting).pk},
    **{
        f"search:optout_{page}": lambda world: {"token": links.token(links.YOURS, world.optout)}
        for page in ("yours", "check", "live_begin", "live_frame", "assisted", "test", "test_live")
    },
    "search:optout_decide": lambda world: {"pk": world.optout.pk},
    "search:optout_confirm": lambda world: {"token": world.confirm_token},
    "search:optout_withdraw": lambda world: {"token": world.withdraw_token},
    "takedowns:open": lambda world: {"pk": world.case.match_id},
    "takedowns:yourself": lambda world: {"pk": world.case.match_id},
    "takedowns:yourself_look": lambda world: {"pk": world.case.match_id},
    "takedowns:yourself_letter": lambda world: {"pk": world.case.match_id},
    "billing:console_plan": lambda world: {"pk": world.alice.pk},
    "billing:console_end": lambda world: {"pk": world.alice.pk},
    "takedowns:case": lambda world: {"pk": world.case.pk},
    "takedowns:operator": lambda world: {"pk": world.case.notices.get().operator_id},
    "takedowns:treat_operator": lambda world: {"pk": world.case.notices.get().operator_id},
    "takedowns:add_contact": lambda world: {"pk": world.case.notices.get().operator_id},
    "takedowns:template": lambda world: {"code": "host_policy", "language": "en"},
    "takedowns:looked_up": lambda world: {"pk": _listed(world).pk},
    "takedowns:approve_template": lambda world: {"pk": _text(world).pk},
    "takedowns:retire_template": lambda world: {"pk": _text(world).pk},
    "takedowns:figures_table": lambda world: {"name": "ground"},
    "takedowns:again": lambda world: {"pk": world.case.pk},
    "takedowns:answer": lambda world: {"pk": world.case.pk},
    "takedowns:write": lambda world: {"pk": world.case.pk},
    "takedowns:not_satisfied": lambda world: {"pk": world.case.pk},
    "takedowns:choose": lambda world: {"pk": world.case.pk},
    "takedowns:read_counter": lambda world: {"pk": world.case.pk},
    "takedowns:document": lambda world: {"pk": world.case.pk, "code": "agent_mandate"},
    "takedowns:reopen": lambda world: {"pk": world.case.pk},
    "takedowns:end": lambda world: {"pk": world.case.pk},
    "takedowns:console_case": lambda world: {"pk": world.case.pk},
    "takedowns:reveal": lambda world: {"pk": world.case.pk},
    "takedowns:assign": lambda world: {"pk": world.case.pk},
    "takedowns:defer": lambda world: {"pk": world.case.pk},
    "takedowns:ask": lambda world: {"pk": world.case.pk},
    "takedowns:release": lambda world: {"pk": world.case.pk},
    "takedowns:reissue": lambda world: {"pk": world.case.pk},
    "takedowns:rename_filter": lambda world: {"pk": _saved_filter(world).pk},
    "takedowns:delete_filter": lambda world: {"pk": _saved_filter(world).pk},
    **{
        f"takedowns:{name}": lambda world: {"pk": _stack(world).pk}
        for name in ("bulk_approval", "bulk_confirm", "bulk_refuse")
    },
    **{
        f"takedowns:{name}": lambda world: {"pk": world.case.notices.get().pk}
        for name in ("pasted", "take_sheet", "put_back", "annex", "follow", "remind", "complain", "retract", "escalate")
    },
    "takedowns:note": lambda world: {"pk": world.case.pk},
    "takedowns:verify_now": lambda world: {"pk": world.case.pk},
    "takedowns:look_again": lambda world: {"pk": world.case.pk},
    "takedowns:close": lambda world: {"pk": world.case.pk},
    "takedowns:approve": lambda world: {"pk": world.case.notices.get().pk},
    "takedowns:send": lambda world: {"pk": world.case.notices.get().pk},
    "takedowns:withdraw_notice": lambda world: {"pk": world.case.notices.get().pk},
    "takedowns:edit_notice": lambda world: {"pk": world.case.notices.get().pk},
    "takedowns:settle_notice": lambda world: {"pk": world.case.notices.get().pk},
    "takedowns:work_done": lambda world: {"pk": world.case.work_items.get().pk},
    "policies:policy": lambda world: {"kind": _policy().kind},
    "policies:version": lambda world: {"kind": _policy().kind, "version": _policy().version},
    "policies:difference": lambda world: {"kind": _policy().kind, "old": _policy().version, "new": _policy().version},
    "portal:transparency_report": lambda world: {"period": _report().period},
    "portal:transparency_json": lambda world: {"period": _report().period},
    "crawler:restricted_report": lambda world: {"pk": _restricted().pk},
    "rights:receipt": lambda world: {"reference": _receipt()},
    "rights:receipt_file": lambda world: {"reference": _receipt()},
    "rights:release_hold": lambda world: {"pk": _hold(world)},
    "crawler:restricted_close": lambda world: {"pk": _restricted().pk},
    "alerts:stop": lambda world: {"token": unsubscribing.token(world.alice)},
    "alerts:stopped": lambda world: {"token": unsubscribing.undo_token(world.alice, timezone.now())},
}

OBJECTS |= {
    f"takedowns:{name}": lambda world: {"pk": letters_in.orphan_mail().pk}
    for name in ("orphan", "orphan_put", "orphan_away")
}
OBJECTS |= {
    f"takedowns:{name}": lambda world: {"pk": letters_in.letter_in(world.case).pk}
    for name in ("letter_kind", "letter_read")
}
OBJECTS |= {
    f"takedowns:{name}": lambda world: {"pk": letters_in.counter_notice(world.case).pk}
    for name in ("counter_received", "counter_filed", "counter_end")
}
OBJECTS |= {
    f"tickets:{name}": lambda world: {"pk": registers.ticket(world.alice).pk} for name in registers.TICKET_ROUTES
}
OBJECTS |= {
    f"tickets:{name}": lambda world: {"pk": registers.incident(world.dana).pk} for name in registers.INCIDENT_ROUTES
}
OBJECTS |= {
    f"tickets:{name}": lambda world: {"pk": registers.legal_request(world.dana, world.alice).pk}
    for name in registers.LEGAL_ROUTES
}


OBJECTS |= {
    f"alerts:{name}": lambda world: {"pk": _webhook(world).pk}
    for name in ("webhook", "webhook_switch", "webhook_renew", "webhook_test", "webhook_delete")
}
OBJECTS |= {
    "alerts:webhook_again": lambda world: {"pk": _call(world).pk},
    "alerts:atom": lambda world: {"token": feed.renew(world.alice)},
    "alerts:preview": lambda world: {"key": "alert-everything-pl"},
    "alerts:preview_mail": lambda world: {"key": "alert-everything-pl"},
    "alerts:push_remove": lambda world: {"pk": push.add(world.alice, "https://push.example/one").pk},
}


def arguments(world: World, name: str) -> Arguments:
    """The arguments of a route: none, or those of an object in the world."""
    return OBJECTS[name](world) if name in OBJECTS else {}
