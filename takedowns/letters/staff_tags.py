"""The only template tags that staff can use in the text of a letter: conditions, and the language's own partials.

There are no loops, no filters and no way to another file: what a letter lists is in the partials.
"""

from django.template import Context, Library, Node, TemplateSyntaxError
from django.template.base import Parser, Token
from django.template.defaulttags import do_if
from django.utils.safestring import SafeString

from takedowns.letters.rendering import engine

PARTIALS = ("_contact.txt", "_places.txt", "_urls.txt", "_asked_before.txt")

register = Library()
register.tag("if", do_if)


class PartialNode(Node):
    """A partial that the software carries, in the language of the letter."""

    def __init__(self, name: str) -> None:
        self.name = name

    def render(self, context: Context) -> SafeString:
        return engine(str(context["language"])).get_template(self.name).render(context)


@register.tag("include")
def do_include(parser: Parser, token: Token) -> PartialNode:
    """`{% include "_places.txt" %}`: the name of a partial, in quotes."""
    words = token.split_contents()
    names = {f'"{name}"': name for name in PARTIALS}
    if len(words) != 2 or words[1] not in names:
        raise TemplateSyntaxError(f"Only these can be included: {', '.join(names)}.")
    return PartialNode(names[words[1]])
