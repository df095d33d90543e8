"""`manage.py crawl URL…`: crawl sources now."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from crawler import run, sources
from crawler.defaults import web_policy
from crawler.models import CrawlRun
from crawler.policy import FetchRefused


def _number_from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= 1_000_000:
            raise ArgumentTypeError(f"must be a number from {least} to 1000000")
        return int(text)

    return number


class Command(OperatorCommand):
    help = "Crawl sites now, adding them as sources where they are new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("urls", nargs="+", metavar="URL", help="where to start; links stay on its host")
        parser.add_argument("--depth", type=_number_from(0), help="how many links deep to go (10; 0: this page)")
        parser.add_argument("--max-pages", type=_number_from(1), help="how many pages to read per source (1000)")
        parser.add_argument("--allow-private", action="store_true", help="also crawl this machine and private networks")

    def handle(self, *_args: Any, **options: Any) -> None:
        allow_private = options["allow_private"]
        try:
            urls = sources.judge(options["urls"], web_policy(allow_private=allow_private))
            named = [
                sources.add_source(
                    url,
                    depth=options["depth"],
                    max_pages=options["max_pages"],
                    allow_private=allow_private,
                )
                for url in urls
            ]
            runs = run.crawl(named, allow_private=allow_private)
        except FetchRefused as refusal:
            hint = "" if allow_private or refusal.code != "private_address" else " Add --allow-private to do so."
            raise CommandError(f"{refusal.sentence}{hint} Nothing was requested.") from None
        except run.AlreadyCrawling as error:
            raise CommandError(str(error)) from None
        self.emit(
            {"runs": [document(run) for run in runs]},
            ["Source", "Status", "Pages", "Images", "Errors"],
            [row(run) for run in runs],
        )


def document(run: CrawlRun) -> dict[str, Any]:
    return {
        "source": run.source.url,
        "status": run.state,
        "pages": run.pages,
        "images": run.images,
        "errors": run.errors,
    }


def row(run: CrawlRun) -> Sequence[object]:
    errors = ", ".join(f"{name}: {count}" for name, count in sorted(run.errors.items())) or "none"
    return run.source.url, run.state, run.pages, run.images, errors
