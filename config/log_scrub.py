"""No token in a log: whoever reads one could withdraw an opt-out or open a page that was mailed to somebody."""

import logging
import re

# A path segment this long is a token, unless it is the id of a record, which opens nothing by itself.
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TOKEN = re.compile(rf"(?<=/)(?!{_ID}(?:[/?\s\"']|$))[\w:.=~-]{{20,}}(?=[/?\s\"']|$)", re.IGNORECASE)
_QUERY = re.compile(r"(/[^\s\"'?]*)\?[^\s\"']+")


def scrubbed(text: str) -> str:
    """Without tokens in paths, and without query strings."""
    return _QUERY.sub(r"\1?…", _TOKEN.sub("…", text))


class ScrubPaths(logging.Filter):
    """For the loggers that write down what was asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrubbed(record.getMessage()), None
        return True
