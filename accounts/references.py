"""References that people read out on the telephone."""

import secrets

# No vowels and no look-alikes.
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"


def reference(prefix: str, length: int = 8) -> str:
    """A reference such as `FW-7K2M9QXD`: eight characters are 38 bits; unique only where the database says so."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(length))
