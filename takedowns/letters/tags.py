"""The template tags of the letters that the software carries: conditions, lists and the language's own partials."""

from django.template import Library
from django.template.defaulttags import do_for, do_if
from django.template.loader_tags import do_include

register = Library()
register.tag("if", do_if)
register.tag("for", do_for)
register.tag("include", do_include)
