"""Everything that comes in: mail is read, put to a case, sorted, and what follows from it is done.

`inbox` takes mail from the mailbox and from the webhook, `matching` finds the case, `accounts.bounces` and `classify`
say what it is, `effects` does what follows, `counter` is about counter-notices, `orphans` about mail without a case.
"""
