"""Signing in: second factors, sessions, presence, locks."""
