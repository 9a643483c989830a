"""The product with two pages and two tasks more, which take their time and fail."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.config.slow_urls"
