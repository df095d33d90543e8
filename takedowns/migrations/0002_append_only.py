from django.db import migrations

from accounts.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("takedowns", "0001_initial")]
    operations = [
        append_only("takedowns_caseevent", erasable=True),
        append_only("takedowns_verification", erasable=True),
    ]
