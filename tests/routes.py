"""Every route of the installation, read from the URL table, so that tests over them grow by themselves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

OUR_APPS = {"accounts", "crawler", "search", "alerts", "takedowns", "vault", "portal", "demo", "config"}


@dataclass(frozen=True)
class Route:
    """One entry of the URL table. `names` are the arguments it takes from the path."""

    name: str
    names: tuple[str, ...]
    view: Callable[..., Any]

    @property
    def ours(self) -> bool:
        return self.view.__module__.split(".")[0] in OUR_APPS

    @property
    def audience(self) -> str:
        return str(getattr(self.view, "audience", ""))

    def url(self, **arguments: object) -> str:
        return reverse(self.name, kwargs=arguments)


def routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, ()))


def ours() -> list[Route]:
    return [route for route in routes() if route.ours]


def _walk(patterns: list[URLPattern | URLResolver], namespaces: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, inner)
        else:
            name = ":".join((*namespaces, pattern.name or ""))
            yield Route(name, tuple(pattern.pattern.regex.groupindex), pattern.callback)
