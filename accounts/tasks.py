"""Work that goes on by itself."""

from celery import shared_task

from accounts import retention
from accounts.billing import grants, sync
from accounts.billing.forgetting import forget_customer as forget_customer  # a task, too
from accounts.policies import telling, versions
from accounts.rights import selfaudit
from accounts.tickets.tasks import deadlines as deadlines  # tasks, too
from accounts.tickets.tasks import inbox as inbox


@shared_task(name="accounts.sweep")
def sweep() -> None:
    """Delete what is past its time."""
    retention.sweep()


@shared_task(name="accounts.self_audit")
def self_audit() -> None:
    """Once a day: is anything kept too long, is the audit trail whole?"""
    selfaudit.run()


@shared_task(name="accounts.publish_policies")
def publish_policies() -> None:
    """Publish policies that are new, and write to the people whom they concern."""
    versions.publish()
    telling.tell()


@shared_task(name="accounts.plans")
def plans() -> None:
    """End plans that are over, and ask about paid ones of which no word came."""
    grants.lapse()
    sync.sync_due()
