"""What was told stays told."""

import secrets

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    digests = apps.get_model("alerts", "Digest")
    digests.objects.exclude(state="sent").update(state="waiting", error="")
    for digest in digests.objects.iterator():
        digests.objects.filter(pk=digest.pk).update(return_token=secrets.token_hex(16))
    alerts = apps.get_model("alerts", "Alert")
    for alert in alerts.objects.select_related("rule").iterator():
        alerts.objects.filter(pk=alert.pk).update(user=alert.rule.user_id, key=f"match:{alert.match_id}")
        alert.matches.add(alert.match_id)
    rules = apps.get_model("alerts", "AlertRule")
    for rule in rules.objects.filter(active=True).select_related("user").iterator():
        rules.objects.filter(pk=rule.pk).update(mail_since=rule.user.date_joined)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_alerts_of_everything")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
