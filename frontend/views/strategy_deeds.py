"""What is done with a whole strategy: activated, retired, copied, renamed, thrown away."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts import people
from frontend.access import may
from frontend.forms.strategy import CopyForm, NameForm, NoteForm, RetireForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb
from frontend.views.strategy import crumbs, gap_links, standing_or_404, url_of
from frontend.views.strategy_edit import back_url, editable_or_404
from frontend.views.strategy_versions import changed
from strategy import services
from strategy.models import Strategy
from strategy.plan.missing import gaps
from strategy.strategies import working_text


def asked(
    request: TenantRequest, strategy: Strategy, form: forms.Form, *, title: str, button: str, **more: Any
) -> HttpResponse:
    """The page that asks before a deed, and tells what stood against it."""
    context = {
        "title": title,
        "crumbs": crumbs(
            request, Crumb(words=strategy.name, url=url_of(request, "strategy", strategy)), Crumb(words=title)
        ),
        "form": form,
        "button": button,
        "back_url": url_of(request, "strategy", strategy),
        **more,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "strategy/deed.html", context, status=status)


def sent(request: TenantRequest, form: forms.Form) -> bool:
    """Whether the form was sent and can be used."""
    return request.method == "POST" and form.is_valid()


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def activate(request: TenantRequest, pk: UUID) -> HttpResponse:
    """What is missing, or what will change; and why."""
    standing = editable_or_404(pk)
    strategy, text = standing.strategy, working_text(standing)
    form = NoteForm(request.POST or None)
    missing = gap_links(request, strategy, gaps(text))
    if sent(request, form):
        with told_in(form):
            version = services.activate_strategy(
                strategy=strategy, actor=request.membership, at=timezone.now(), note=form.cleaned_data["note"]
            )
            told = gettext("Version {n} holds from now on").format(n=version.number)
            return done(request, url_of(request, "strategy", strategy), told)
    number = standing.version.number + 1 if standing.version else 1
    first, publish = standing.version is None, gettext("Publish version {n}").format(n=number)
    return asked(
        request,
        strategy,
        form,
        title=gettext("Activate {name}").format(name=strategy.name) if first else publish,
        button=gettext("Activate") if first else publish,
        lede=gettext("From now on the strategy is judged by this text. What it said before stays readable."),
        missing=missing,
        is_stopped=bool(missing),
        back_url=back_url(request, strategy),
        **({} if first else changed(standing.text, text, request)),
    )


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def retire(request: TenantRequest, pk: UUID) -> HttpResponse:
    """The end of an active strategy, with the reason."""
    strategy = editable_or_404(pk).strategy
    form = RetireForm(request.POST if request.method == "POST" else None)
    if sent(request, form):
        with told_in(form):
            services.retire_strategy(
                strategy=strategy,
                actor=request.membership,
                at=timezone.now(),
                because=form.cleaned_data["because"],
            )
            return done(request, url_of(request, "strategy", strategy), gettext("Retired"))
    return asked(
        request,
        strategy,
        form,
        title=gettext("Retire {name}").format(name=strategy.name),
        button=gettext("Retire the strategy"),
        lede=gettext("Its segments and plays are no longer offered. What it said stays readable."),
    )


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def copy(request: TenantRequest, pk: UUID) -> HttpResponse:
    """An alternative that begins with what a strategy says."""
    strategy = standing_or_404(pk).strategy
    form = CopyForm(request.POST if request.method == "POST" else None)
    if sent(request, form):
        with told_in(form):
            made = services.copy_strategy(
                strategy=strategy, name=form.cleaned_data["name"], actor=request.membership, at=timezone.now()
            )
            return done(request, url_of(request, "strategy", made), gettext("Copied. Change what would be different."))
    return asked(
        request,
        strategy,
        form,
        title=gettext("Copy {name}").format(name=strategy.name),
        button=gettext("Copy as an alternative"),
        lede=gettext("A draft that stands beside it, with the same text. Nothing counts for both."),
    )


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def name(request: TenantRequest, pk: UUID) -> HttpResponse:
    """What it is called, and who answers for it."""
    strategy = editable_or_404(pk).strategy
    given = request.POST if request.method == "POST" else None
    form = NameForm(given, strategy=strategy, members=people.who_can_sign_in())
    if sent(request, form):
        actor, at, wanted = request.membership, timezone.now(), form.cleaned_data
        with told_in(form):
            services.rename_strategy(strategy=strategy, to=wanted["name"], actor=actor, at=at)
            services.give_strategy(strategy=strategy, to=wanted["owner"], actor=actor, at=at)
            return done(request, url_of(request, "strategy", strategy), gettext("Saved"))
    return asked(request, strategy, form, title=gettext("Name and owner"), button=gettext("Save the changes"))


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def throw_away(request: TenantRequest, pk: UUID) -> HttpResponse:
    """A draft goes for good, so the page asks first."""
    strategy = editable_or_404(pk).strategy
    form = forms.Form(request.POST if request.method == "POST" else None)
    if sent(request, form):
        with told_in(form):
            services.throw_draft_away(strategy=strategy, actor=request.membership, at=timezone.now())
            told = gettext("{name} thrown away").format(name=strategy.name)
            return done(request, reverse("strategies", args=[request.tenant.slug]), told)
    return asked(
        request,
        strategy,
        form,
        title=gettext("Throw {name} away").format(name=strategy.name),
        button=gettext("Throw the draft away"),
        lede=gettext("It was never active, so its text is kept nowhere. This cannot be undone."),
        is_danger=True,
    )


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def drop(request: TenantRequest, pk: UUID) -> HttpResponse:
    """What was written since the last version goes for good, so the page asks first."""
    standing = editable_or_404(pk)
    strategy = standing.strategy
    form = forms.Form(request.POST if request.method == "POST" else None)
    if sent(request, form):
        with told_in(form):
            services.drop_changes(strategy=strategy, actor=request.membership, at=timezone.now())
            return done(request, url_of(request, "strategy", strategy), gettext("Changes thrown away"))
    return asked(
        request,
        strategy,
        form,
        title=gettext("Throw the changes of {name} away").format(name=strategy.name),
        button=gettext("Throw the changes away"),
        lede=gettext("The published version goes on as it is. What follows is kept nowhere else."),
        is_danger=True,
        **changed(standing.text, working_text(standing), request),
    )
