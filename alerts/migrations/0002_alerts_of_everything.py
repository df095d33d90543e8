"""One mail is a digest, an alert may be about more than a match, and a rule says more than yes or no: columns."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("alert", "alert_once_per_match"),
        migrations.RemoveIndex("alert", "alert_waiting"),
        migrations.RenameModel("DeliveryAttempt", "Digest"),
        migrations.RenameField("alert", "attempt", "digest"),
        migrations.RenameField("digest", "outcome", "state"),
        migrations.AddField("digest", "return_token", models.CharField(max_length=40, null=True)),
        migrations.AddField("digest", "recipient", models.EmailField(blank=True, default="", max_length=254)),
        migrations.AddField(
            "alert",
            "user",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alerts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("alert", "kind", models.CharField(default="match", max_length=20)),
        migrations.AddField("alert", "key", models.CharField(default="", max_length=100)),
        migrations.AddField("alert", "case", models.UUIDField(null=True)),
        migrations.AlterField(
            "alert",
            "match",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="search.match"),
        ),
        migrations.AddField("alert", "matches", models.ManyToManyField(related_name="alerts", to="search.match")),
        migrations.AddField("alertrule", "mail_since", models.DateTimeField(null=True)),
    ]
