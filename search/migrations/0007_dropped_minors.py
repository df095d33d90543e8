from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0006_opt_outs_in_effect")]
    operations = [
        migrations.AddField(
            model_name="crawlvolume",
            name="minors",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
