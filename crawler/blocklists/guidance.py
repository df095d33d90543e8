"""What senior staff do about a restricted picture: a procedure, where each part comes from, and who last read it.

None of this is legal advice: an installation's counsel goes over it before it is used.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Step:
    """One step and its source; `text` is a sentence or two, for people."""

    title: str
    text: str
    citation: str


REVIEWED_ON = date(2026, 11, 22)

REPORTING: tuple[Step, ...] = (
    Step(
        "Do not open it",
        "Open neither the page nor the picture, and do not copy, save or forward it: in most countries that alone is a "
        "crime, whatever the reason. Work from the address, the time and the list.",
        "18 U.S.C. 2252A; Protection of Children Act 1978 (UK), section 1",
    ),
    Step(
        "Report it",
        "In the United States to NCMEC's CyberTipline, in the United Kingdom to the IWF, elsewhere to the country's "
        "INHOPE hotline. Give the address and when it was met. A provider in the United States has to report as soon "
        "as reasonably possible.",
        "18 U.S.C. 2258A(a); report.cybertip.org; report.iwf.org.uk; inhope.org",
    ),
    Step(
        "A person under 18 who is in the picture",
        "They can ask for its removal themselves, without showing it to anybody, at NCMEC's Take It Down or, in the "
        "United Kingdom, at Report Remove.",
        "takeitdown.ncmec.org; childline.org.uk (Report Remove)",
    ),
    Step(
        "Ask counsel what is kept",
        "What was in a report has to be preserved for a year in the United States, and must not be kept elsewhere. "
        "Counsel decides; of the picture itself nothing is here.",
        "18 U.S.C. 2258A(h)",
    ),
    Step(
        "Note what was done",
        "Enter the number of the report here, and close it when nothing more is to be done. Its address stays out of "
        "bounds for the crawler either way.",
        "House rule",
    ),
)
