from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks as deployment  # noqa: F401  (register the system checks)
        from accounts.tenancy import checks  # noqa: F401
