"""What an operator's letter says: in eight languages, past what it quotes of ours, and unsure rather than wrong."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takedowns.mail.classify import CONSENT, GOOD_FAITH, MATERIAL, SIGNATURE, Said, Verdict, classify, cut, lacking
from takedowns.mail.dates import dates_in, promised

TODAY = date(2026, 11, 23)  # a Monday
OURS = """Dear Sir or Madam,

The picture has been removed from other places before; it has to be removed from yours, too.
I declare under penalty of perjury that I am authorised to act, and that this is no mistake.
Please confirm in writing that the material has been deleted, and provide the date.
"""


def said(text: str, subject: str = "Re: Notice [FW-7K2M9QXD]", **more: object) -> Verdict:
    return classify(subject, text, today=TODAY, ours=[OURS], **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nThe content has been removed.\n\nRegards",
        "We have removed these addresses from our service:\n\nhttp://a.example/1.jpg",
        "Our customer has taken down the picture. Thank you.",
        "The page is no longer available.",
        "Das Bild wurde von unserem Server gelöscht. Mit freundlichen Grüßen",
        "Der Inhalt ist nicht mehr abrufbar.",
        "Le contenu a bien été supprimé.",
        "L'image n'est plus accessible.",
        "El contenido ha sido eliminado.",
        "La imagen ya no está disponible.",
        "Abbiamo rimosso il contenuto.",
        "Il contenuto è stato rimosso.",
        "Zdjęcie zostało usunięte.",
        "Usunęliśmy wskazane treści.",
        "O conteúdo foi removido.",
        "De afbeelding is verwijderd.",
    ],
)
def test_it_says_that_it_is_removed(text: str) -> None:
    assert said(text).kind == Said.COMPLIED


@pytest.mark.parametrize(
    "text",
    [
        "We cannot remove this content.",
        "We have reviewed the page and found no violation of our terms.",
        "Your request has been denied.",
        "The content does not violate our policies.",
        "We're not able to take any action here.",
        "Wir können das Bild nicht entfernen.",
        "Ihr Antrag wurde abgelehnt.",
        "Nous ne pouvons pas donner suite à cela.",
        "No podemos eliminar el contenido.",
        "Non possiamo rimuovere il contenuto.",
        "Nie możemy usunąć tych treści.",
        "Não podemos remover o conteúdo.",
        "Wij kunnen de afbeelding niet verwijderen.",
    ],
)
def test_it_refuses(text: str) -> None:
    assert said(text).kind == Said.REFUSED


@pytest.mark.parametrize(
    "text",
    [
        "Please provide proof of identity.",
        "Could you please send us the exact addresses?",
        "We need more details before we can look at this.",
        "Please complete our web form.",
        "Bitte senden Sie uns eine Kopie Ihrer Vollmacht.",
        "Veuillez nous fournir une pièce d'identité.",
        "Por favor, envíenos una copia de su documento.",
        "La preghiamo di fornire ulteriori dettagli.",
        "Prosimy o przesłanie dodatkowych informacji.",
        "Por favor, envie a cópia do seu documento.",
        "Kunt u ons de volledige adressen sturen?",
    ],
)
def test_it_asks_something(text: str) -> None:
    assert said(text).kind == Said.QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "Once the content has been removed we will tell you.",
        "The content has not been removed.",
        "If the content has been removed, this ticket closes by itself.",
        "It should be removed soon, I hope.",
        "We removed the first picture. We cannot remove the second one.",
        "We cannot process your request. Please provide your passport.",
        "I forwarded it.",
        "Das Bild wird entfernt, sobald wir es geprüft haben.",
        "Le contenu sera supprimé si nécessaire.",
        "",
        "?",
    ],
)
def test_unsure_is_for_a_person(text: str) -> None:
    assert said(text).kind == Said.REPLY


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We have received your notice. Ticket #123 has been created.", Said.RECEIPT),
        ("Vielen Dank für Ihre Nachricht. Ihre Ticketnummer ist 17.", Said.RECEIPT),
        ("Nous avons bien reçu votre message.", Said.RECEIPT),
        ("Hemos recibido su mensaje.", Said.RECEIPT),
        ("I am away and have no computer.", Said.AUTO_REPLY),
        ("We have removed these addresses from our service.", Said.COMPLIED),
        # What a machine says to everybody is not said about this letter.
        ("Please use our web form.", Said.REPLY),
        ("We cannot process notices by e-mail.", Said.REPLY),
    ],
)
def test_what_machines_say(text: str, kind: Said) -> None:
    assert said(text, automatic=True).kind == kind


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Notice",
        "Out of office",
        "Abwesenheitsnotiz: x",
        "Réponse automatique",
        "Respuesta automática",
        "Risposta automatica",
        "Automatyczna odpowiedź",
        "Resposta automática",
        "Automatisch antwoord",
    ],
)
def test_somebody_is_away(subject: str) -> None:
    assert said("I am back on 3 December.", subject=subject) == Verdict(Said.AUTO_REPLY)


# --- Our own letter is not their answer --------------------------------------------------------------------


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, 23 Nov 2026 at 10:00, Faceward\n<notices@localhost> wrote:\n" + OURS,
        "Am 23.11.2026 um 10:00 schrieb Faceward:\n" + OURS,
        "Le lun. 23 nov. 2026 à 10:00, Faceward a écrit :\n" + OURS,
        "-----Original Message-----\n" + OURS,
        "From: Faceward <notices@localhost>\nSent: Monday\nTo: abuse\n\n" + OURS,
        "\n".join("> " + line for line in OURS.splitlines()),
        OURS,
        "\n".join("| " + line for line in OURS.splitlines()),
    ],
    ids=["english", "german", "french", "outlook", "header", "marked", "bare", "bars"],
)
def test_what_is_quoted_of_ours_is_not_said_by_them(quoted: str) -> None:
    assert said("I look into it.\n\n" + quoted).kind == Said.REPLY
    assert said("We cannot remove it.\n\n" + quoted).kind == Said.REFUSED


def test_an_answer_between_quoted_lines_is_read() -> None:
    assert cut("> Is it gone?\nIt has been removed.\n> Thanks") == "It has been removed."


# --- By when -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("we will act within 5 business days.", date(2026, 11, 30)),
        ("we will remove it within five (5) days", date(2026, 11, 28)),
        ("we aim to respond within 48 hours", date(2026, 11, 25)),
        ("our team will answer in 2-3 weeks", date(2026, 12, 14)),
        ("we will remove it by 12 december 2026", date(2026, 12, 12)),
        ("we will remove it by december 12th", date(2026, 12, 12)),
        ("we will remove it no later than 2026-12-01", date(2026, 12, 1)),
        ("we will remove it by 3 january", date(2027, 1, 3)),
        ("wir werden das bild innerhalb von 5 werktagen entfernen", date(2026, 11, 30)),
        ("wir werden es bis zum 1.12.2026 entfernen", date(2026, 12, 1)),
        ("nous procéderons au retrait sous 5 jours ouvrés", date(2026, 11, 30)),
        ("procederemos en un plazo de 5 días hábiles", date(2026, 11, 30)),
        ("il contenuto sarà rimosso entro 5 giorni lavorativi", date(2026, 11, 30)),
        ("zdjęcie zostanie usunięte w ciągu 5 dni roboczych", date(2026, 11, 30)),
        ("iremos remover no prazo de 5 dias úteis", date(2026, 11, 30)),
        ("wij zullen het binnen 5 werkdagen verwijderen", date(2026, 11, 30)),
        # None of these is a promise to us.
        ("please answer within 5 days", None),
        ("if you do not answer within 5 days we will close this", None),
        ("your ticket will be closed within 7 days", None),
        ("we will remove it by 04/05/2027", None),
        ("we will remove it by 1 october 2026", None),
        ("we will remove it by 31 february 2027", None),
        ("within 5 days", None),
    ],
)
def test_a_promise(sentence: str, day: date | None) -> None:
    assert promised(sentence, TODAY) == day


def test_a_promise_comes_with_what_is_said() -> None:
    verdict = said("We have received your notice. We will review it within 3 business days.")
    assert verdict == Verdict(Said.RECEIPT, date(2026, 11, 26))


# --- Counter-notices ---------------------------------------------------------------------------------------

COUNTER = """I dispute your notice. The material was at https://blog.example/photo.jpg
I swear, under penalty of perjury, that I have a good faith belief that the material was removed as a result of
mistake or misidentification of the material.
I consent to the jurisdiction of the Federal District Court, and I will accept service of process from the person who
sent the notice.
/s/ Mallory Uploader, 1 Other Road, Springfield, +1 217 555 0101
"""


@pytest.mark.parametrize(
    "text",
    [
        "We have received the following counter-notification on 20 November 2026:\n\n" + COUNTER,
        "Please find the counter notice below. It was received on November 20, 2026.\n\n"
        + "\n".join("> " + line for line in COUNTER.splitlines()),
        "A counter-notification under 512(g), received 2026-11-20, is attached.\n\n---- Forwarded message ----\n"
        + COUNTER,
    ],
    ids=["inline", "quoted", "forwarded"],
)
def test_a_provider_passes_on_a_counter_notice(text: str) -> None:
    assert said(text) == Verdict(Said.COUNTER_NOTICE, None, date(2026, 11, 20), ())


def test_the_uploader_s_own_counter_notice_is_one_too() -> None:
    assert said("This is a counter notice.\n" + COUNTER).kind == Said.COUNTER_NOTICE


def test_a_counter_notice_in_an_attachment_lacks_what_cannot_be_read() -> None:
    verdict = said("Attached is a counter-notice from our customer.", attachments=1)
    assert verdict.kind == Said.COUNTER_NOTICE and set(verdict.lacks) == {SIGNATURE, MATERIAL, GOOD_FAITH, CONSENT}


@pytest.mark.parametrize(
    "text",
    [
        "The content has been removed. If our customer sends a counter-notice, we tell you.",
        "Should we receive a counter notification, we will forward it to you.",
        "How to file a counter-notice is described on our page.",
    ],
)
def test_what_would_be_if_one_came_is_no_counter_notice(text: str) -> None:
    assert said(text).kind != Said.COUNTER_NOTICE


@pytest.mark.parametrize(
    ("gone", "lacks"),
    [
        ("/s/ ", SIGNATURE),
        ("https://", MATERIAL),
        ("under penalty of perjury", GOOD_FAITH),
        ("service of process", CONSENT),
        ("+1 217 555 0101", CONSENT),
    ],
)
def test_what_a_counter_notice_lacks(gone: str, lacks: str) -> None:
    assert gone in COUNTER and lacking(COUNTER.replace(gone, "")) == (lacks,)


# --- Anything ----------------------------------------------------------------------------------------------


@given(st.text(), st.text(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_text_has_a_meaning(subject: str, text: str, automatic: bool) -> None:
    verdict = classify(subject, text, today=TODAY, automatic=automatic, ours=[text[::2], OURS])
    assert verdict.kind in Said


WORDS = [
    "we",
    "will",
    "within",
    "999",
    "5",
    "business",
    "days",
    "by",
    "31",
    "may",
    "2026",
    "99",
    "/",
    ".",
    "on",
    "wrote:",
]


@given(st.lists(st.sampled_from(WORDS), max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_words_about_days_are_survived(words: list[str]) -> None:
    text = " ".join(words)
    promised(text, TODAY)
    assert all(date(2000, 1, 1) <= day <= date(2200, 12, 31) for day in dates_in(text, TODAY))


@pytest.mark.parametrize(
    "piece",
    [
        "hat ",
        "wurde ",
        "we have received ",
        "on ",
        "> ",
        "a\n",
        "ne pouvons ",
        "5 ",
        "counter-notice ",
        "within 5 ",
        ".",
    ],
)
def test_long_texts_take_no_long_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.perf_counter()
    classify(text, text, today=TODAY, ours=[text])
    assert time.perf_counter() - started < 5
