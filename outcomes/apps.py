from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    name = "outcomes"

    def ready(self) -> None:
        from outcomes import (  # noqa: F401  (hear of new and of changed organisations)
            defaults,
            recount,
            requirements,
        )
        from outcomes.services import (
            conversations,  # noqa: F401  (these hear of deals that turned out to be one,
            milestones,  # noqa: F401
            mutual_steps,  # noqa: F401
            planned_activities,  # noqa: F401  and this one of activities, too)
        )
