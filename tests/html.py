"""What a browser would make of a page, as far as tests ask."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
    "use",
    "path",
}
# Attributes by which a page makes the browser ask a server for something, or send something to one.
LOADS = {"src", "srcset", "poster", "data", "action", "formaction", "background", "hx-get", "hx-post", "manifest"}


@dataclass
class Tag:
    name: str
    attributes: dict[str, str]
    inside: tuple[str, ...]

    def has_class(self, name: str) -> bool:
        return name in self.attributes.get("class", "").split()


@dataclass
class _Reader(HTMLParser):
    tags: list[Tag] = field(default_factory=list)
    text: list[tuple[str, str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}, tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.text.append((self.open[-1] if self.open else "", data))


class Page:
    """A parsed page."""

    def __init__(self, html: str) -> None:
        reader = _Reader()
        reader.feed(html)
        self.tags = reader.tags
        self.text = reader.text

    def all(self, *names: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name in names]

    def inline(self) -> list[str]:
        """Everything that a strict content security policy would block: inline scripts, styles and handlers."""
        found = [
            f"{tag.name} {name}" for tag in self.tags for name in tag.attributes if name == "style" or name[:2] == "on"
        ]
        found += [f"{tag.name} hx-on" for tag in self.tags for name in tag.attributes if name.startswith("hx-on")]
        found += [f"<{name}> with text" for name, text in self.text if name in {"script", "style"} and text.strip()]
        found += [
            value
            for tag in self.tags
            for value in tag.attributes.values()
            if value.strip().lower().startswith("javascript:")
        ]
        return found

    def loaded(self) -> list[str]:
        """Every address that the page loads from or sends to by itself; links to follow are not among them."""
        found = [value for tag in self.tags for name, value in tag.attributes.items() if name in LOADS and value]
        found += [tag.attributes.get("href", "") for tag in self.all("link", "use", "image", "base")]
        return found

    def unlabelled(self) -> list[str]:
        """Controls that a screen reader could not name."""
        labels = {tag.attributes.get("for", "") for tag in self.all("label")}
        return [
            tag.attributes.get("name", tag.name)
            for tag in self.all("input", "select", "textarea")
            if tag.attributes.get("type") not in {"hidden", "submit"}
            and tag.attributes.get("id") not in labels
            and "label" not in tag.inside
            and not {"aria-label", "aria-labelledby"} & set(tag.attributes)
        ]
