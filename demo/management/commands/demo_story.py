"""`manage.py demo_story`: the part of `demo` that plays the story, in the demo's own data folder."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from demo.story import Story, StoryFailed


class Command(OperatorCommand):
    help = "Play the demo's story against a running `python -m demo.world` (started by `manage.py demo`)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--world", type=Path, required=True, help="the file that demo.world wrote")
        parser.add_argument("--result", type=Path, required=True, help="where to write summary and logins, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        story = Story(json.loads(options["world"].read_text()))
        try:
            story.play()
        except StoryFailed as failure:
            raise CommandError(f"The story did not come out right: {failure}") from failure
        options["result"].write_text(json.dumps({"summary": story.summary(), "logins": story.logins}))
