"""When mails may go: for every zone and every wish, in no quiet hour, below the ceiling, and no later than that."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.models import User
from accounts.regions import choices
from alerts import rules, timing, zones
from alerts.models import AlertRule
from alerts.timing import Wishes, after_quiet, is_quiet, next_digest, next_mail_at

# Half an hour and three quarters off, changes of clocks of half an hour and over midnight, and a day that never was.
ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana"),
    *("Pacific/Apia", "America/Asuncion", "Africa/Casablanca", "Asia/Kolkata"),
]
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
HOURS = st.integers(0, 23)
WISHES = st.builds(
    Wishes,
    cadence=st.sampled_from([timing.AT_ONCE, timing.DAILY, timing.WEEKLY]),
    hour=HOURS,
    weekday=st.integers(0, 6),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    quiet_from=HOURS,
    quiet_until=HOURS,
)
SETTLE = timedelta(minutes=5)


def wishes(cadence: str = timing.AT_ONCE, zone: str = "Europe/Berlin", **also: int) -> Wishes:
    chosen = {"hour": 9, "weekday": 0, "quiet_from": 21, "quiet_until": 8} | also
    return Wishes(cadence, zone=ZoneInfo(zone), **chosen)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def mail_at(wish: Wishes, waiting: datetime, urgent: datetime | None, sent: list[datetime], **also: int) -> datetime:
    ceilings = {"per_day": 3, "per_week": 10} | also
    return next_mail_at(wish, first_waiting=waiting, first_urgent=urgent, sent=sent, settle=SETTLE, **ceilings)


def test_what_cannot_wait_goes_when_it_has_settled() -> None:
    assert mail_at(wishes(), at("2026-03-02 12:00"), at("2026-03-02 14:00"), []) == at("2026-03-02 14:05")


def test_what_can_wait_goes_at_the_hour_of_the_digest() -> None:
    assert mail_at(wishes(), at("2026-03-02 12:00"), None, []) == at("2026-03-03 09:00")


def test_daily_and_weekly_mail_waits_for_its_hour_and_day() -> None:
    thursday = at("2026-03-05 09:01")
    assert mail_at(wishes(timing.DAILY), thursday, thursday, []) == at("2026-03-06 09:00")
    assert mail_at(wishes(timing.WEEKLY, weekday=2), thursday, thursday, []) == at("2026-03-11 09:00")


def test_at_night_it_waits_for_the_morning() -> None:
    late = at("2026-03-02 23:00")
    assert mail_at(wishes(), late, late, []) == at("2026-03-03 08:00")
    assert mail_at(wishes(), late, late, [], per_day=3) > late


def test_the_ceilings_hold_for_every_kind() -> None:
    noon = at("2026-03-05 12:00")
    today = [at("2026-03-05 09:00"), at("2026-03-05 10:00"), at("2026-03-05 11:00")]
    assert mail_at(wishes(), noon, noon, today) == at("2026-03-06 09:00")
    week = [at("2026-03-01 10:00") + number * timedelta(hours=9) for number in range(10)]
    assert mail_at(wishes(quiet_until=21), noon, noon, week) == at("2026-03-08 10:00")


def test_the_hour_that_the_clocks_skip_is_not_lost_and_the_one_that_comes_twice_comes_once() -> None:
    """Berlin: on 29 March from 2 to 3, on 25 October from 3 back to 2."""
    wish = wishes(timing.DAILY, hour=2, quiet_from=0, quiet_until=0)
    assert next_digest(at("2026-03-28 12:00"), wish) == at("2026-03-29 03:00")
    first = next_digest(at("2026-10-24 12:00"), wish)
    assert first == at("2026-10-25 02:00")
    assert next_digest(first + timedelta(seconds=1), wish) == at("2026-10-26 02:00")


@given(MOMENTS, WISHES)
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), wishes(quiet_from=2, quiet_until=3))
@example(datetime(2011, 12, 30, 9, 0, tzinfo=UTC), wishes(zone="Pacific/Apia"))
def test_quiet_hours_end_in_less_than_two_days_and_never_in_quiet_hours(moment: datetime, wish: Wishes) -> None:
    end = after_quiet(moment, wish)
    assert moment <= end <= moment + timedelta(hours=48)
    assert not is_quiet(end, wish)
    assert after_quiet(end, wish) == end


@given(MOMENTS, WISHES)
def test_digests_come_once_a_day_or_once_a_week(moment: datetime, wish: Wishes) -> None:
    first = next_digest(moment, wish)
    period = timedelta(days=7 if wish.cadence == timing.WEEKLY else 1)
    assert moment <= first <= moment + period + timedelta(hours=25)
    second = next_digest(first + timedelta(seconds=1), wish)
    assert abs(second - first - period) <= timedelta(hours=25)
    assert next_digest(first, wish) == first


MAILS = st.lists(st.integers(0, 7 * 24 * 60), max_size=30)


@given(MOMENTS, st.integers(0, 10_000), st.booleans(), MAILS, st.integers(1, 5), st.integers(1, 12), WISHES)
def test_never_quiet_never_above_the_ceiling_and_not_a_minute_later_than_needed(
    waiting: datetime, later: int, urgent: bool, minutes: list[int], per_day: int, per_week: int, wish: Wishes
) -> None:
    sent = [waiting - timedelta(minutes=number) for number in minutes]
    since = waiting + timedelta(minutes=later) if urgent else None
    found = mail_at(wish, waiting, since, sent, per_day=per_day, per_week=per_week)
    assert not is_quiet(found, wish)
    assert _below(found, sent, per_day, per_week)
    # A minute earlier, and hours earlier, something was in the way.
    wanted = mail_at(wish, waiting, since, [], per_day=per_day, per_week=per_week)
    for earlier in [timedelta(minutes=1), *(timedelta(hours=hours) for hours in range(1, 24, 3))]:
        moment = found - earlier
        assert moment < wanted or is_quiet(moment, wish) or not _below(moment, sent, per_day, per_week)


@given(MOMENTS, st.integers(0, 10_000), MAILS, WISHES)
def test_more_mails_before_or_a_later_beginning_never_make_it_sooner(
    waiting: datetime, later: int, minutes: list[int], wish: Wishes
) -> None:
    sent = [waiting - timedelta(minutes=number) for number in minutes]
    found = mail_at(wish, waiting, waiting, sent)
    assert mail_at(wish, waiting, waiting, [*sent, waiting]) >= found
    after = waiting + timedelta(minutes=later)
    assert mail_at(wish, after, after, sent) >= found


@given(MOMENTS, WISHES, st.integers(0, 100_000))
def test_after_an_outage_it_is_now_or_the_end_of_quiet_hours(moment: datetime, wish: Wishes, minutes: int) -> None:
    ceilings = {"settle": SETTLE, "per_day": 3, "per_week": 10}
    now = moment + timedelta(minutes=minutes)
    found = next_mail_at(wish, first_waiting=moment, first_urgent=moment, sent=[], not_before=now, **ceilings)
    assert found >= now
    assert not is_quiet(found, wish)


def _below(moment: datetime, sent: list[datetime], per_day: int, per_week: int) -> bool:
    """One more mail is allowed then."""
    spans = ((per_day, timedelta(days=1)), (per_week, timedelta(days=7)))
    return all(sum(mail > moment - span for mail in sent) < most for most, span in spans)


# --- Where somebody lives ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        *(("DE", "Europe/Berlin"), ("ES", "Europe/Madrid"), ("RU", "Europe/Moscow"), ("AU", "Australia/Sydney")),
        *(("US", "America/New_York"), ("US-IL", "America/Chicago"), ("US-NY", "America/New_York")),
        ("CA-QC", "America/Toronto"),
    ],
)
def test_the_usual_zone_of_a_region(region: str, zone: str) -> None:
    assert zones.of_region(region) == ZoneInfo(zone)


def test_nearly_every_place_that_one_can_live_in_has_a_zone() -> None:
    assert {code for code, _ in choices() if zones.of_region(code) is None} <= {"BV", "HM", "XK"}


def test_the_chosen_zone_counts_then_the_region_then_none() -> None:
    user = User(region="DE")
    assert rules.zone(AlertRule(user=user, time_zone="Asia/Tokyo")) == ZoneInfo("Asia/Tokyo")
    assert rules.zone(AlertRule(user=user)) == ZoneInfo("Europe/Berlin")
    assert rules.zone(AlertRule(user=User())) == ZoneInfo("UTC")
    for broken in ("No/Where", "../../etc/passwd", "Europe", "\0"):
        assert rules.zone(AlertRule(user=user, time_zone=broken)) == ZoneInfo("Europe/Berlin")
