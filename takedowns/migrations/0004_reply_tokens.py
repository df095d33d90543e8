from typing import Any

from django.db import migrations

from takedowns.models import new_reply_token


def give_tokens(apps: Any, _editor: Any) -> None:
    """Every case of before gets a reply address of its own."""
    cases = apps.get_model("takedowns", "Case").objects.filter(reply_token="")
    for pk in list(cases.values_list("pk", flat=True)):
        apps.get_model("takedowns", "Case").objects.filter(pk=pk).update(reply_token=new_reply_token())


class Migration(migrations.Migration):
    dependencies = [("takedowns", "0003_letters_and_ladder")]
    operations = [migrations.RunPython(give_tokens, migrations.RunPython.noop)]
