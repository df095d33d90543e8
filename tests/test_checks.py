"""`check --deploy` says what a public installation still lacks."""

import pytest
from django.core.checks import run_checks


def deploy_warnings() -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=True)}


def test_an_embedded_installation_is_told_of_keys_and_mail(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert deploy_warnings() >= {"accounts.W001", "accounts.W002"}


def test_a_deployment_with_keys_and_mail_is_not(settings) -> None:
    settings.SECRETS_FROM_ENVIRONMENT = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert not deploy_warnings() & {"accounts.W001", "accounts.W002"}


@pytest.mark.parametrize("name", ["AGENT_ADDRESS", "AGENT_PHONE"])
def test_notices_need_our_address_and_telephone(settings, name: str) -> None:
    setattr(settings, name, "")
    assert "takedowns.W001" in deploy_warnings()


def test_a_broken_face_engine_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.checks.check_environment", lambda: ["OpenCV cannot be imported."])
    assert "search.E001" in deploy_warnings()
