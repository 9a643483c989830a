from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import celery, faults

        celery.app.set_default()  # shared tasks bind to this application
        faults.begin()
