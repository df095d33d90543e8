from django.db import migrations


def pause_inactive(apps, editor):
    apps.get_model("crawler", "Source").objects.filter(active=False).update(state="paused")


class Migration(migrations.Migration):
    dependencies = [("crawler", "0003_sources_pages_and_lists")]
    operations = [
        migrations.RunPython(pause_inactive, migrations.RunPython.noop),
    ]
