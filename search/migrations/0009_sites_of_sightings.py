"""Where known pictures were seen, by site."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from search.sites import site_of

_BATCH = 1000


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    sightings = apps.get_model("search", "Sighting")
    while rows := list(sightings.objects.filter(site="").exclude(page_url="").only("page_url")[:_BATCH]):
        for row in rows:
            # An address without a host gets a name, too, or it would be met again for ever.
            row.site = site_of(row.page_url) or "-"
        sightings.objects.bulk_update(rows, ["site"])


class Migration(migrations.Migration):
    dependencies = [("search", "0008_sites_and_not_sure")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
