"""What this app holds about people, and when it goes."""

from accounts.retention import Holding, register

register(
    Holding(
        "Alerts",
        "Which matches we told you of and when, so that we tell you once.",
        "as long as the match",
    )
)
