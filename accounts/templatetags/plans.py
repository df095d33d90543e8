"""What a page says about the reader's plan, before it bites."""

from django import template
from django.template import RequestContext

from accounts.access import signed_in
from accounts.billing import standing
from accounts.billing.plans import Feature, plan_of
from accounts.models import Plan

register = template.Library()


@register.simple_tag(takes_context=True)
def lacking(context: RequestContext, feature: str) -> Plan | None:
    """The plan that has this, where the reader's own has not; `{% lacking "watch" as needed %}`."""
    return standing.missing(signed_in(context.request), Feature(feature))


@register.simple_tag(takes_context=True)
def my_plan(context: RequestContext) -> Plan:
    """The reader's plan."""
    return plan_of(signed_in(context.request))
