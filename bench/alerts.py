"""How fast alerts are made and mails leave: to a real mail server on loopback, from an installation of its own."""

from bench.installation import measured
from bench.tables import Table, Target

MAILS_WITHIN = 60
"""Seconds in which a mail for each of 1,000 people is to be handed over."""
TOLD_WITHIN = 2
"""Seconds from a match to the alert that webhooks, feeds and browsers show."""
GATHERED_WITHIN = 2
"""Seconds in which it is to be clear who of 10,000 gets a mail."""

Figures = dict[str, float]


def table(people: int) -> Table:
    """An installation of its own, filled, measured, and thrown away."""
    return as_table(people, measured("bench.alerts_world", people, DEFAULT_PLAN="protect", ALERT_SETTLE_SECONDS="0"))


def as_table(people: int, found: Figures) -> Table:
    made = Table(f"Alerts: {people:,} people with news", ["figure", "value", "target"])
    seconds, rate = found["sending"], found["mails"] / found["sending"]
    allowed = MAILS_WITHIN * people / 1000
    every = found["mails"] == people
    made.add(
        "a mail to each, from what waits to the last one handed over",
        f"{seconds:.1f} s ({rate:.0f} a second; {found['mails']:.0f} of {people})",
        Target(f"all within {allowed:g} s", every and seconds <= allowed),
    )
    made.add("of that, making the mails of what waits", f"{found['gathering']:.1f} s", "")
    for name, words in (("one", "one match becomes an alert"), ("hundred", "a hundred of one person do")):
        value = found[name]
        made.add(f"{words}, slowest of several", f"{value:.2f} s", Target(f"< {TOLD_WITHIN} s", value < TOLD_WITHIN))
    value = found["deciding"]
    target = Target(f"< {GATHERED_WITHIN} s", value < GATHERED_WITHIN)
    made.add("10,000 people with waiting alerts, and nobody's moment has come", f"{value:.2f} s", target)
    made.notes.append("Mails go at the rate of `MAILS_A_MINUTE`, by default 1,200. One process, on SQLite.")
    return made
