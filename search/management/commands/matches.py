"""`manage.py matches EMAIL`: one match per picture, a sighting per place."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.models import User
from config.commands import OperatorCommand
from search.models import Match
from search.review import visible_matches


class Command(OperatorCommand):
    help = "List the matches of one enrolled person, newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise CommandError(f"There is no account {options['email']}.")
        matches = [describe(match) for match in visible_matches(user)]
        rows = [
            (match["id"], f"{match['score']:.3f}", match["band"], match["status"], place["page_url"])
            for match in matches
            for place in match["sightings"]
        ]
        self.emit({"matches": matches}, ("match", "score", "band", "status", "seen at"), rows)


def describe(match: Match) -> dict[str, Any]:
    """A match as programs read it; `box` is [x, y, width, height] in pixels of the upright picture."""
    return {
        "id": str(match.pk),
        "score": round(match.score, 4),
        "band": match.band,
        "status": match.state,
        "box": match.box,
        "sightings": [{"page_url": sighting.page_url, "image_url": sighting.image_url} for sighting in match.places()],
    }
