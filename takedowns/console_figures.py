"""The figures page of the console, and the same tables as CSV."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import staff
from takedowns import figures
from takedowns.figures import PERIODS, Line, Period, Rate

_TABLES = {"ground": "by_ground", "rung": "by_rung", "operator": "by_operator"}
_HEADS = ("Group", "Sent", "Removed, checked twice", "Answered", "Refused", "Median hours", "90th percentile hours")


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: a share in per cent, with what it is a share of in its name."""

    label: str
    value: int


@staff
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Verified removal, time and relapse, each with its denominator."""
    period = _period(request)
    recent = figures.recent(period)
    found = recent.overview
    context = {
        "periods": PERIODS,
        "counted_at": recent.at,
        "period": period,
        "figures": found,
        "median": figures.in_words(found.until_removed.median),
        "p90": figures.in_words(found.until_removed.p90),
        "charts": [_chart("Removed, by ground", found.by_ground), _chart("Removed, by who was asked", found.by_rung)],
        "tables": [
            _table("By ground", "ground", found.by_ground),
            _table("By who was asked", "rung", found.by_rung),
            _table("By operator", "operator", found.by_operator),
        ],
        "weeks": [{"label": week, "value": rate.whole} for week, rate in found.by_week[-26:]],
        "most_a_week": max((rate.whole for _, rate in found.by_week[-26:]), default=1),
    }
    return render(request, "takedowns/figures.html", context)


@staff
@require_GET
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One table as CSV."""
    if name not in _TABLES:
        raise Http404
    lines: list[Line] = getattr(figures.recent(_period(request)).overview, _TABLES[name])
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADS)
    for line in lines:
        writer.writerow([_safe(line.label), *_numbers(line)])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="removals-by-{name}.csv"'
    return response


def _numbers(line: Line) -> Iterable[object]:
    took = line.until_removed
    yield line.removed.whole
    yield from (line.removed.part, line.answered.part, line.refused.part)
    yield from ("" if hours is None else round(hours, 1) for hours in (took.median, took.p90))


def _safe(text: str) -> str:
    """An operator's name comes from a registry: it must not become a formula in somebody's spreadsheet."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _period(request: HttpRequest) -> Period:
    asked = request.GET.get("period", "")
    return next((period for period in PERIODS if period.key == asked), PERIODS[0])


def _chart(title: str, lines: list[Line]) -> dict[str, object]:
    bars = [Bar(f"{line.label} ({line.removed})", line.removed.percent or 0) for line in lines[:10]]
    return {"title": title, "bars": bars}


def _table(title: str, name: str, lines: list[Line]) -> dict[str, object]:
    rows = [
        {
            "line": line,
            "shares": [_share(rate) for rate in (line.removed, line.answered, line.refused)],
            "median": figures.in_words(line.until_removed.median),
            "p90": figures.in_words(line.until_removed.p90),
        }
        for line in lines
    ]
    return {"title": title, "name": name, "rows": rows}


def _share(rate: Rate) -> str:
    return f"{rate.percent} %" if rate.percent is not None else "none"
