"""What sellers did, and the tangible things it left behind."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.visibility import WITH_ITS_DEAL, SeenManager, Way

#: A row that belongs to an activity is seen with it.
WITH_ITS_ACTIVITY = (
    Way(
        "{activity_id} IN (SELECT done.id FROM activities_activity AS done JOIN strategy_deal AS seen"
        " ON seen.tenant_id = done.tenant_id AND seen.id = done.deal_id"
        " WHERE done.tenant_id = {tenant} AND seen.owner_id = ANY ({people}))"
    ),
    Way(
        "{activity_id} IN (SELECT done.id FROM activities_activity AS done"
        " WHERE done.tenant_id = {tenant} AND done.deal_id IS NULL AND done.member_id = ANY ({people}))"
    ),
)


class Horizon(models.TextChoices):
    """How far ahead an activity looks."""

    H1 = "H1", _("This quarter")
    H2 = "H2", _("This year")
    H3 = "H3", _("One to three years")


class ActivityType(TenantModel):
    """A kind of activity. Preparation is work and counts as such."""

    class CountsAs(models.TextChoices):
        CONTACT = "contact", _("Contact")
        PREPARATION = "preparation", _("Preparation")

    name = models.CharField(_("name"), max_length=80)
    icon = models.CharField(max_length=20, default="phone")
    usual_minutes = models.PositiveSmallIntegerField(_("usual minutes"))
    counts_as = models.CharField(max_length=12, choices=CountsAs, default=CountsAs.CONTACT)
    position = models.PositiveSmallIntegerField(default=1)
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="activity_type_unique_in_tenant",
                violation_error_message=_("Another type of activity has this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Activity(TenantModel):
    """Something a member did. `day` is the organisation's calendar day of `at`, stored so that statistics need
    no time zones; `minutes` is the type's usual length unless somebody said otherwise.

    `entry_key` is made with the form, so that a second press stores nothing twice. `play` is the play of a strategy
    that it serves; without one it is unaligned. `took_seconds` is how long somebody needed to log it.
    """

    #: With its deal; without one it is the affair of who did it.
    seen = (WITH_ITS_DEAL, Way(person="member_id", where="{deal_id} IS NULL"))

    type = TenantForeignKey(ActivityType, models.PROTECT, related_name="activities")
    member = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="activities")
    deal = TenantForeignKey("strategy.Deal", models.PROTECT, null=True, blank=True, related_name="activities")
    company = TenantForeignKey("strategy.Company", models.PROTECT, null=True, blank=True, related_name="activities")
    play = TenantForeignKey("strategy.PlanPart", models.PROTECT, null=True, blank=True, related_name="+")
    contacts = models.ManyToManyField("strategy.Contact", through="ActivityContact", related_name="activities")
    at = models.DateTimeField(_("when"))
    day = models.DateField()
    minutes = models.PositiveIntegerField(_("minutes"))
    horizon = models.CharField(_("horizon"), max_length=2, choices=Horizon, default="", blank=True)
    purpose = models.CharField(_("purpose"), max_length=200, default="", blank=True)
    note = models.TextField(_("note"), default="", blank=True)
    prepared = models.BooleanField(_("prepared"), null=True, blank=True)
    right_person = models.BooleanField(_("the right person"), null=True, blank=True)
    purpose_reached = models.BooleanField(_("purpose reached"), null=True, blank=True)
    next_step = models.CharField(_("next step agreed"), max_length=200, default="", blank=True)
    next_step_on = models.DateField(_("on"), null=True, blank=True)
    entry_key = models.UUIDField(null=True, blank=True)
    took_seconds = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=40, default="", blank=True)
    external_id = models.CharField(max_length=200, default="", blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[SeenManager[Activity]] = SeenManager()

    class Meta:
        verbose_name_plural = _("activities")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "entry_key"], name="activity_entered_once"),
            models.UniqueConstraint(
                fields=["tenant", "source", "external_id"],
                condition=~models.Q(external_id=""),
                name="activity_external_id_unique_in_source",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="activity_newest_first"),
            models.Index(fields=["tenant", "deal", "-at", "-id"], name="activity_of_deal"),
            models.Index(fields=["tenant", "member", "day"], name="activity_of_member"),
            models.Index(fields=["tenant", "member", "-at", "-id"], name="activity_of_member_newest"),
            models.Index(fields=["tenant", "company", "-at", "-id"], name="activity_of_company_newest"),
            models.Index(fields=["tenant", "type", "-at", "-id"], name="activity_of_type_newest"),
            models.Index(fields=["tenant", "play", "-at", "-id"], name="activity_of_play_newest"),
            # Which of the two is rare depends on whether an organisation has plays.
            models.Index(
                fields=["tenant", "-at", "-id"], condition=models.Q(play=None), name="activity_unaligned_newest"
            ),
            models.Index(
                fields=["tenant", "-at", "-id"], condition=~models.Q(play=None), name="activity_aligned_newest"
            ),
            # What somebody did for no deal is rare among all that they did.
            models.Index(
                fields=["tenant", "member", "-at", "-id"],
                condition=models.Q(deal=None),
                name="activity_without_deal_newest",
            ),
            models.Index(
                fields=["tenant", "source", "-at", "-id"],
                condition=~models.Q(source=""),
                name="activity_of_source_newest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.day}"


class ActivityContact(TenantModel):
    """Somebody at the customer with whom an activity was done."""

    activity = TenantForeignKey(Activity, models.CASCADE, related_name="with_contacts")
    contact = TenantForeignKey("strategy.Contact", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "activity", "contact"], name="activity_contact_once"),
        ]


class OutputType(TenantModel):
    """A kind of tangible result: a reply, a meeting held, a demo given, a proposal sent."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=1)
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="output_type_unique_in_tenant",
                violation_error_message=_("Another type of output has this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Output(TenantModel):
    """What an activity left behind. Not an outcome: that is an act of the customer."""

    seen = WITH_ITS_ACTIVITY

    activity = TenantForeignKey(Activity, models.CASCADE, related_name="outputs")
    type = TenantForeignKey(OutputType, models.PROTECT, related_name="+")
    note = models.CharField(_("namely"), max_length=300, default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[SeenManager[Output]] = SeenManager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-id"], name="output_newest_first"),
            models.Index(fields=["tenant", "type", "-id"], name="output_of_type_newest"),
        ]

    def __str__(self) -> str:
        return self.note or str(self.type)
