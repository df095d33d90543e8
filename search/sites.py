"""What a person calls a site: the host of a page, without its `www.`."""

from urllib.parse import urlsplit


def site_of(url: str) -> str:
    """`https://www.shop.example/a` is on `shop.example`. Empty where the address names no host.

    Not the registrable domain: whoever leaves one blog alone has said nothing about its neighbours.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")[:255]
