"""Strategies: from the first draft to the reason why they ended. Here, because their plays name types of outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, filters, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.models import Membership
from accounts.permissions import allows
from accounts.refusals import Invalid
from outcomes.api.verdicts import PlayVerdict, verdicts
from outcomes.queries.plan import vocabulary
from outcomes.queries.plays import judging
from outcomes.services import begin_strategy, write_strategy
from strategy import plan_listings as listings
from strategy import services, strategies
from strategy.api import plan_shapes as shapes
from strategy.api.plan_text import PlanText, below, shown, stored
from strategy.models import Strategy
from strategy.plan.templates import ABOUT, NAMES, Template, text_of
from strategy.services.plan import StrategyIncomplete


class BeginStrategy(fields.Input):
    """A draft: empty, or with one of `text`, `template` and `copy_of`."""

    name = fields.Text(longest=120)
    text = PlanText(whole=False, required=False)
    template = fields.OneOf(Template, required=False)
    copy_of = fields.Reference(
        ids.STRATEGY,
        lambda: Strategy.objects.all(),
        required=False,
        help_text="What it says now, with new ids for its parts",
    )
    owner = fields.Reference(
        ids.MEMBER,
        lambda: Membership.objects.filter(is_active=True),
        required=False,
        help_text="Without one: the token's member",
    )


class ChangeStrategy(fields.Input):
    """What is to change; what is left out stays. A text replaces the one that is being written as a whole."""

    name = fields.Text(longest=120, required=False)
    owner = fields.Reference(ids.MEMBER, lambda: Membership.objects.filter(is_active=True), required=False)
    text = PlanText(whole=False, required=False)


class Activate(fields.Input):
    """Why the text was changed, for those who read its versions."""

    note = fields.Text(longest=300, empty=True, required=False)


class Retire(fields.Input):
    """Why the strategy ends: the next one begins with the answer."""

    because = fields.Text(longest=300)


# As many digits as the numbers of versions can have.
NUMBER = {"type": "string", "pattern": r"^[1-9][0-9]{0,8}$"}


@contextmanager
def told_of_text() -> Iterator[None]:
    """Tell what is wrong with a text below the field that it came in."""
    try:
        yield
    except (Invalid, StrategyIncomplete) as refusal:
        raise below(refusal, "text") from refusal


class Strategies(Resource):
    """What the organisation intends."""

    kind = ids.STRATEGY
    access = {
        "list": "strategy.see",
        "retrieve": "strategy.see",
        "templates": "strategy.see",
        "versions": "strategy.see",
        "version": "strategy.see",
        "verdicts": "strategy.see",
        **dict.fromkeys(("create", "partial_update", "destroy", "activation", "retirement"), "strategy.edit"),
    }
    names = {
        "list": "list_strategies",
        "retrieve": "get_strategy",
        "create": "create_strategy",
        "partial_update": "change_strategy",
        "destroy": "remove_strategy",
        "templates": "list_strategy_templates",
        "versions": "list_strategy_versions",
        "version": "get_strategy_version",
        "verdicts": "list_play_verdicts",
        "activation": "activate_strategy",
        "retirement": "retire_strategy",
    }
    takes = {
        "create": BeginStrategy,
        "partial_update": ChangeStrategy,
        "activation": Activate,
        "retirement": Retire,
    }
    gives = {
        "list": shapes.Strategy,
        "templates": shapes.TemplateOut,
        "versions": shapes.Version,
        "version": shapes.Version,
        "verdicts": PlayVerdict,
        **dict.fromkeys(("retrieve", "create", "partial_update", "activation", "retirement"), shapes.StrategyWithText),
    }
    placed = {"version": {"number": (NUMBER, "The version's number, from 1.")}}
    lists = frozenset({"list", "templates", "versions", "verdicts"})
    unpaged = frozenset({"templates", "verdicts"})
    table = Strategy
    guarded = {
        "partial_update": Match.NEEDED,
        **dict.fromkeys(("destroy", "activation", "retirement"), Match.HEEDED),
    }
    filters = {
        "list": [
            Filter("state", fields.OneOf(Strategy.State.values), "Only strategies that stand like this."),
            filters.of("owner", ids.MEMBER, lambda: Membership.objects.all(), "Only strategies of this member."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the strategies, the newest first."""
        return self.page(listings.STRATEGIES, shapes.strategy)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one strategy with what it says, what is being written, and what is missing."""
        return self._answer(self.key(id))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Begin a strategy as a draft.

        A copy stands beside the strategy it was made of, as an alternative. Parts of every draft get ids of their own.
        """
        wanted = self.read(request)
        begun = wanted.keys() & {"text", "template", "copy_of"}
        if len(begun) > 1:
            raise Invalid(fields=dict.fromkeys(sorted(begun), _("Give one of text, template and copy_of.")))
        text, source, template = (wanted.pop(name, None) for name in ("text", "copy_of", "template"))
        with told_of_text():
            if text is not None:
                text = stored(text)
            elif source is not None:
                text = strategies.working_text(strategies.strategy(source.pk))
            made = begin_strategy(
                actor=request.user,
                at=timezone.now(),
                template=Template(template) if template else None,
                content=text,
                alternative_to=source,
                **wanted,
            )
        answer = shapes.with_text(strategies.strategy(made.pk), may_edit=True)
        return created(answer, f"/api/v1/strategies/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change a strategy's text, name or owner.

        The text of an active strategy is what will be its next version; until it is activated, the published one
        holds. A retired strategy stays as it was (409 `strategy_is_over`).
        """
        strategy, wanted, actor, at = self._strategy(id), self.read(request), request.user, timezone.now()
        if "name" in wanted:
            services.rename_strategy(strategy=strategy, to=wanted["name"], actor=actor, at=at)
        if "owner" in wanted:
            services.give_strategy(strategy=strategy, to=wanted["owner"], actor=actor, at=at)
        if "text" in wanted:
            with told_of_text():
                content = stored(wanted["text"])
                write_strategy(strategy=strategy, content=content, actor=actor, at=at, revision=strategy.revision)
        return self._answer(strategy.pk)

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Throw a draft away.

        What was active is kept: 409 `strategy_was_active`.
        """
        services.throw_draft_away(strategy=self._strategy(id), actor=request.user, at=timezone.now())
        return Response(status=204)

    @action(detail=False, methods=["get"])
    def templates(self, request: TokenRequest) -> Response:
        """List the texts that one can begin from, with the organisation's types in their plays."""
        words = vocabulary()
        rows = [
            {
                "template": template,
                "name": str(NAMES[template]),
                "about": str(ABOUT[template]),
                "text": shown(text_of(template, words=words).as_json()),
            }
            for template in Template
        ]
        return Response({"data": rows, "next_cursor": None, "next": None})

    @action(detail=True, methods=["get"])
    def versions(self, request: TokenRequest, id: str) -> Response:
        """List what a strategy said, the newest first."""
        return self.page(listings.VERSIONS, shapes.version, strategy=self._strategy(id).pk)

    @action(detail=True, methods=["get"], url_path=r"versions/(?P<number>[^/]+)")
    def version(self, request: TokenRequest, id: str, number: str) -> Response:
        """Show what a strategy said under one number."""
        if not re.fullmatch(NUMBER["pattern"], number, re.ASCII):
            raise NotThere
        found = listings.VERSIONS.page(limit=1, strategy=self._strategy(id).pk, number=int(number))
        if not found:
            raise NotThere
        return Response(shapes.version(found[0]))

    @action(detail=True, methods=["get"])
    def verdicts(self, request: TokenRequest, id: str) -> Response:
        """Say of each play of a strategy whether it works.

        The most important play comes first. Of a strategy that was never active there is nothing to say.
        """
        try:
            standing = strategies.strategy(self.key(id))
        except Strategy.DoesNotExist as error:
            raise NotThere from error
        rows = []
        if standing.version is not None:
            today = request.user.tenant.day_of(timezone.now())
            rows = verdicts(standing.text, judging(standing.strategy, today=today))
        return Response({"data": rows, "next_cursor": None, "next": None})

    @action(detail=True, methods=["post"])
    @idempotent
    def activation(self, request: TokenRequest, id: str) -> Response:
        """Activate a strategy, or publish the next version of an active one.

        422 `strategy_incomplete` says at each place what is missing; 409 `nothing_to_publish` that nothing has changed.
        """
        strategy = self._strategy(id)
        with told_of_text():
            services.activate_strategy(strategy=strategy, actor=request.user, at=timezone.now(), **self.read(request))
        return self._answer(strategy.pk)

    @action(detail=True, methods=["post"])
    @idempotent
    def retirement(self, request: TokenRequest, id: str) -> Response:
        """End an active strategy. What it said stays readable."""
        strategy = self._strategy(id)
        services.retire_strategy(strategy=strategy, actor=request.user, at=timezone.now(), **self.read(request))
        return self._answer(strategy.pk)

    def _strategy(self, text: str) -> Strategy:
        found = Strategy.objects.select_related("owner").filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found

    def _answer(self, key: UUID) -> Response:
        try:
            standing = strategies.strategy(key)
        except Strategy.DoesNotExist as error:
            raise NotThere from error
        may_edit = allows(cast("Membership", self.request.user), "strategy.edit")
        return Response(shapes.with_text(standing, may_edit=may_edit))
