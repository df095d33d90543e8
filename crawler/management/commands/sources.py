"""`manage.py sources list|add|pause|resume|block|unblock`: what may be crawled, from the command line."""

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from accounts.transitions import IllegalTransition
from config.commands import OperatorCommand
from crawler import blocking, health, roster, sources
from crawler.blocking import NotAccepted
from crawler.defaults import web_policy
from crawler.models import BlockedHost, Source
from crawler.policy import FetchRefused, canonical_url
from crawler.roster import Choice, Row

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
_KINDS = [kind.value for kind in Source.Kind if kind not in (Source.Kind.PAGE, Source.Kind.URLS)]
_HEADERS = ("Id", "Source", "Kind", "State", "Last run", "Pages", "Pictures", "Every")


def _interval(text: str) -> timedelta:
    if not (text[:-1].isdecimal() and text[-1] in _UNITS and 1 <= int(text[:-1]) <= 8760):
        raise ArgumentTypeError("must be hours or days, such as 12h or 7d")
    return int(text[:-1]) * _UNITS[text[-1]]


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise ArgumentTypeError("must be a number from 1 to 1000000")
    return int(text)


class Command(OperatorCommand):
    help = "List, name, pause and resume sources; block and unblock hosts. Nothing is requested by it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        # Sub-commands are plain parsers: Django's own would want arguments that only the outer one gets.
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT", parser_class=ArgumentParser)
        listing = acts.add_parser("list", help="what may be crawled, and the blocked hosts")
        listing.add_argument("--search", default="", help="only sources with this in their address or reason")
        adding = acts.add_parser("add", help="name a source, or change one")
        adding.add_argument("url", metavar="URL")
        adding.add_argument("--note", required=True, help="why it is crawled")
        adding.add_argument("--kind", choices=_KINDS, default=Source.Kind.SITE.value)
        adding.add_argument("--path", default="", help="only this part of the site, such as /gallery/")
        adding.add_argument("--depth", type=int, choices=range(101), metavar="0..100")
        adding.add_argument("--max-pages", type=_positive)
        adding.add_argument("--max-pictures", type=_positive)
        adding.add_argument("--every", type=_interval, help="12h, 7d: crawl it that often")
        adding.add_argument("--delay", type=float, help="seconds between requests")
        adding.add_argument("--concurrency", type=_positive, help="requests at the same time")
        adding.add_argument("--needs-browser", action="store_true", default=None, help="its pages need JavaScript")
        adding.add_argument("--allow-private", action="store_true", help="it is on a private network")
        for act, what in (("pause", "crawl it no more"), ("resume", "let it be crawled again")):
            acts.add_parser(act, help=what).add_argument("source", help="its id or address")
        block = acts.add_parser("block", help="never visit a host and the names below it")
        block.add_argument("host")
        block.add_argument("--reason", required=True)
        acts.add_parser("unblock", help="take a host off the list").add_argument("host")
        for each in acts.choices.values():
            each.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['act']}")(options)
        except (NotAccepted, FetchRefused) as problem:
            raise CommandError(f"{problem.sentence} Nothing was changed.") from None
        except IllegalTransition:
            raise CommandError("It is so already. Nothing was changed.") from None

    def _list(self, options: dict[str, Any]) -> None:
        found = roster.rows(list(roster.select(Choice(search=options["search"], sort="source"))))
        blocked = BlockedHost.objects.order_by("host")
        self.emit(
            {
                "sources": [_document(row) for row in found],
                "blocked": [{"host": entry.host, "reason": entry.reason} for entry in blocked],
            },
            _HEADERS,
            [_line(row) for row in found],
        )
        if not self.as_json and blocked:
            self.stdout.write(f"\nBlocked: {', '.join(entry.host for entry in blocked)}")

    def _add(self, options: dict[str, Any]) -> None:
        url = options["url"]
        if not (options["kind"] == Source.Kind.WARC and url.startswith("file:")):
            [url] = sources.judge([url], web_policy(allow_private=options["allow_private"]))
            if entry := blocking.blocking(blocking.normal_host(url)):
                raise NotAccepted(f"{entry.host} is blocked.")
        source = sources.add_source(
            url,
            kind=options["kind"],
            path=options["path"],
            depth=options["depth"],
            max_pages=options["max_pages"],
            max_pictures=options["max_pictures"],
            every=options["every"],
            delay_seconds=options["delay"],
            concurrency=options["concurrency"],
            needs_browser=options["needs_browser"],
            allow_private=options["allow_private"],
            note=options["note"],
        )
        self._show(source)

    def _pause(self, options: dict[str, Any]) -> None:
        source = _find(options["source"])
        sources.pause(source, None)
        self._show(source)

    def _resume(self, options: dict[str, Any]) -> None:
        source = _find(options["source"])
        sources.resume(source, None)
        self._show(source)

    def _block(self, options: dict[str, Any]) -> None:
        entry = sources.block_host(options["host"], options["reason"], None)
        self.emit({"host": entry.host, "blocked": True}, ("Host", "Blocked"), [(entry.host, "yes")])

    def _unblock(self, options: dict[str, Any]) -> None:
        host = blocking.normal_host(options["host"])
        sources.unblock_host(host, None)
        self.emit({"host": host, "blocked": False}, ("Host", "Blocked"), [(host, "no")])

    def _show(self, source: Source) -> None:
        [row] = roster.rows(list(roster.sources().filter(pk=source.pk)))
        self.emit({"sources": [_document(row)]}, _HEADERS, [_line(row)])


def _find(text: str) -> Source:
    """The one source with that id or address. Raises NotAccepted."""
    try:
        found = Source.objects.filter(pk=UUID(text))
    except ValueError:
        found = Source.objects.filter(url__in=[text, _canonical(text)], reported_by=None)
    match list(found[:2]):
        case [source]:
            return source
        case []:
            raise NotAccepted("There is no such source.")
        case _:
            raise NotAccepted("Several sources start there. Give the id of the one you mean.")


def _canonical(text: str) -> str:
    try:
        return canonical_url(text)
    except FetchRefused:
        return text


def _document(row: Row) -> dict[str, Any]:
    source, last = row.source, row.last
    return {
        "id": str(source.pk),
        "url": source.url,
        "kind": source.kind,
        "state": source.state,
        "standing": row.mark.text.lower(),
        "note": source.note,
        "every_seconds": int(source.every.total_seconds()) if source.every else None,
        "next_run_at": source.next_run_at.isoformat() if source.next_run_at else None,
        "failures": source.failures,
        "last_run": None
        if last is None
        else {
            "id": str(last.pk),
            "status": last.state,
            "started_at": last.started_at.isoformat(),
            "pages": last.pages,
            "images": last.images,
            "errors": last.errors,
        },
    }


def _line(row: Row) -> tuple[object, ...]:
    source, last = row.source, row.last
    began = f"{last.started_at:%Y-%m-%d %H:%M} {last.state}" if last else "never"
    numbers = (last.pages, last.images) if last else ("-", "-")
    return (source.pk, source.url, source.kind, row.mark.text.lower(), began, *numbers, health.every(source.every))
