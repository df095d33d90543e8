"""What the pages of all four sites share."""

from collections.abc import Mapping

from demo.sites import HTML, JPEG, TEXT, Resource

Content = dict[str, Resource]
Origins = Mapping[str, str]
"""Site name (`blog`, `photos`, `forum`, `copies`) to its `http://host:port`, for links between sites."""


def document(title: str, style: str, body: str, head: str = "") -> Resource:
    """A complete page. `title`, `style`, `body` and `head` are markup, written by us."""
    return Resource(
        HTML,
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}<style>
* {{ box-sizing: border-box }}
body {{ margin: 0 }}
img {{ max-width: 100%; height: auto; vertical-align: top }}
{style.strip()}
</style>
</head>
<body>
{body.strip()}
</body>
</html>
""".encode(),
    )


def robots(*disallowed: str, sitemap: str = "") -> Resource:
    closed = "".join(f"Disallow: {path}\n" for path in disallowed) or "Disallow:\n"
    lines = f"User-agent: *\n{closed}" + (f"\nSitemap: {sitemap}\n" if sitemap else "")
    return Resource(TEXT, lines.encode())


def pictures(folder: str, names: list[str], available: Mapping[str, bytes]) -> Content:
    return {f"{folder}/{name}": Resource(JPEG, available[name]) for name in names}
