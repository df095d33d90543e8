"""The states of sources, runs and restricted pictures, and the steps between them."""

from django.db.models import TextChoices

from accounts.transitions import Transitions


class SourceState(TextChoices):
    """`active ⇄ paused`. A paused source is neither crawled nor asked for anything else."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"


SOURCE: Transitions = {
    SourceState.ACTIVE: frozenset({SourceState.PAUSED}),
    SourceState.PAUSED: frozenset({SourceState.ACTIVE}),
}


class RunState(TextChoices):
    """`running ⇄ paused`, then `finished` or `failed`; `interrupted` is a run whose process was stopped or died.

    A paused or interrupted run keeps its frontier and may go on.
    """

    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


RUN: Transitions = {
    RunState.RUNNING: frozenset({RunState.PAUSED, RunState.FINISHED, RunState.FAILED, RunState.INTERRUPTED}),
    RunState.PAUSED: frozenset({RunState.RUNNING, RunState.INTERRUPTED}),
    RunState.INTERRUPTED: frozenset({RunState.RUNNING}),
}


class RestrictedState(TextChoices):
    """`open → reported → closed`, or closed at once where it proved to be nothing to report."""

    OPEN = "open", "To be dealt with"
    REPORTED = "reported", "Reported"
    CLOSED = "closed", "Closed"


RESTRICTED: Transitions = {
    RestrictedState.OPEN: frozenset({RestrictedState.REPORTED, RestrictedState.CLOSED}),
    RestrictedState.REPORTED: frozenset({RestrictedState.CLOSED}),
}
