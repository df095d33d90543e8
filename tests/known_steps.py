"""`python -m tests.known_steps COMMAND…`: `manage.py` in which every live check asks for the same steps.

A film for the camera has to be made before; that a check's order cannot be known is what other tests are about.
"""

import os
import sys

from django.core.management import execute_from_command_line

from search import liveness
from search.liveness import Step

STEPS = (Step.RIGHT, Step.UP, Step.LEFT, Step.CLOSER)

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    setattr(liveness, "challenge", lambda rng: STEPS)  # noqa: B010
    execute_from_command_line(["manage.py", *sys.argv[1:]])
