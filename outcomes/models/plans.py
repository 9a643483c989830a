"""What is to come: steps agreed with a customer, what members plan to do and are asked to do, and talks about later."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.visibility import WITH_ITS_DEAL, SeenManager, Way
from activities.models import Activity, ActivityType
from outcomes.models.confirmations import Confirmation
from outcomes.models.ledger import MilestoneType


class MutualStep(TenantModel):
    """A dated step of the plan that seller and customer share on a deal, up to the decision and to value.

    Either side may have an owner: `their_owner` is a contact where one is known, `their_name` the name otherwise.
    `type` is the milestone that the step is for.
    """

    seen = (WITH_ITS_DEAL,)

    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="mutual_steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("step"), max_length=200)
    due_on = models.DateField(_("by"))
    our_owner = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")
    their_owner = TenantForeignKey("strategy.Contact", models.PROTECT, null=True, blank=True, related_name="+")
    their_name = models.CharField(max_length=120, default="", blank=True)
    type = TenantForeignKey(MilestoneType, models.PROTECT, null=True, blank=True, related_name="+")
    done_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField()

    objects: ClassVar[SeenManager[MutualStep]] = SeenManager()

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["tenant", "deal", "id"], name="mutual_step_of_deal")]

    def __str__(self) -> str:
        return self.name


class StepProposal(TenantModel):
    """What the holder of a link proposes for the plan: another name or day for a step, or without one a new step.

    Nothing changes by itself: somebody accepts or declines it. `said_by` is who the holder is said to be.
    """

    seen = (WITH_ITS_DEAL,)

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="+")
    confirmation = TenantForeignKey(Confirmation, models.PROTECT, related_name="proposals")
    step = TenantForeignKey(MutualStep, models.SET_NULL, null=True, blank=True, related_name="proposals")
    is_new = models.BooleanField(default=False)
    name = models.CharField(max_length=200, default="", blank=True)
    due_on = models.DateField(null=True, blank=True)
    comment = models.TextField(default="", blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    proposed_at = models.DateTimeField()
    settled_by = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SeenManager[StepProposal]] = SeenManager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "deal", "-id"], name="step_proposal_of_deal")]


class PlannedActivity(TenantModel):
    """Something a member plans to do within a day, a week or a month (`first_on` to `last_on`).

    A plan that is moved stays as it was and says where it went, so what was kept of all plans can be counted. It is
    done by an activity, and kept where that was done within the span.
    """

    #: With its deal; without one it is the affair of who planned it.
    seen = (WITH_ITS_DEAL, Way(person="member_id", where="{deal_id} IS NULL"))

    class Span(models.TextChoices):
        DAY = "day", _("Day")
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DONE = "done", _("Done")
        MOVED = "moved", _("Moved")
        DROPPED = "dropped", _("Dropped")

    member = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    type = TenantForeignKey(ActivityType, models.PROTECT, related_name="+")
    deal = TenantForeignKey("strategy.Deal", models.PROTECT, null=True, blank=True, related_name="+")
    company = TenantForeignKey("strategy.Company", models.PROTECT, null=True, blank=True, related_name="+")
    contact = TenantForeignKey("strategy.Contact", models.PROTECT, null=True, blank=True, related_name="+")
    play = TenantForeignKey("strategy.PlanPart", models.PROTECT, null=True, blank=True, related_name="+")
    milestone = TenantForeignKey(MilestoneType, models.PROTECT, null=True, blank=True, related_name="+")
    span = models.CharField(max_length=5, choices=Span)
    first_on = models.DateField()
    last_on = models.DateField()
    purpose = models.CharField(_("purpose"), max_length=200, default="", blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.PLANNED)
    moved_to = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    activity = TenantForeignKey(Activity, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300, default="", blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)
    planned_at = models.DateTimeField()

    objects: ClassVar[SeenManager[PlannedActivity]] = SeenManager()

    class Meta:
        verbose_name_plural = _("planned activities")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "activity"], name="planned_activity_done_by_one"),
            models.CheckConstraint(condition=models.Q(last_on__gte=models.F("first_on")), name="planned_activity_span"),
        ]
        indexes = [
            models.Index(fields=["tenant", "member", "last_on"], name="planned_activity_of_member"),
            models.Index(fields=["tenant", "member", "-id"], name="planned_activity_newest"),
            models.Index(fields=["tenant", "deal", "-id"], name="planned_activity_of_deal"),
            models.Index(fields=["tenant", "first_on"], name="planned_activity_first_day"),
            models.Index(fields=["tenant", "state", "-id"], name="planned_activity_by_state"),
            models.Index(
                fields=["tenant", "member", "-id"],
                condition=models.Q(deal=None),
                name="planned_activity_without_deal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.first_on}"


class ActivityTarget(TenantModel):
    """How many activities of a type a member, a team or (neither named) the organisation wants to do, and what for:
    always a milestone, and why.
    """

    #: One for a person is seen with what is theirs; those for teams and for all are everybody's.
    seen = (Way(person="member_id"), Way(where="{member_id} IS NULL"))

    class Per(models.TextChoices):
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")

    member = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")
    team = TenantForeignKey("accounts.Team", models.CASCADE, null=True, blank=True, related_name="+")
    type = TenantForeignKey(ActivityType, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(_("how many"))
    per = models.CharField(max_length=5, choices=Per)
    milestone = TenantForeignKey(MilestoneType, models.PROTECT, related_name="+")
    why = models.CharField(_("why"), max_length=300)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    set_by = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects: ClassVar[SeenManager[ActivityTarget]] = SeenManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(number__gte=1), name="activity_target_of_some"),
            models.CheckConstraint(
                condition=models.Q(member=None) | models.Q(team=None), name="activity_target_of_one_kind"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "member", "-id"], name="activity_target_of_member"),
            models.Index(fields=["tenant", "team", "-id"], name="activity_target_of_team"),
            models.Index(fields=["tenant", "-id"], condition=models.Q(member=None), name="activity_target_of_nobody"),
        ]


class Theme(TenantModel):
    """A word of the organisation for what several conversations are about. `key` is how it reads, whatever its case."""

    name = models.CharField(max_length=60)
    key = models.CharField(max_length=60, editable=False)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="theme_unique_in_tenant")]

    def __str__(self) -> str:
        return self.name


class Conversation(TenantModel):
    """A talk with a company about its next two or three years: what to ask, whom, and what was heard.

    Everybody sees companies, and so what is said with them. The deal it became is another row, seen with that deal.
    """

    class Prompt(models.TextChoices):
        CHALLENGES = "challenges", _("What challenges will they face?")
        WHOM = "whom", _("Whom should we talk to about it?")
        THINK = "think", _("What should they be thinking about?")
        INCITE = "incite", _("How do we begin that conversation?")
        MARKETS = "markets", _("What will change in their markets?")
        ENGAGE = "engage", _("Whom should we engage?")

    class Horizon(models.TextChoices):
        H2 = "H2", _("This year")
        H3 = "H3", _("One to three years")

    company = TenantForeignKey("strategy.Company", models.PROTECT, related_name="conversations")
    prompt = models.CharField(max_length=10, choices=Prompt)
    question = models.CharField(_("question"), max_length=300)
    contact = TenantForeignKey("strategy.Contact", models.PROTECT, null=True, blank=True, related_name="+")
    horizon = models.CharField(max_length=2, choices=Horizon, default=Horizon.H3)
    member = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    asked_on = models.DateField(null=True, blank=True)
    heard = models.TextField(default="", blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField()
    themes: models.ManyToManyField[Theme, ConversationTheme] = models.ManyToManyField(
        Theme, through="ConversationTheme", related_name="conversations"
    )

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "company", "-id"], name="conversation_of_company"),
            models.Index(
                fields=["tenant", "member", "id"], condition=models.Q(asked_on=None), name="conversation_to_ask"
            ),
        ]

    def __str__(self) -> str:
        return self.question


class ConversationTheme(TenantModel):
    """A theme of a conversation."""

    conversation = TenantForeignKey(Conversation, models.CASCADE, related_name="with_themes")
    theme = TenantForeignKey(Theme, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "conversation", "theme"], name="conversation_theme_once"),
        ]


class ConversationDeal(TenantModel):
    """The deal that a conversation became, for those who see that deal."""

    seen = (WITH_ITS_DEAL,)

    conversation = TenantForeignKey(Conversation, models.CASCADE, related_name="became")
    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    objects: ClassVar[SeenManager[ConversationDeal]] = SeenManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "conversation"], name="conversation_became_one")]
