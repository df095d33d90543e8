"""What is held, why, and for how long: one registry, which the sweep and the privacy page both read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Holding:
    """One kind of data. `sweep` deletes what is past its time and returns how much; None ends with its owner."""

    name: str
    why: str
    until: str
    sweep: Callable[[], int] | None = None


_registry: dict[str, Holding] = {}


def register(*holdings: Holding) -> None:
    """Called once by each app, when it starts."""
    for holding in holdings:
        _registry[holding.name] = holding


def holdings() -> Iterable[Holding]:
    """Everything that is held, in the order of the apps."""
    return tuple(_registry.values())


def sweep() -> dict[str, int]:
    """Delete all that is past its time. Returns how much, by name."""
    return {holding.name: holding.sweep() for holding in holdings() if holding.sweep}
