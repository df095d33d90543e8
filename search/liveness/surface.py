"""Skin or a screen: what the cues of many frames say together."""

from collections.abc import Sequence

import numpy as np

from search.engine.cues import Cues

_MOST_MOIRE = 2.3
"""Of 80 genuine faces none had more than 2.0; faces on a screen whose grid is seen have 3 to 5."""


def is_screen(seen: Sequence[Cues]) -> bool:
    """`seen` are those of straight frames. One frame says little; half of them say enough."""
    return bool(seen) and float(np.median([cues.moire for cues in seen])) > _MOST_MOIRE
