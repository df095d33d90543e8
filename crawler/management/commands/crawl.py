"""`manage.py crawl URL…`: crawl sources now."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from crawler import run, sources
from crawler.blocking import NotAccepted
from crawler.defaults import crawl_policy
from crawler.frontiers.frontier_client import FrontierUnavailable
from crawler.models import CrawlRun, Source
from crawler.policy import FetchRefused
from crawler.states import SourceState
from crawler.tasks import due_sources

AUTO = "auto"
NOTHING = "Nothing was requested."


def _number_from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= 1_000_000:
            raise ArgumentTypeError(f"must be a number from {least} to 1000000")
        return int(text)

    return number


def _path(text: str) -> str:
    if not text.startswith("/") or any(mark in text for mark in "?# "):
        raise ArgumentTypeError("must be the beginning of a path, such as /gallery/")
    return text


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError("must be a number of seconds") from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError("is not the id of one") from None


class Command(OperatorCommand):
    help = "Crawl sources now, adding them where they are new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = "where to start: a page, a sitemap, a feed, or a web archive (a file on this machine, too)"
        parser.add_argument("urls", nargs="*", metavar="URL", help=what)
        kinds = [AUTO, *Source.Kind.values]
        parser.add_argument("--kind", choices=kinds, default=AUTO, help="what starts there (auto: as it looks)")
        parser.add_argument("--depth", type=_number_from(0), help="how many links deep to go (10; 0: this page)")
        parser.add_argument("--max-pages", type=_number_from(1), help="how many pages to read per source (1000)")
        parser.add_argument("--max-pictures", type=_number_from(1), help="how many pictures per source (20000)")
        parser.add_argument("--path", type=_path, help="only this part of the site, such as /gallery/")
        parser.add_argument("--delay", type=_seconds, help="seconds between requests to its host")
        parser.add_argument("--browser", action="store_true", default=None, help="its pages need JavaScript")
        parser.add_argument("--due", action="store_true", help="only what is due; without a URL, all due sources")
        parser.add_argument("--resume", type=_uuid, metavar="RUN_ID", help="go on with a run")
        parser.add_argument("--source", type=_uuid, metavar="ID", help="a source as it is configured")
        parser.add_argument("--allow-private", action="store_true", help="also crawl this machine and private networks")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            _check(options)
            runs = _crawl(options)
        except FetchRefused as refusal:
            hint = (
                ""
                if options["allow_private"] or refusal.code != "private_address"
                else " Add --allow-private to do so."
            )
            raise CommandError(f"{refusal.sentence}{hint} {NOTHING}") from None
        except NotAccepted as refusal:
            raise CommandError(f"{refusal.sentence} {NOTHING}") from None
        except run.CannotResume as error:
            raise CommandError(f"{error} {NOTHING}") from None
        except (run.AlreadyCrawling, FrontierUnavailable) as error:
            raise CommandError(str(error)) from None
        self.emit(
            {"runs": [document(run) for run in runs]},
            ["Source", "Status", "Pages", "Images", "Errors"],
            [row(run) for run in runs],
        )
        for each in runs:
            if each.reason and not self.as_json:
                self.say(f"{each.source.url}: {each.reason}")


def _check(options: dict[str, Any]) -> None:
    """Raises CommandError where the options do not go together."""
    ways = [bool(options["urls"]), options["resume"] is not None, options["source"] is not None]
    if sum(ways) > 1:
        raise CommandError(f"Give URLs, or a source, or a run to go on with. {NOTHING}")
    if not any(ways) and not options["due"]:
        raise CommandError(f"Give at least one URL. {NOTHING}")


def _crawl(options: dict[str, Any]) -> list[CrawlRun]:
    due, allow_private = options["due"], options["allow_private"]
    if options["resume"] is not None:
        paused = run.resumable(options["resume"])
        private = paused.source.allow_private or allow_private
        return run.crawl([paused.source], allow_private=private, resume=paused)
    if options["source"] is not None:
        named = [_source(options["source"])]
    elif options["urls"]:
        named = _named(options)
        return run.crawl(named, allow_private=allow_private, due_only=due)
    else:
        named = _alike(due_sources())
    return run.crawl(named, allow_private=any(source.allow_private for source in named), due_only=due) if named else []


def _alike(due: Sequence[Source]) -> list[Source]:
    """The first, and those that may go where it may: private networks are open to a whole crawl or to none of it."""
    return [source for source in due if source.allow_private == due[0].allow_private]


def _source(pk: UUID) -> Source:
    source = Source.objects.filter(pk=pk).first()
    if source is None:
        raise CommandError(f"There is no source with this id. {NOTHING}")
    if source.state != SourceState.ACTIVE:
        raise CommandError(f"This source is paused. {NOTHING}")
    return source


def _named(options: dict[str, Any]) -> list[Source]:
    """The sources for the URLs given. Raises FetchRefused, NotAccepted."""
    kind = options["kind"]
    files = [_file(url) for url in options["urls"]] if kind in (AUTO, Source.Kind.WARC) else []
    archives = [url for url in files if url]
    webs = [url for url in options["urls"] if not _file(url)] if archives else options["urls"]
    policy = crawl_policy(webs, allow_private=options["allow_private"])
    judged = sources.judge(webs, policy)
    if kind == Source.Kind.URLS:
        return [_add(judged[0], kind, options, seeds=judged)]
    added = [_add(url, Source.Kind.SITE if kind == AUTO else kind, options) for url in judged]
    return added + [_add(url, Source.Kind.WARC, options) for url in archives]


def _file(text: str) -> str:
    """The `file:` URL of a web archive on this machine; empty where there is none."""
    if "://" in text and not text.startswith("file://"):
        return ""
    path = Path(text.removeprefix("file://"))
    try:
        return path.resolve().as_uri() if path.is_file() and _is_archive(path) else ""
    except OSError:
        return ""


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b" or path.name.endswith((".warc", ".warc.gz"))


def _add(url: str, kind: str, options: dict[str, Any], seeds: Sequence[str] = ()) -> Source:
    depth = options["depth"]
    if depth is None and kind in (Source.Kind.SITEMAP, Source.Kind.FEED):
        # What a sitemap or feed lists is all of it, unless somebody asks for more.
        known = Source.objects.filter(kind=kind, url=url).exists()
        depth = None if known else 0
    return sources.add_source(
        url,
        kind=kind,
        seeds=seeds,
        path=options["path"] or "",
        depth=depth,
        max_pages=options["max_pages"],
        max_pictures=options["max_pictures"],
        delay_seconds=options["delay"],
        needs_browser=options["browser"],
        allow_private=options["allow_private"],
    )


def document(run: CrawlRun) -> dict[str, Any]:
    return {
        "run": str(run.pk),
        "source": run.source.url,
        "kind": run.source.kind,
        "status": run.state,
        "reason": run.reason,
        "pages": run.pages,
        "unchanged": run.unchanged,
        "waiting": run.waiting,
        "images": run.images,
        "fetched": run.fetched,
        "errors": run.errors,
        "examples": run.examples,
    }


def row(run: CrawlRun) -> Sequence[object]:
    errors = ", ".join(f"{name}: {count}" for name, count in sorted(run.errors.items())) or "none"
    return run.source.url, run.state, run.pages, run.images, errors
