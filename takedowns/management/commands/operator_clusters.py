"""`manage.py operator_clusters`: work out anew which operators belong together."""

from typing import Any

from config.commands import OperatorCommand
from takedowns.contacts import clusters
from takedowns.models import Operator


class Command(OperatorCommand):
    help = "Work out anew, from what is known of them, which operators belong together."

    def handle(self, *_args: Any, **_options: Any) -> None:
        document = {"clusters": clusters.settle_all(), "operators": Operator.objects.exclude(cluster=None).count()}
        self.emit(document, ["Clusters", "Operators in one"], [list(document.values())])
