from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    name = "outcomes"

    def ready(self) -> None:
        from outcomes import (  # noqa: F401  (hear of new and of changed organisations)
            defaults,
            recount,
            requirements,
        )
        from outcomes.services import milestones  # noqa: F401  (hears of deals that turned out to be one)
