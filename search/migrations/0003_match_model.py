from django.db import migrations
from django.db.models import FloatField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

_GOOD = 10.0


def fill(apps, schema_editor):
    """Until now every match was of the model that its picture was measured with, and said how clear its face was."""
    face = apps.get_model("search", "Face").objects.filter(pk=OuterRef("face"))
    image = apps.get_model("search", "Image").objects.filter(pk=OuterRef("image"))
    length = Subquery(face.values("quality_length"), output_field=FloatField())
    apps.get_model("search", "Match").objects.filter(model_id="").update(
        model_id=Subquery(image.values("model_id")), quality_length=Coalesce(length, Value(_GOOD))
    )


class Migration(migrations.Migration):
    dependencies = [("search", "0002_gallery_modes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
