"""What customers are asked by a link, and what the holders of these links answered."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.visibility import WITH_ITS_DEAL, SeenManager
from outcomes.models.ledger import MilestoneType


class Confirmation(TenantModel):
    """One question to one person, behind one link: is this what you agreed, why did you decide as you did, or is this
    the plan?

    Only the SHA-256 of the link's secret is kept. `statement` is what was asked, word for word. Opening the link is no
    answer; `opened_at` and `opened_last_at` are when its holder's browser said that the page was looked at.
    """

    seen = (WITH_ITS_DEAL,)

    class Purpose(models.TextChoices):
        MILESTONE = "milestone", _("Did we get this right?")
        END_REASON = "end_reason", _("Why did it end?")
        PLAN = "plan", _("Is this the plan?")

    class Channel(models.TextChoices):
        MAIL = "mail", _("Sent by mail")
        LINK = "link", _("Link copied")

    purpose = models.CharField(max_length=12, choices=Purpose)
    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="confirmations")
    type = TenantForeignKey(MilestoneType, models.PROTECT, null=True, blank=True, related_name="+")
    contact = TenantForeignKey("strategy.Contact", models.PROTECT, null=True, blank=True, related_name="+")
    # As they were when the link was made: who the holder of the link is said to be.
    to_name = models.CharField(max_length=200)
    to_email = models.CharField(max_length=254, default="", blank=True)
    language = models.CharField(max_length=8)
    channel = models.CharField(max_length=4, choices=Channel)
    statement = models.TextField()
    stated_on = models.DateField(null=True, blank=True)
    message = models.TextField(default="", blank=True)
    asked_by = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_last_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    digest = models.BinaryField(max_length=32)
    # One press of a button, however often it is sent.
    entry_key = models.UUIDField(null=True, blank=True)

    objects: ClassVar[SeenManager[Confirmation]] = SeenManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(purpose="milestone", type__isnull=False)
                | ~models.Q(purpose="milestone") & models.Q(type=None),
                name="confirmation_of_a_milestone_names_it",
            ),
            models.UniqueConstraint(fields=["tenant", "entry_key"], name="confirmation_asked_once"),
        ]
        indexes = [
            # The look-up function that finds a link comes without a tenant.
            models.Index(fields=["digest"], name="confirmation_by_digest"),
            models.Index(fields=["tenant", "deal", "-id"], name="confirmation_of_deal_newest"),
            models.Index(fields=["tenant", "contact", "-id"], name="confirmation_of_contact_newest"),
            # What was asked of late: of all, of one address, and by one member.
            models.Index(fields=["tenant", "asked_at"], name="confirmation_by_asking"),
            models.Index(
                fields=["tenant", "to_email", "asked_at"],
                condition=~models.Q(to_email=""),
                name="confirmation_of_address",
            ),
            models.Index(fields=["tenant", "asked_by", "asked_at"], name="confirmation_of_asker"),
        ]


class ConfirmationAnswer(TenantModel):
    """What the holder of a link said: yes, nearly (`words` are how they put it) or no. A second answer is a new one.

    Why a deal ended is told by `cause` and `words`, and `said` stays empty. `comment` is what they added.
    """

    append_only = True
    seen = (WITH_ITS_DEAL,)

    class Said(models.TextChoices):
        YES = "yes", _("Yes")
        NEARLY = "nearly", _("Nearly")
        NO = "no", _("No")

    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="+")
    confirmation = TenantForeignKey(Confirmation, models.PROTECT, related_name="answers")
    said = models.CharField(max_length=6, choices=Said, default="", blank=True)
    words = models.TextField(default="", blank=True)
    comment = models.TextField(default="", db_default="", blank=True)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    # What the customer says was the reason, where a deal ended: in their own words, and which of ours that is.
    cause = models.CharField(max_length=12, default="", blank=True)
    answered_at = models.DateTimeField()
    # One press of a button, however often it is sent.
    entry_key = models.UUIDField(null=True, blank=True)

    objects: ClassVar[SeenManager[ConfirmationAnswer]] = SeenManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confidence=None) | models.Q(confidence__lte=10),
                name="confirmation_answer_confidence_of_0_to_10",
            ),
            models.UniqueConstraint(
                fields=["tenant", "confirmation", "entry_key"], name="confirmation_answer_once_for_a_press"
            ),
        ]
