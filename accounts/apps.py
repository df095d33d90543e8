from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        # Every app's system checks and its entries in the register of what is held.
        autodiscover_modules("checks", "holdings")
        import_module("accounts.security.receivers")
        import_module("accounts.billing.receivers")
