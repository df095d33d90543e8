"""What this app holds about people, and when it goes."""

from accounts.retention import Holding, register

register(
    Holding(
        "Your account",
        "Your e-mail address and name, so that you can sign in and we can write to you.",
        "until you ask us to delete it",
    ),
    Holding("Consents", "What you agreed to, in which words, and when.", "as long as your account"),
    Holding(
        "Audit trail",
        "Who did what and when, by number and without content, so that nobody can look at your data unseen.",
        "as long as this service runs; it names nobody",
    ),
)
