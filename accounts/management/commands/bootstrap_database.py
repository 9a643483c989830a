"""Make the database roles and the database of a new installation."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.tenancy import roles

ADDRESSES = (("DATABASE_URL", roles.WEB), ("DATABASE_MIGRATE_URL", roles.MIGRATE))


class Command(BaseCommand):
    help = (
        "Makes the roles, the database and its grants as a PostgreSQL superuser, and prints the addresses "
        "with which the product logs in. May be run again: existing passwords stay, unless --new-passwords."
    )
    # Neither tables nor settings of the database are needed: there is none yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin-url",
            default=settings.DATABASE_ADMIN_URL,
            help="postgresql://superuser:password@host:5432/postgres; else DATABASE_ADMIN_URL, which nobody can"
            " read in a list of processes",
        )
        parser.add_argument("--database", default=roles.DATABASE, help="name of the product's database")
        passwords = parser.add_mutually_exclusive_group()
        passwords.add_argument("--new-passwords", action="store_true", help="replace the passwords of the logins")
        passwords.add_argument(
            "--passwords-from-settings",
            action="store_true",
            help="give the logins the passwords of DATABASE_URL and DATABASE_MIGRATE_URL, and print none",
        )
        parser.add_argument(
            "--for-development",
            action="store_true",
            help="let the owner make databases and the migrator act as the web role, as tests need",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        admin_url, database = options["admin_url"], options["database"]
        if not admin_url:
            raise CommandError("Name a superuser of the cluster by --admin-url, or by DATABASE_ADMIN_URL.")
        try:
            passwords = self._passwords(options)
            roles.bootstrap(
                admin_url, passwords=passwords, database=database, for_development=options["for_development"]
            )
        except (roles.NotSuperuser, psycopg.Error) as error:
            raise CommandError(str(error).strip()) from error
        if options["passwords_from_settings"]:
            self.stdout.write(f"Roles and database {database} are ready, with the passwords of the settings.")
        else:
            self._print_addresses(admin_url, database, passwords)

    def _passwords(self, options: dict[str, Any]) -> dict[str, str]:
        if not options["passwords_from_settings"]:
            asked = options["new_passwords"]
            renewed = roles.LOGINS if asked else roles.logins_without_password(options["admin_url"])
            return {role: roles.new_password() for role in renewed}
        found = {}
        for variable, role in ADDRESSES:
            login = urlsplit(getattr(settings, variable))
            if unquote(login.username or "") != role or not login.password:
                raise CommandError(f"{variable} has to name {role} and its password.")
            found[role] = unquote(login.password)
        return found

    def _print_addresses(self, admin_url: str, database: str, passwords: dict[str, str]) -> None:
        self.stdout.write(f"Roles and database {database} are ready.")
        for variable, role in ADDRESSES:
            if role in passwords:
                self.stdout.write(f"{variable}={login_url(admin_url, role, passwords[role], database)}")
            else:
                self.stdout.write(f"{variable}: {role} keeps its password.")


def login_url(admin_url: str, role: str, password: str, database: str) -> str:
    """The address of the admin with another role, password and database."""
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{role}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{place}", path=f"/{quote(database)}"))
