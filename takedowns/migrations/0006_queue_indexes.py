from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("takedowns", "0005_reply_token_once")]
    operations = [
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["case", "state", "due_at", "promised_until"], name="notice_of_case_due"),
        ),
    ]
