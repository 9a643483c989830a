from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"

    def ready(self) -> None:
        from activities import (
            defaults,  # noqa: F401  (hears of new organisations)
            services,  # noqa: F401  (hears of placeholders that became somebody)
        )
