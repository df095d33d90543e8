"""What runs every minute. Each task may run twice, or at the same time as another of its kind."""

import logging

from celery import shared_task

from accounts.tickets.mailboxes import MailboxTrouble
from alerts import raising
from alerts.tasks import raise_matches
from takedowns import delisting, delivery, escalation, figures, relapse, verification, watch, workflow
from takedowns.contacts import clusters
from takedowns.mail import counter, inbox

logger = logging.getLogger(__name__)


@shared_task(name="takedowns.screen_relapses")
def screen_relapses() -> None:
    """Compare new matches and places with what was removed. What is left of them is told at once."""
    relapse.screen_new_matches()
    if raising.waits():
        raise_matches.delay()


@shared_task(name="takedowns.prepare_case")
def prepare_case(case_id: str) -> None:
    """Collect evidence and contacts for a case that was just opened, and draft its letters."""
    for case in workflow.unprepared().filter(pk=case_id):
        workflow.prepare_or_ask(case)


@shared_task(name="takedowns.prepare_cases")
def prepare_cases() -> None:
    """Go on with cases whose preparation died half-way."""
    workflow.prepare_abandoned()


@shared_task(name="takedowns.send_approved")
def send_approved() -> None:
    """Send what is approved; put sends that died half-way on a person's desk."""
    delivery.sweep_stuck_sends()
    delivery.send_approved()


@shared_task(name="takedowns.clock")
def clock() -> None:
    """Remind operators, take the next step where nobody acted, and watch the time of counter-notices."""
    counter.warn_due()
    escalation.remind_due()
    escalation.escalate_due()


@shared_task(name="takedowns.verify_due")
def verify_due() -> None:
    """Look at every place whose time has come."""
    verification.verify_due()


@shared_task(name="takedowns.clusters")
def settle_clusters() -> None:
    """Work out anew which operators belong together, where two workers learnt of one thing at once."""
    clusters.settle_all()


@shared_task(name="takedowns.read_mail")
def read_mail() -> None:
    """Answers become letters of their cases; who has to hear of a counter-notice does."""
    counter.inform_due()
    try:
        inbox.read_mail()
    except MailboxTrouble as trouble:
        logger.error("%s", trouble)


@shared_task(name="takedowns.watch")
def look_around() -> None:
    """Look for removed pictures on their operators' other hosts, and list what engines should have forgotten."""
    watch.look_around()
    delisting.open_rows()


@shared_task(name="takedowns.figures")
def count_figures() -> None:
    """Count what the figures page shows."""
    for period in figures.PERIODS:
        figures.count(period)
