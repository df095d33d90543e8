"""One hash of a file of hashes: what it is called there, and whether it can be used. Pure."""

import re
from dataclasses import dataclass

DIGITS = {"sha256": 64, "md5": 32, "pdq": 64}
"""The kinds that we can use, and their length in hexadecimal digits."""
HEX = re.compile(r"[0-9a-f]+")
_NOT_IN_LABEL = re.compile(r"[^a-z0-9]")
LABELS = {
    **dict.fromkeys(("sha256", "hashsha256", "sha256hash", "imagesha256"), "sha256"),
    **dict.fromkeys(("md5", "hashmd5", "md5hash", "imagemd5", "photomd5"), "md5"),
    **dict.fromkeys(("pdq", "hashpdq", "pdqhash", "imagepdq", "photopdq"), "pdq"),
}
# Kinds that we know and cannot use, by what they are counted under.
USELESS = {
    **dict.fromkeys(("sha1", "hashsha1", "sha1hash"), "sha1"),
    **dict.fromkeys(("pdna", "photodna", "hashphotodna", "hashpdna", "ssvhpdna"), "photodna"),
    **dict.fromkeys(("videomd5", "hashvideomd5", "tmk", "tmkpdqf", "videotmk", "hashtmk", "videopdq"), "video"),
    **dict.fromkeys(("netclean", "videntifier", "ssvhsaferhash", "sha512", "sha3"), "other_kind"),
}
# Of nothing at all: such entries get into lists by mistake and would match every empty file.
_OF_NOTHING = frozenset(
    {"d41d8cd98f00b204e9800998ecf8427e", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
)
# Half of the bits of a PDQ hash are set, but for a picture that shows nothing; that one is like too many others.
_PDQ_BITS = range(64, 193)


class BadFile(Exception):
    """The file cannot be read, or not to its end; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A hash that can be used: one to put on the list or, `withdrawn`, one to take off it."""

    kind: str
    value: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the file that is not used, by the short name of why."""

    reason: str


Found = Entry | Skipped


def judge(label: str, text: str, *, withdrawn: bool = False) -> Found:
    """One hash and what it is called, as an entry or as the reason why it is none."""
    kind = LABELS.get(name(label))
    if kind is None:
        return Skipped(USELESS.get(name(label), "other_kind"))
    value = text.strip().lower()
    if len(value) != DIGITS[kind] or not HEX.fullmatch(value):
        return Skipped("bad_value")
    if value in _OF_NOTHING:
        return Skipped("empty_file")
    if kind == "pdq" and int(value, 16).bit_count() not in _PDQ_BITS:
        return Skipped("featureless")
    return Entry(kind, value, withdrawn)


def name(text: object) -> str:
    return _NOT_IN_LABEL.sub("", str(text).lower()[:80])
