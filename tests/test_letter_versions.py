"""Staff write texts of letters: never alone, never without what the law wants, and never with a way out of the text."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent, User
from takedowns import letters
from takedowns.cases import NotAllowed
from takedowns.letters import staff_texts, versions
from takedowns.letters.elements import FOLLOW_UPS
from takedowns.letters.staff_texts import BadTemplate
from takedowns.models import LetterTemplate
from tests.test_takedowns_letters import CODES, FACTS, facts, fitting

pytestmark = pytest.mark.django_db
FOLDER = letters.rendering.FOLDER / "en"
TEXT = (FOLDER / "host_policy.txt").read_text()
KINDER = TEXT.replace("Please tell us", "Please be so kind as to tell us")


def proposed(staff: User, body: str = KINDER, code: str = "host_policy") -> LetterTemplate:
    return versions.propose(code, "en", "Report of a picture", body, "Kinder.", staff)


def written(code: str = "host_policy") -> letters.Letter:
    return letters.write(code, fitting(code))


# --- Two people --------------------------------------------------------------------------------------------


def test_a_text_is_used_when_a_second_person_has_approved_it(carol: User, dana: User) -> None:
    version = proposed(carol)
    assert written().template_version == letters.TEMPLATE_VERSION
    with pytest.raises(NotAllowed, match="second person"):
        versions.approve(version, carol)
    versions.approve(version, dana)
    letter = written()
    assert (letter.template_version, letter.title) == ("host_policy.en.1", "Report of a picture [FW-7K2M9QXD]")
    assert "so kind as to tell us" in " ".join(letter.body.split())
    assert letters.missing_elements("host_policy", fitting("host_policy"), letter.body) == []


def test_the_text_before_holds_again_when_one_is_retired(carol: User, dana: User) -> None:
    first = versions.approve(proposed(carol), dana)
    second = versions.approve(proposed(dana, TEXT.replace("Where it is", "Where to find it")), carol)
    assert versions.current("host_policy", "en") == second
    versions.retire(second, carol)
    assert versions.current("host_policy", "en") == first
    versions.retire(first, carol)
    assert written().template_version == letters.TEMPLATE_VERSION
    with pytest.raises(NotAllowed, match="out of use"):
        versions.retire(first, carol)


def test_a_text_that_was_turned_down_or_approved_is_not_approved_again(carol: User, dana: User) -> None:
    version = versions.approve(proposed(carol), dana)
    with pytest.raises(NotAllowed, match="not waiting"):
        versions.approve(version, dana)
    other = versions.retire(proposed(carol), carol)
    with pytest.raises(NotAllowed, match="not waiting"):
        versions.approve(other, dana)


def test_a_subscriber_does_none_of_it(carol: User, alice: User) -> None:
    version = proposed(carol)
    for act in (
        lambda: proposed(alice),
        lambda: versions.approve(version, alice),
        lambda: versions.retire(version, alice),
    ):
        with pytest.raises(NotAllowed, match="member of staff"):
            act()


def test_the_database_holds_the_second_person_rule_too(carol: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LetterTemplate.objects.filter(pk=proposed(carol).pk).update(approved_by=carol)


def test_every_step_is_in_the_audit_trail(carol: User, dana: User) -> None:
    versions.retire(versions.approve(proposed(carol), dana), carol)
    actions = AuditEvent.objects.filter(action__startswith="letter.").order_by("id").values_list("action", "actor")
    assert list(actions) == [
        ("letter.proposed", carol.pk),
        ("letter.approved", dana.pk),
        ("letter.retired", carol.pk),
    ]


@pytest.mark.parametrize(("code", "language"), [("nonsense", "en"), ("host_policy", "xx"), ("_contact", "en")])
def test_there_is_no_text_for_what_is_no_letter(code: str, language: str, carol: User) -> None:
    with pytest.raises(NotAllowed, match="no such letter"):
        versions.propose(code, language, "Title", TEXT, "", carol)


@pytest.mark.parametrize(
    ("title", "note"), [("", ""), ("x" * 201, ""), ("{{ reference }}", ""), ("{% if %}", ""), ("Title", "x" * 401)]
)
def test_a_title_has_words_only(title: str, note: str, carol: User) -> None:
    with pytest.raises(BadTemplate):
        versions.propose("host_policy", "en", title, TEXT, note, carol)


# --- What the law wants ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_every_text_that_the_software_carries_could_be_one_of_staff(code: str) -> None:
    preview = versions.preview(code, "en", (FOLDER / f"{code}.txt").read_text())
    assert preview.missing == ()
    assert preview.letter.body.strip()


@pytest.mark.parametrize(
    ("code", "gone"),
    [
        ("host_policy", "{{ says.no_law }}"),
        ("dmca_512c", "{{ english.accuracy }}"),
        ("take_it_down", "{{ says.no_consent }}"),
        ("gdpr_erasure", "{{ says.limb }}"),
        ("dsa_16", '{% include "_places.txt" %}'),
        ("reminder", "{{ says.ask_again }}"),
    ],
)
def test_a_text_without_what_the_letter_needs_is_not_approved(code: str, gone: str, carol: User, dana: User) -> None:
    text = (FOLDER / f"{code}.txt").read_text()
    assert gone in text
    version = proposed(carol, text.replace(gone, ""), code)
    with pytest.raises(NotAllowed, match="lacks"):
        versions.approve(version, dana)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        # Complete for most, and not for those who have withdrawn their agreement, live elsewhere, or are afraid.
        ("host_policy", "{{ says.no_law }}", "{% if not withdrawn %}{{ says.no_law }}{% endif %}"),
        ("gdpr_erasure", "{{ says.rights }}", '{% if lives_in == "uk" %}{{ says.rights }}{% endif %}'),
        ("dmca_512c", "{{ says.work }}", "{% if subject_name %}{{ says.work }}{% endif %}"),
        ("host_policy", "{{ says.permission }}", "{{ says.permission }} The person never agreed. None."),
    ],
)
def test_it_has_to_be_complete_for_everybody(code: str, before: str, after: str, carol: User, dana: User) -> None:
    text = (FOLDER / f"{code}.txt").read_text()
    assert before in text
    assert versions.preview(code, "en", text.replace(before, after)).missing
    with pytest.raises(NotAllowed):
        versions.approve(proposed(carol, text.replace(before, after), code), dana)


def test_a_text_that_is_incomplete_for_somebody_after_all_gives_way_to_our_own(carol: User, dana: User) -> None:
    version = versions.approve(proposed(carol), dana)
    LetterTemplate.objects.filter(pk=version.pk).update(body="{% if intimate %}Nothing.{% endif %} Hello.")
    assert written().template_version == letters.TEMPLATE_VERSION
    LetterTemplate.objects.filter(pk=version.pk).update(body="{% load static %}")
    assert written().template_version == letters.TEMPLATE_VERSION


@pytest.mark.parametrize("code", sorted(FOLLOW_UPS))
def test_further_letters_have_texts_of_staff_as_well(code: str, carol: User, dana: User) -> None:
    versions.approve(proposed(carol, (FOLDER / f"{code}.txt").read_text(), code), dana)
    assert written(code).template_version == f"{code}.en.1"


# --- No way out of the text --------------------------------------------------------------------------------

LOOPS = "{% for a in places %}" * 40 + "x" + "{% endfor %}" * 40


@pytest.mark.parametrize(
    "text",
    [
        '{% include "../../settings" %}',
        '{% include "../../../../config/settings.py" %}',
        '{% include "/etc/passwd" %}',
        '{% include "host_policy.txt" %}',
        '{% include "../de/_contact.txt" %}',
        "{% include operator %}",
        '{% include "_contact.txt" with agent=x %}',
        '{% extends "base.html" %}',
        "{% load static %}",
        "{% debug %}",
        "{% now 'Y' %}",
        "{% csrf_token %}",
        "{% url 'home' %}",
        "{% widthratio 1 1 1 %}",
        "{% verbatim %}{{ x }}{% endverbatim %}",
        "{% with a=1 %}{% endwith %}",
        LOOPS,
        "{{ x.__class__ }}",
        "{{ agent.name.__class__.__mro__ }}",
        "{{ says._private }}",
        "{{ operator|safe }}",
        "{{ operator|upper }}",
        "{{ settings.SECRET_KEY }}",
        "{{ request.user }}",
        "{{ places }}",
        "{{ agent }}",
        "{{ says.items }}",
        "{{ places.0 }}",
        "{{ asked_before }}",
        "{{ says.clear }}",
        "{{ nothing }}",
        "{% if a %}" * 5000,
        "{% if a %}" * 150 + "{% endif %}" * 150,
        "{{ note }}" * 1000,
        '{% include "_places.txt" %}' * 50,
        "{% if %}{% endif %}",
        "{% if reference == %}{% endif %}",
        "{{ }}",
        "x" * (staff_texts.LONGEST_TEXT + 1),
        "\x00{% \x00 %}",
    ],
)
def test_a_text_cannot_reach_out_of_itself(text: str) -> None:
    with pytest.raises(BadTemplate) as problem:
        versions.preview("host_policy", "en", text)
    sentence = str(problem.value)
    assert sentence.endswith(".")
    assert len(sentence) < 400
    assert "\n" not in sentence


def test_a_text_gets_texts_only(carol: User) -> None:
    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        return all(plain(item) for item in value) if isinstance(value, list) else isinstance(value, str | bool)

    for code in CODES:
        assert plain(letters.rendering.context(code, fitting(code))), code


def test_what_others_call_themselves_is_no_template() -> None:
    hostile = "{% load static %}{{ reference }}"
    letter = letters.shipped("host_policy", replace(FACTS, operator=hostile))
    assert f"To: {hostile}" in letter.body


def test_only_the_person_who_may_be_named_is_in_the_values() -> None:
    for why in ({"intimate": "yes"}, {"poster": "afraid"}):
        assert "Alice" not in str(letters.rendering.context("host_policy", facts(**why)))
