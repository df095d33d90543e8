"""What this app holds about people, and when it goes."""

from accounts.retention import Holding, register

register(
    Holding(
        "Mandate",
        "Your name, signature and, if you gave one, your address, sealed with your own key, to show who allowed "
        "us to write.",
        "as long as your account",
    ),
    Holding(
        "Cases",
        "What you asked to have removed, where it was, what you answered about it, what we found and did, and "
        "when. Of a picture that may show a minor nothing is kept but that answer.",
        "as long as your account",
    ),
    Holding(
        "Letters",
        "The notices we wrote for you. What was sent is kept sealed with your own key as well.",
        "as long as your account",
    ),
)
