from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0005_when_browsers_were_told")]

    operations = [migrations.AddField("alert", "settled_at", models.DateTimeField(null=True))]
