"""When an answer is due and when we look again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns.deadlines import CLOCKS, due_at, next_check, next_watch

SENT = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("ground", "intimate", "due"),
    [
        ("take_it_down", True, datetime(2026, 5, 6, 10, 30, tzinfo=UTC)),
        ("dmca_512c", False, datetime(2026, 5, 7, 10, 30, tzinfo=UTC)),
        ("dmca_512c", True, datetime(2026, 5, 5, 10, 30, tzinfo=UTC)),
        ("gdpr_erasure", False, datetime(2026, 6, 4, 10, 30, tzinfo=UTC)),
        ("host_policy", True, datetime(2026, 5, 5, 10, 30, tzinfo=UTC)),
    ],
)
def test_due(ground: str, intimate: bool, due: datetime) -> None:
    assert due_at(ground, SENT, intimate=intimate) == due


def test_a_month_from_the_31st_ends_with_the_next_month() -> None:
    # 28 February 2027 is a Sunday, so the period runs to the end of Monday.
    assert due_at("gdpr_erasure", datetime(2027, 1, 31, 9, tzinfo=UTC)) == datetime(2027, 3, 1, 23, 59, 59, tzinfo=UTC)


def test_a_holiday_moves_the_end_of_a_legal_month() -> None:
    due = due_at("gdpr_erasure", SENT, holidays=[date(2026, 6, 4), date(2026, 6, 5)])
    assert due.date() == date(2026, 6, 8)


@given(st.sampled_from(sorted(CLOCKS)), moments, st.booleans())
def test_due_is_always_later_and_a_legal_clock_never_shorter_for_intimate_pictures(
    ground: str, sent: datetime, intimate: bool
) -> None:
    due = due_at(ground, sent, intimate=intimate)
    assert due > sent
    assert due_at(ground, sent, intimate=True) <= due_at(ground, sent, intimate=False)
    if CLOCKS[ground].by_law:
        assert due_at(ground, sent, intimate=True) == due_at(ground, sent, intimate=False)


def test_checks_after_1_3_7_14_and_30_days_and_then_every_30() -> None:
    now, looked = SENT, []
    for _ in range(7):
        now = next_check(SENT, now, DAY)
        looked.append((now - SENT).days)
    assert looked == [1, 3, 7, 14, 30, 60, 90]


def test_the_watch_is_weekly_then_monthly_and_ends_after_a_year() -> None:
    assert next_watch(SENT, SENT, DAY) == SENT + 7 * DAY
    assert next_watch(SENT, SENT + 100 * DAY, DAY) == SENT + 130 * DAY
    assert next_watch(SENT, SENT + 366 * DAY, DAY) is None
