"""Who can take a place down, and where they take notices."""

from takedowns.contacts.choosing import Health, alternative, health
from takedowns.contacts.clusters import other_hosts
from takedowns.contacts.finding import Search, find, remember_host
from takedowns.contacts.lookups import policy

__all__ = ["Health", "Search", "alternative", "find", "health", "other_hosts", "policy", "remember_host"]
