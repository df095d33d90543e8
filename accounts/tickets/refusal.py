"""Why something asked of a request or a register was not done."""


class Refused(Exception):
    """One clear sentence; nothing was changed."""
