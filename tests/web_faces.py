"""A site whose pictures are photos of people, as copies of them turn up: how many faces there are is known."""

from tests import photos
from tests.sites import Reply, page
from tests.web import Truth

# How a photo turns up: name, what was done to it, how many faces can be seen.
COPIES: dict[str, tuple[photos.Rgb, int]] = {
    "astronaut": (photos.astronaut(), 1),
    "mirrored": (photos.mirrored(photos.astronaut()), 1),
    "small": (photos.resized(photos.astronaut(), 0.4), 1),
    "cropped": (photos.cropped(photos.astronaut()), 1),
    "grey": (photos.grey(photos.hopper()), 1),
    "recoloured": (photos.recoloured(photos.hopper()), 1),
    "reencoded": (photos.reencoded(photos.hopper()), 1),
    "group": (photos.group(), 6),
    "beside": (photos.beside(photos.astronaut(), photos.coffee(), photos.hopper()), 2),
    "coffee": (photos.coffee(), 0),
}
FACES = sum(faces for _pixels, faces in COPIES.values())


def show(truth: Truth) -> None:
    """One page for each way, and a page that shows three of them again from elsewhere."""
    routes = truth.routes
    ways = (
        '<img src="{0}">',
        '<img data-src="{0}">',
        '<a href="{0}">full size</a>',
        '<div style="background-image:url({0})"></div>',
        '<picture><source srcset="{0} 2000w"></picture>',
        '<video poster="{0}"></video>',
        '<noscript><img src="{0}"></noscript>',
    )
    for number, (name, (pixels, _faces)) in enumerate(COPIES.items()):
        data = photos.jpeg(pixels)
        routes[f"/{name}.jpg"] = Reply(data, "image/jpeg")
        routes[f"/{name}"] = page(ways[number % len(ways)].format(f"/{name}.jpg"), f"<title>{name}</title>")
        truth.expect(data, name)
    again = "".join(f'<img src="/copy/{name}.jpg"><img src="/{name}.jpg">' for name in ("astronaut", "group", "coffee"))
    for name in ("astronaut", "group", "coffee"):
        routes[f"/copy/{name}.jpg"] = routes[f"/{name}.jpg"]
    routes["/again"] = page(again)
    routes["/"] = page("".join(f'<a href="/{name}">{name}</a>' for name in (*COPIES, "again")))
