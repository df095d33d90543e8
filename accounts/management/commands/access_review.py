"""`manage.py access_review [--days 92]`"""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.tickets import access_review
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Who of the staff may do what, how they sign in, and how often they looked at what is about somebody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=92, help="how far back accesses are counted (a quarter)")

    def handle(self, *args: Any, **options: Any) -> None:
        since = timezone.now() - timedelta(days=options["days"])
        found = access_review.review(since)
        heads = ["email", "role", "active", "second factors", "last sign-in", "acts", "reads", "people", "remarks"]
        rows = [
            (
                one.email,
                one.role,
                "yes" if one.active else "no",
                ", ".join(one.second_factors) or "none",
                f"{one.last_sign_in:%Y-%m-%d}" if one.last_sign_in else "never",
                one.acts,
                one.reads,
                one.people,
                "; ".join(one.remarks),
            )
            for one in found
        ]
        self.emit(access_review.document(since.date(), found), heads, rows)
