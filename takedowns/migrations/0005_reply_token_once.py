from django.db import migrations, models

from accounts.append_only import append_only
from takedowns.models import new_reply_token


class Migration(migrations.Migration):
    """In a step of its own: PostgreSQL changes no table in the transaction that has just written to it."""

    dependencies = [("takedowns", "0004_reply_tokens")]
    operations = [
        migrations.AlterField(
            model_name="case",
            name="reply_token",
            field=models.CharField(default=new_reply_token, max_length=20, unique=True),
        ),
        append_only("takedowns_caseevent", erasable=True),
        append_only("takedowns_verification", erasable=True),
    ]
