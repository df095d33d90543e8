"""Days that people write down, and by when they say that they will act. Pure; never raises.

Of a date that could be read in two ways (`04/05/2026`) nothing is made.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from takedowns.deadlines import add_working_days

_MONTHS = (
    "january jan januar janvier enero gennaio styczeń stycznia janeiro januari",
    "february feb februar février febrero febbraio luty lutego fevereiro februari",
    "march mar märz mars marzo marzec marca março maart",
    "april apr avril abril aprile kwiecień kwietnia",
    "may mai mayo maggio maj maja maio mei",
    "june jun juni juin junio giugno czerwiec czerwca junho",
    "july jul juli juillet julio luglio lipiec lipca julho",
    "august aug août agosto sierpień sierpnia augustus",
    "september sept sep septembre septiembre settembre wrzesień września setembro",
    "october oct oktober octobre octubre ottobre październik października outubro",
    "november nov novembre noviembre listopad listopada novembro",
    "december dec dezember décembre diciembre dicembre grudzień grudnia dezembro",
)
_BY_NAME = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_NAMES = "|".join(sorted(_BY_NAME, key=len, reverse=True))
_DAY_FIRST = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th|er|\.|º)? (?:of |de )?({_NAMES})\b\.?,?(?: (?:de )?(\d{{4}})\b)?"
)
_MONTH_FIRST = re.compile(rf"\b({_NAMES})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}})\b)?")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_NUMBERS = re.compile(r"\b(\d{1,2})([./])(\d{1,2})\2(\d{4})\b")

_COUNTS = {
    word: number
    for number, words in enumerate(
        (
            "one ein einem einer un une uno una um uma jednego een",
            "two zwei deux dos due dwóch dois twee",
            "three drei trois tres tre trzech três drie",
            "four vier quatre cuatro quattro czterech quatro vier",
            "five fünf cinq cinco cinque pięciu cinco vijf",
            "six sechs seis sei sześciu zes",
            "seven sieben sept siete sette siedmiu sete zeven",
            "eight acht huit ocho otto ośmiu oito",
            "nine neun neuf nueve nove dziewięciu negen",
            "ten zehn dix diez dieci dziesięciu dez tien",
        ),
        start=1,
    )
    for word in words.split()
}
_COUNT = rf"(\d{{1,3}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})"
_WITHIN = (
    r"within|in|inside|innerhalb|binnen|sous|en un plazo de|dentro de|en|entro|w ciągu|no prazo de|em|d'ici|dans"
    r"|un délai de"
)
_WORKING = r"business|working|werk|ouvrés|ouvrables|hábiles|laborables|lavorativi|robocz\w+|úteis"
_UNIT = (
    r"(hours?|days?|weeks?|stunden?|tage[ns]?|werktage[ns]?|arbeitstage[ns]?|wochen?|heures?|jours?|semaines?|horas?"
    r"|días?|dias?|semanas?|ore|ora|giorni|giorno|settimane|settimana|godzin\w*|dni|dnia|tygodni\w*|uur|uren|dagen|dag"
    r"|werkdagen|weken|week)"
)
_SPAN = re.compile(
    rf"\b(?:{_WITHIN}) (?:the next |von |den nächsten |les |un |de |die |prochains )?{_COUNT}"
    rf"(?: ?(?:-|\u2013|to|bis|à|a|tot) ?(\d{{1,3}}))?(?: \(\d{{1,3}}\))?"
    rf" ?-?(?:({_WORKING})-? ?)?{_UNIT}\b(?: ({_WORKING})\b)?"
)
_BY = re.compile(
    r"\b(?:by|until|before|no later than|not later than|bis(?: zum)?|spätestens(?: am)?|avant le|d'ici (?:au|le)"
    r"|jusqu'au|antes del?|hasta el|entro il|do(?: dnia)?|até(?: ao?| dia)?|uiterlijk(?: op)?|vóór|tegen)\b(.{0,50})"
)
# They speak of what they will do...
_THEIRS = re.compile(
    r"\b(?:we|our|i|will|shall|expect\w*|aim|wir|werden|wird|nous|sera|seront|procéd\w+|procederemos|\w+remos|\w+iremo"
    r"|\w+eremo|verrà|sarà|verranno|saranno|zostan\w+|będzie|usuniemy|odpowiemy|iremos|será|serán|serão|vamos|wij|zullen"
    r"|zal|worden|wordt)\b"
)
# ... and not of what we should, or of a ticket that closes by itself.
_OURS = re.compile(
    r"\b(?:if you|you (?:must|have to|should|need|do not|don't|will|can|may)|your (?:reply|response|answer)|please"
    r"|unless|clos(?:e|ed|es|ing)|counter|court|bitte|falls sie|wenn sie|veuillez|si vous|por favor|si no|prega"
    r"|preghiamo|prosimy|proszę|caso não|gelieve|indien u|als u)\b"
)


def dates_in(sentence: str, today: date) -> Iterator[date]:
    """The dates in a sentence in lower case; one without a year is the nearest to `today`."""
    for found in _ISO.finditer(sentence):
        yield from _made(int(found[1]), int(found[2]), int(found[3]))
    for found in _DAY_FIRST.finditer(sentence):
        yield from _named(found[3], _BY_NAME[found[2]], int(found[1]), today)
    for found in _MONTH_FIRST.finditer(sentence):
        yield from _named(found[3], _BY_NAME[found[1]], int(found[2]), today)
    for found in _NUMBERS.finditer(sentence):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "." or first > 12 or first == second:
            yield from _made(year, second, first)
        elif second > 12:
            yield from _made(year, first, second)


def promised(sentence: str, today: date) -> date | None:
    """By when a sentence in lower case says that they will act, or None."""
    if _OURS.search(sentence) or not _THEIRS.search(sentence):
        return None
    days = [*_spans(sentence, today), *_named_days(sentence, today)]
    return max((day for day in days if day >= today), default=None)


def _spans(sentence: str, today: date) -> Iterator[date]:
    for found in _SPAN.finditer(sentence):
        number = int(found[2]) if found[2] else _COUNTS.get(found[1]) or int(found[1])
        unit = found[4]
        if number > 366:
            continue
        if unit.startswith(("hour", "stunde", "heure", "hora", "or", "godzin", "uur", "uren")):
            yield today + timedelta(days=-(-number // 24))
        elif unit.startswith(("week", "woche", "semain", "seman", "settiman", "tygodn", "weken")):
            yield today + timedelta(weeks=number)
        elif found[3] or found[5] or unit.startswith(("werk", "arbeit")):
            yield add_working_days(today, number, ())
        else:
            yield today + timedelta(days=number)


def _named_days(sentence: str, today: date) -> Iterator[date]:
    for found in _BY.finditer(sentence):
        yield from dates_in(found[1], today)


def _named(year: str | None, month: int, day: int, today: date) -> Iterator[date]:
    if year:
        yield from _made(int(year), month, day)
        return
    around = [made for each in (today.year - 1, today.year, today.year + 1) for made in _made(each, month, day)]
    if around:
        yield min(around, key=lambda one: abs(one - today))


def _made(year: int, month: int, day: int) -> Iterator[date]:
    try:
        made = date(year, month, day)
    except ValueError:
        return
    # Arithmetic with days must not run out of the calendar.
    if 2000 <= year <= 2200:
        yield made
