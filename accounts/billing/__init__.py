"""Plans and money.

`plans` says who has what, `grants` is the provider for installations that sell nothing, and `payments`, `sync` and
`webhooks` are Stripe's.
"""
