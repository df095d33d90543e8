from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0004_ways_to_hear_of_alerts")]

    operations = [migrations.AddField("pushbrowser", "told_at", models.JSONField(default=list))]
