import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Near-duplicates of a match's picture, how much was compared, and when new photos were asked for."""

    dependencies = [("search", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="CrawlVolume",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("pictures", models.PositiveBigIntegerField(default=0)),
                ("faces", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="enrolment",
            name="recapture_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="match",
            name="variants",
            field=models.ManyToManyField(related_name="variant_of", to="search.image"),
        ),
        migrations.AddField(
            model_name="match",
            name="model_id",
            field=models.CharField(max_length=80, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="match",
            name="quality_length",
            field=models.FloatField(default=0.0),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="image",
            name="last_seen",
            field=models.DateTimeField(db_index=True, default=django.utils.timezone.now),
        ),
    ]
