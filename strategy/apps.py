from django.apps import AppConfig


class StrategyConfig(AppConfig):
    name = "strategy"

    def ready(self) -> None:
        from strategy import (
            currency,  # noqa: F401  (hears of changed organisations)
            defaults,  # noqa: F401  (hears of new organisations)
            imports,
        )

        imports.register()
