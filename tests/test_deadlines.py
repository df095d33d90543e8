"""When an answer is due, when somebody is asked again, and when we look again."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns import deadlines
from takedowns.calendars import holidays_of
from takedowns.deadlines import (
    CLOCKS,
    add_working_days,
    counter_window,
    due_at,
    escalate_at,
    is_working_day,
    next_check,
    next_watch,
    next_working_day,
    pause,
    plan,
    remind_at,
    resume,
)
from takedowns.grounds import GROUNDS

SENT = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))
codes = st.sampled_from(sorted(CLOCKS))
# Free days close enough to matter to the day that a test is about.
free_days = st.frozensets(st.integers(0, 120), max_size=25)


def around(day: date, offsets: frozenset[int]) -> frozenset[date]:
    return frozenset(day + offset * DAY for offset in offsets)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


# --- Single dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ground", "intimate", "due", "escalate"),
    [
        ("take_it_down", True, utc(2026, 5, 6, 10, 30), utc(2026, 5, 6, 12, 30)),
        ("uk_intimate", True, utc(2026, 5, 5, 10, 30), utc(2026, 5, 6, 10, 30)),
        ("dmca_512c", False, utc(2026, 5, 7, 10, 30), utc(2026, 5, 11, 10, 30)),
        ("dmca_512c", True, utc(2026, 5, 5, 10, 30), utc(2026, 5, 6, 10, 30)),
        ("dsa_16", False, utc(2026, 5, 7, 10, 30), utc(2026, 5, 11, 10, 30)),
        ("gdpr_erasure", False, utc(2026, 6, 4, 23, 59, 59), utc(2026, 6, 4, 23, 59, 59)),
        ("eu_rtbf", True, utc(2026, 6, 4, 23, 59, 59), utc(2026, 6, 4, 23, 59, 59)),
        ("image_right", False, utc(2026, 5, 11, 10, 30), utc(2026, 5, 14, 10, 30)),
        ("owner_request", False, utc(2026, 5, 11, 10, 30), utc(2026, 5, 14, 10, 30)),
        ("ccpa_delete", False, utc(2026, 6, 18, 10, 30), utc(2026, 6, 18, 10, 30)),
        ("host_policy", True, utc(2026, 5, 5, 10, 30), utc(2026, 5, 6, 10, 30)),
        ("search_explicit", True, utc(2026, 5, 5, 10, 30), utc(2026, 5, 6, 10, 30)),
    ],
)
def test_due_and_the_next_step(ground: str, intimate: bool, due: datetime, escalate: datetime) -> None:
    assert due_at(ground, SENT, intimate=intimate) == due
    assert escalate_at(ground, SENT, intimate=intimate) == escalate


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        # The examples of the European Data Protection Board (Guidelines 01/2022, section 5.3) and of the ICO.
        (utc(2026, 3, 5, 9), date(2026, 4, 7)),  # 5 April is Easter Sunday, and Monday is a holiday
        (utc(2026, 8, 31, 9), date(2026, 9, 30)),
        (utc(2027, 1, 31, 9), date(2027, 3, 1)),  # 28 February is a Sunday
        (utc(2028, 1, 30, 9), date(2028, 2, 29)),
        (utc(2026, 11, 25, 9), date(2026, 12, 28)),  # Christmas Day, Boxing Day and a Sunday
    ],
)
def test_a_month_of_the_gdpr(sent: datetime, due: date) -> None:
    ends = due_at("gdpr_erasure", sent, holidays=holidays_of("DE", 2026, 2028))
    assert ends == datetime.combine(due, datetime.max.time().replace(microsecond=0), UTC)


def test_gdpr_reminder_on_day_21_and_two_more_months_if_they_say_why() -> None:
    assert remind_at("gdpr_erasure", SENT) == SENT + 21 * DAY
    assert deadlines.extended_until("gdpr_erasure", SENT) == utc(2026, 8, 4, 23, 59, 59)
    assert deadlines.extended_until("dmca_512c", SENT) is None


def test_a_receipt_under_the_ccpa_is_expected_within_ten_business_days() -> None:
    # 25 May is Memorial Day.
    assert remind_at("ccpa_delete", SENT, holidays=holidays_of("US", 2026, 2026)) == utc(2026, 5, 18, 10, 30)
    late = utc(2026, 5, 18, 10, 30)
    assert remind_at("ccpa_delete", late, holidays=holidays_of("US", 2026, 2026)) == utc(2026, 6, 2, 10, 30)


def test_every_clock_has_a_ground_and_says_what_it_rests_on() -> None:
    assert set(CLOCKS) == set(GROUNDS)
    for clock in CLOCKS.values():
        assert clock.basis
        assert clock.by_law != ("house rule" in clock.basis.lower() or "the letter sets" in clock.basis)


# --- All clocks --------------------------------------------------------------------------------------------


@given(codes, moments, st.booleans(), free_days)
def test_reminder_and_next_step_come_in_order(
    ground: str, sent: datetime, intimate: bool, offsets: frozenset[int]
) -> None:
    free = around(sent.date(), offsets)
    due, remind, escalate = (
        when(ground, sent, intimate=intimate, holidays=free) for when in (due_at, remind_at, escalate_at)
    )
    assert sent < due <= escalate
    assert sent < remind <= escalate


@given(codes, moments, st.timedeltas(timedelta(0), timedelta(days=60)), st.booleans(), free_days)
def test_what_is_sent_later_is_due_no_earlier(
    ground: str, sent: datetime, later: timedelta, intimate: bool, offsets: frozenset[int]
) -> None:
    free = around(sent.date(), offsets)
    for when in (due_at, remind_at, escalate_at):
        first = when(ground, sent, intimate=intimate, holidays=free)
        assert first <= when(ground, sent + later, intimate=intimate, holidays=free)
        assert first >= when(ground, sent, intimate=intimate), "a holiday never shortens a time"


@given(codes, moments)
def test_an_intimate_picture_shortens_house_rules_and_no_time_of_law(ground: str, sent: datetime) -> None:
    for when in (due_at, remind_at, escalate_at):
        intimate, ordinary = when(ground, sent, intimate=True), when(ground, sent)
        assert intimate == ordinary if CLOCKS[ground].by_law else intimate <= ordinary


@given(codes, moments, free_days)
def test_a_time_of_eu_law_never_ends_on_a_free_day_and_always_with_its_last_hour(
    ground: str, sent: datetime, offsets: frozenset[int]
) -> None:
    free = around(sent.date(), offsets)
    if CLOCKS[ground].ends_on_working_day:
        for end in (due_at(ground, sent, holidays=free), escalate_at(ground, sent, holidays=free)):
            assert is_working_day(end.date(), free)
            assert (end.hour, end.minute) == (23, 59)


@given(codes, moments, st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia"]))
def test_the_zone_and_its_summer_time_change_nothing(ground: str, sent: datetime, zone: str) -> None:
    local = sent.astimezone(ZoneInfo(zone))
    for when in (due_at, remind_at, escalate_at):
        assert when(ground, local) == when(ground, sent)
        assert when(ground, local).tzinfo is UTC


@given(codes, moments)
def test_times_in_hours_are_exact(ground: str, sent: datetime) -> None:
    clock = CLOCKS[ground]
    if not clock.ends_on_working_day:
        assert due_at(ground, sent) - sent == timedelta(hours=clock.answer.hours)


def test_an_instant_needs_a_zone() -> None:
    with pytest.raises(ValueError):
        due_at("dmca_512c", datetime(2026, 5, 4))  # noqa: DTZ001


# --- Our turn and theirs -----------------------------------------------------------------------------------


@given(moments, st.timedeltas(-30 * DAY, 30 * DAY), st.timedeltas(timedelta(0), 400 * DAY))
def test_what_was_left_is_left_after_a_pause(due: datetime, before: timedelta, paused: timedelta) -> None:
    stopped = due - before
    left = pause(due, stopped)
    again = resume(due, left, stopped + paused)
    assert again is not None
    assert again - (stopped + paused) == left == max(before, timedelta(0))
    if before >= timedelta(0):
        assert again - due == paused


def test_what_did_not_stand_still_is_not_moved() -> None:
    assert resume(SENT, None, SENT + 9 * DAY) == SENT
    assert resume(None, None, SENT) is None


@given(codes, moments, st.timedeltas(timedelta(0), 90 * DAY), st.booleans())
def test_a_pause_moves_every_date_of_a_notice(ground: str, sent: datetime, paused: timedelta, intimate: bool) -> None:
    first = plan(ground, sent, intimate=intimate)
    assert first == deadlines.Plan(
        due_at(ground, sent, intimate=intimate),
        remind_at(ground, sent, intimate=intimate),
        escalate_at(ground, sent, intimate=intimate),
    )
    then = plan(ground, sent, due_at=first.due_at + paused, intimate=intimate)
    assert [then.due_at - first.due_at, then.remind_at - first.remind_at, then.escalate_at - first.escalate_at] == [
        paused
    ] * 3


@given(codes, moments, st.timedeltas(timedelta(0), 90 * DAY))
def test_nobody_is_asked_again_before_the_date_they_promised(ground: str, sent: datetime, after: timedelta) -> None:
    promised = sent + after
    then, first = plan(ground, sent, promised_until=promised), plan(ground, sent)
    assert then.due_at == max(first.due_at, promised)
    assert then.remind_at == max(first.remind_at, promised)
    assert then.escalate_at == max(first.escalate_at, promised)


# --- Working days ------------------------------------------------------------------------------------------


@given(days, st.integers(0, 40), free_days)
def test_counting_working_days(day: date, number: int, offsets: frozenset[int]) -> None:
    free = around(day, offsets)
    end = add_working_days(day, number, free)
    between = [day + step * DAY for step in range(1, (end - day).days + 1)]
    assert sum(is_working_day(one, free) for one in between) == number
    assert number == 0 or is_working_day(end, free)
    assert add_working_days(day, number + 1, free) > end


@given(days, free_days)
def test_the_next_working_day_is_the_first_one(day: date, offsets: frozenset[int]) -> None:
    free = around(day, offsets)
    found = next_working_day(day, free)
    assert is_working_day(found, free)
    assert not any(is_working_day(day + step * DAY, free) for step in range((found - day).days))


def test_working_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError):
        add_working_days(date(2026, 5, 4), -1)


@pytest.mark.parametrize(
    ("received", "opens", "ends"),
    [
        (date(2026, 5, 4), date(2026, 5, 18), date(2026, 5, 22)),
        (date(2026, 5, 15), date(2026, 6, 1), date(2026, 6, 5)),  # Memorial Day
        (date(2026, 6, 26), date(2026, 7, 13), date(2026, 7, 17)),  # 4 July is a Saturday, so Friday is free
        (date(2026, 11, 21), date(2026, 12, 7), date(2026, 12, 11)),  # got on a Saturday; Thanksgiving
        (date(2027, 12, 20), date(2028, 1, 5), date(2028, 1, 11)),  # Christmas and New Year on Saturdays
    ],
)
def test_the_window_after_a_counter_notice(received: date, opens: date, ends: date) -> None:
    assert counter_window(received, holidays_of("US", received.year, received.year + 1)) == (opens, ends)


@given(days)
def test_the_window_after_a_counter_notice_stays_near_the_day(received: date) -> None:
    free = holidays_of("US", received.year, received.year + 1)
    opens, ends = counter_window(received, free)
    assert is_working_day(opens, free) and is_working_day(ends, free)
    assert 12 <= (opens - received).days <= 20
    assert 4 <= (ends - opens).days <= 10


# --- Looking -----------------------------------------------------------------------------------------------


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
