from django.apps import AppConfig


class StrategyConfig(AppConfig):
    name = "strategy"

    def ready(self) -> None:
        from strategy import (
            defaults,  # noqa: F401  (hears of new organisations)
            imports,
        )

        imports.register()
