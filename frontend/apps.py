from django.apps import AppConfig


class FrontendConfig(AppConfig):
    """The pages: what people see, made of the questions and deeds of the apps below."""

    name = "frontend"

    def ready(self) -> None:
        from frontend.forms import stock  # isort: skip

        # Before any form is declared, those of the sign-in library too.
        stock.speak()
        from frontend.doors import events  # noqa: F401  (listens to the sign-in library)
