"""How fast mails leave, however many processes send them: never more than `MAILS_A_MINUTE`, evenly."""

import time

from django.conf import settings

from accounts import limits

# A minute is cut into stretches in which so many may leave, so that they do not all leave at its beginning.
_AT_A_TIME = 20


def take_turn(deadline: float) -> bool:
    """Wait until one more mail may leave. False where that is not before `deadline`, in `time.monotonic()`."""
    rate = settings.MAILS_A_MINUTE
    if rate <= 0:
        return True
    seats = min(rate, _AT_A_TIME)
    stretch = 60 * seats / rate
    while True:
        now = time.time()
        number = int(now / stretch)
        # Its seats are in the cache for longer than the stretch lasts, so that none comes free within it.
        if not limits.limited(f"alerts.mails:{stretch}:{number}", seats, int(stretch) + 60):
            return True
        wait = (number + 1) * stretch - now
        if time.monotonic() + wait > deadline:
            return False
        time.sleep(wait)
