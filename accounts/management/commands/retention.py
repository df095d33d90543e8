"""`manage.py retention`"""

import sys
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts import retention
from accounts.rights import proof
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Compare the oldest record of each kind of data with its published limit; exits 1 where one is kept too long."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        now = timezone.now()
        lines = proof.check(now)
        unlimited = [holding for holding in retention.holdings() if holding.name not in {line.name for line in lines}]
        document = {
            "at": now.isoformat(),
            "checked": [_document(line) for line in lines],
            "without_limit": [{"name": holding.name, "until": holding.until} for holding in unlimited],
            "broken": sum(line.broken for line in lines),
        }
        self.emit(document, ["Holding", "Limit", "Oldest since", "Late by"], [_row(line) for line in lines])
        if document["broken"]:
            sys.exit(1)


def _document(line: proof.Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "limit_seconds": int(line.limit.total_seconds()),
        "oldest": line.oldest.isoformat() if line.oldest else None,
        "late_seconds": int(line.late.total_seconds()),
    }


def _row(line: proof.Line) -> tuple[str, str, str, str]:
    oldest = f"{line.oldest:%Y-%m-%d %H:%M}" if line.oldest else "-"
    return line.name, _span(line.limit), oldest, _span(line.late) if line.broken else "-"


def _span(span: timedelta) -> str:
    return f"{span.days} days" if span.days else f"{int(span.total_seconds()) // 60} minutes"
