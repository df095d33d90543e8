"""What one language brings: titles, the sentences that laws want, and how a date is written. Pure."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """One language. `says` are formats with these values (`takedowns.letters.statements` fills them in):

    {name} {agent} {reference} {signed_on} {consent} {authorship} {law} {limb} {left} {top} {first_sent_on} {due_on}
    {engine} {query}

    `titles` and `says` may lack letters: a letter exists in a language only with its title, its template and every
    sentence that its elements need.
    """

    language: str  # "de"
    name: str  # "German", for staff
    months: tuple[str, ...]  # twelve, as they stand in a date
    date: str  # "{day}. {month} {year}"
    titles: Mapping[str, str]  # by letter code; the reference is added in brackets
    says: Mapping[str, str]  # by element key
    consent: Mapping[str, str]  # never | withdrawn | not_sure
    authorship: Mapping[str, str]  # me | someone_for_me
    limbs: Mapping[str, str]  # never | withdrawn | not_sure: GDPR Article 17(1)(b), (c), (d)
    # gdpr | uk_gdpr, and the right to one's own image by country, inflected to stand where `says` puts {law}.
    laws: Mapping[str, str]

    def dated(self, day: datetime.date) -> str:
        """`3 May 2026`, as the language writes it."""
        return self.date.format(day=day.day, month=self.months[day.month - 1], year=day.year)
