from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crawler", "0004_pause_inactive")]
    operations = [
        migrations.RemoveField(model_name="source", name="active"),
    ]
