from django.db import migrations

from accounts.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_people")]
    operations = [
        append_only("accounts_incidententry"),
        append_only("accounts_legalreview"),
        append_only("accounts_policyversion"),
        append_only("accounts_erasurereceipt"),
    ]
