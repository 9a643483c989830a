"""The organisation (tenant), its teams and its members."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime

import uuid_utils.compat
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel

# Words that stand, or may come to stand, where an organisation's name stands in an address.
RESERVED_SLUGS = frozenset(
    [
        "about",
        "access",
        "account",
        "accounts",
        "admin",
        "api",
        "app",
        "assets",
        "auth",
        "billing",
        "blog",
        "contact",
        "demo",
        "docs",
        "download",
        "example",
        "help",
        "home",
        "imports",
        "invite",
        "jobs",
        "legal",
        "login",
        "logout",
        "mail",
        "me",
        "new",
        "o",
        "oauth",
        "organisation",
        "organisations",
        "pricing",
        "privacy",
        "root",
        "security",
        "settings",
        "shop",
        "signin",
        "signup",
        "static",
        "status",
        "support",
        "system",
        "team",
        "tenant",
        "terms",
        "throughline",
        "webhook",
        "webhooks",
        "www",
    ]
)


class Role(models.TextChoices):
    """What a member is in the organisation; `accounts/permissions.py` says what each may do."""

    OWNER = "owner", _("Owner")
    LEADER = "leader", _("Leader")
    MANAGER = "manager", _("Manager")
    REP = "rep", _("Rep")
    VIEWER = "viewer", _("Viewer")


class Visibility(models.TextChoices):
    """Whose deals managers and reps see; owners, leaders and viewers see all of them (`accounts/visibility.py`)."""

    OWN = "own", _("Their own")
    TEAM = "team", _("Their team’s")
    ALL = "all", _("Everybody’s")


def is_time_zone(name: str) -> None:
    """Raises ValidationError unless the name is in the time zone database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone. Write it like Europe/Berlin.") % {"name": name})


def is_free_slug(slug: str) -> None:
    """Raises ValidationError for a word that addresses need for themselves."""
    if slug in RESERVED_SLUGS:
        raise ValidationError(_("“%(slug)s” is kept for the product itself. Choose another name.") % {"slug": slug})


class Tenant(models.Model):
    """A sales organisation: the boundary of all data. People read “organisation”.

    The key is small, in every index, and never shown; outside, an organisation is its slug or public id.
    """

    public_id = models.UUIDField(unique=True, default=uuid_utils.compat.uuid7, editable=False)
    slug = models.CharField(
        _("address"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Use small letters, digits and single hyphens.")),
            is_free_slug,
        ],
        error_messages={"unique": _("Another organisation has this address. Choose another one.")},
    )
    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[is_time_zone])
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Write the three letters of ISO 4217, like EUR."))],
    )
    fiscal_year_starts = models.PositiveSmallIntegerField(_("first month of the fiscal year"), default=1)
    # ISO 8601: Monday is 1, Sunday 7.
    week_starts = models.PositiveSmallIntegerField(_("first day of the week"), default=1)
    counts_from_grade = models.PositiveSmallIntegerField(_("evidence grade that counts"), default=1)
    # Changes cannot take effect on this day or before: what was reported of it stays true.
    closed_until = models.DateField(_("figures are closed up to"), null=True, blank=True)
    visibility = models.CharField(_("whose deals people see"), max_length=4, choices=Visibility, default=Visibility.ALL)
    # Figures name teams and never a single person.
    group_only = models.BooleanField(_("no figures about single people"), default=False)
    mfa_required = models.BooleanField(_("two-step sign-in required"), default=False)
    sso_required = models.BooleanField(_("single sign-on required"), default=False)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(counts_from_grade__lte=4), name="tenant_counts_from_a_grade_of_0_to_4"
            ),
            models.CheckConstraint(
                condition=models.Q(fiscal_year_starts__range=(1, 12)), name="tenant_fiscal_year_starts_in_a_month"
            ),
            models.CheckConstraint(condition=models.Q(week_starts__range=(1, 7)), name="tenant_week_starts_on_a_day"),
            models.CheckConstraint(
                condition=models.Q(visibility__in=["own", "team", "all"]), name="tenant_visibility_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The organisation's time zone: days, weeks and ages are counted in it."""
        return zoneinfo.ZoneInfo(self.time_zone)

    def day_of(self, at: datetime) -> date:
        """The organisation's calendar day at a moment."""
        return at.astimezone(self.zone).date()


class PastAddress(models.Model):
    """An address an organisation had: it leads on to the present one, and nobody else is given it."""

    slug = models.CharField(max_length=40, primary_key=True)
    organisation = models.ForeignKey(Tenant, models.CASCADE, related_name="past_addresses")
    left_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug


class Team(TenantModel):
    """People who sell together; teams form a tree."""

    name = models.CharField(_("name"), max_length=120)
    parent = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    manager = TenantForeignKey("accounts.Membership", models.SET_NULL, null=True, blank=True, related_name="manages")
    attributes = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, default="", blank=True)
    external_id = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="team_name_unique_in_tenant",
                violation_error_message=_("Another team has this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """A person in an organisation, with a role. Without a user it stands for an owner named by an import."""

    user = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="memberships", db_index=False
    )
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail address"), default="", blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.REP)
    team = TenantForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="members")
    is_active = models.BooleanField(default=True)
    # So many conversations of two weeks are to look beyond the quarter, as the member wants it; None: nothing was said.
    aims_ahead = models.PositiveSmallIntegerField(null=True, blank=True)
    # Of a placeholder that turned out to be somebody: what can only be added to goes on naming the placeholder.
    merged_into = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    source = models.CharField(max_length=40, default="", blank=True)
    external_id = models.CharField(max_length=200, default="", blank=True)
    # What the source said last: a row that says the same again changes nothing that was changed here since.
    source_digest = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_user_once_in_tenant"),
            models.UniqueConstraint(
                fields=["tenant", "source", "external_id"],
                condition=~models.Q(external_id=""),
                name="membership_external_id_unique_in_source",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | models.Q(is_active=False, user=None),
                name="membership_merged_is_over",
            ),
        ]
        # The look-up function that finds a person's organisations comes without a tenant.
        indexes = [models.Index(fields=["user"], name="membership_by_user")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_placeholder(self) -> bool:
        """Whether nobody can sign in as this member yet."""
        return self.user_id is None
