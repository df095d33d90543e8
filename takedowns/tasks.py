"""What runs every minute. Each task may run twice, or at the same time as another of its kind."""

from celery import shared_task

from takedowns import delivery, relapse, verification, workflow


@shared_task(name="takedowns.screen_relapses")
def screen_relapses() -> None:
    """Compare new matches and places with what was removed."""
    relapse.screen_new_matches()


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


@shared_task(name="takedowns.verify_due")
def verify_due() -> None:
    """Look at every place whose time has come."""
    verification.verify_due()
