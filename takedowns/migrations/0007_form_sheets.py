import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _taken_by() -> models.ForeignKey:
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
    )


class Migration(migrations.Migration):
    dependencies = [
        ("takedowns", "0006_queue_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        operation
        for model in ("notice", "followup")
        for operation in (
            migrations.AddField(model_name=model, name="taken_at", field=models.DateTimeField(null=True)),
            migrations.AddField(model_name=model, name="taken_by", field=_taken_by()),
        )
    ]
