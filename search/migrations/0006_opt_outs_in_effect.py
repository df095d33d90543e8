from typing import Any

from django.db import migrations, models


def since_confirmed(apps: Any, _editor: Any) -> None:
    """Those that were in effect before had their e-mail confirmed and came into effect at one moment."""
    opt_outs = apps.get_model("search", "OptOut").objects
    opt_outs.filter(state="active", activated_at=None).update(activated_at=models.F("confirmed_at"))


class Migration(migrations.Migration):
    dependencies = [("search", "0005_live_checks")]
    operations = [migrations.RunPython(since_confirmed, migrations.RunPython.noop)]
