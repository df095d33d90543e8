"""Indexes for the lists of a person with very many matches."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0009_sites_of_sightings")]
    operations = [
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", False)), fields=["id"], name="image_withdrawn"
            ),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(
                fields=["subject", "state", "decision", "-created_at", "id", "image"], name="match_by_age"
            ),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(
                fields=["subject", "state", "decision", "band", "-score", "id", "image"], name="match_by_sureness"
            ),
        ),
    ]
