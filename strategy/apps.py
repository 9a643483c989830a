from django.apps import AppConfig


class StrategyConfig(AppConfig):
    name = "strategy"

    def ready(self) -> None:
        from strategy import (
            currency,  # noqa: F401  (hears of changed organisations)
            defaults,  # noqa: F401  (hears of new organisations)
            imports,
        )
        from strategy.services import handover  # noqa: F401  (hears of placeholders that became somebody)

        imports.register()
