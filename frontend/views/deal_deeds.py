"""Deals are opened, changed, moved, closed and opened again, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.refusals import Invalid
from frontend.access import may
from frontend.forms.customers import OWN
from frontend.forms.deal_deeds import CompanyMixin, FactsForm, MoveForm, OpenDealForm, looks, minor
from frontend.http import TenantRequest, deal_or_404, done, key_of, page, told_in
from frontend.parts import Crumb
from frontend.views.pipelines import status_of
from outcomes.requirements import SUPPLY, type_of
from strategy import queries, services
from strategy.models import Company, Deal, Stage
from strategy.requirements import Requirement, RequirementsMissing, Step, missing


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    return [Crumb(words=gettext("Deals"), url=reverse("deals", args=[request.tenant.slug])), *steps]


def back_of(request: TenantRequest, otherwise: str) -> str:
    """Where the member came from, on this site; else the usual page."""
    wanted = request.POST.get("back") or request.GET.get("back", "")
    is_ours = wanted.startswith(f"/o/{request.tenant.slug}/") and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if is_ours and len(wanted) <= 2000 else otherwise


def shown(
    request: TenantRequest,
    form: Any,
    *,
    title: str,
    button: str,
    back: str,
    lede: str = "",
    away: tuple[str, str] | None = None,
) -> HttpResponse:
    """The form of a deed. `away`: the words and the address of a button that does something else with the same row."""
    context = {
        "away": away,
        "title": title,
        "lede": lede,
        "crumbs": crumbs(request, Crumb(words=title)),
        "form": form,
        "button": button,
        "back_url": back,
        "dialog_url": request.path,
    }
    part = "form" if request.method == "POST" else "dialog"
    return page(request, "deals/deed.html", context, part=part, status=status_of(form))


def company_of(form: CompanyMixin, request: TenantRequest) -> Company | None:
    """The company that was named; a new one is written down. The form is told where the words are not clear."""
    found = form.settle_company(form.cleaned_data)
    if isinstance(found, str):
        return services.open_company(actor=request.membership, at=timezone.now(), name=found)
    return found


def given_in(request: TenantRequest) -> QueryDict | None:
    """What was sent to be done; None where the form is only to show itself anew."""
    return request.POST if request.method == "POST" and "look" not in request.POST else None


def said_in(request: TenantRequest) -> dict[str, Any]:
    """What stands in the form that is to show itself anew."""
    return said_of(request.POST) if "look" in request.POST else {}


def said_of(given: QueryDict) -> dict[str, Any]:
    return dict(given.items())


@require_http_methods(["GET", "POST"])
@may("deal.open")
def new(request: TenantRequest) -> HttpResponse:
    """Open a deal by hand."""
    member, slug = request.membership, request.tenant.slug
    known = key_of(request.GET.get("company", ""))
    company = Company.objects.filter(pk=known).first() if known else None
    form = OpenDealForm(
        given_in(request), member=member, company=company.name if company else "", said=said_in(request)
    )
    looks(form.fields["company"], request.path)
    if form.is_bound and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
        given.pop("which", None)
        with told_in(form):
            given["company"] = company_of(form, request)
            if not form.errors:
                given["amount"] = minor(given.get("amount"), form.currency)
                deal = services.open_deal(actor=member, at=timezone.now(), **given)
                said = gettext("{deal} opened").format(deal=deal.name)
                return done(request, reverse("deal", args=[slug, deal.pk]), said)
    back = back_of(request, reverse("deals", args=[slug]))
    return shown(request, form, title=gettext("Open a deal"), button=gettext("Open the deal"), back=back)


@require_http_methods(["GET", "POST"])
@may("deal.move")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Change what is known of a deal."""
    deal, member = deal_or_404(pk), request.membership
    url = reverse("deal", args=[request.tenant.slug, pk])
    if deal.merged_into_id is not None:
        return HttpResponseRedirect(url)
    known = queries.attributes_of_deals()
    form = FactsForm(given_in(request), member=member, deal=deal, known=known, said=said_in(request))
    looks(form.fields["company"], request.path)
    if form.is_bound and form.is_valid():
        given = dict(form.cleaned_data)
        version, on = given.pop("version"), given.pop("on")
        with told_in(form):
            given["company"] = company_of(form, request)
            if not form.errors:
                given["amount"] = minor(given["amount"], deal.currency)
                changed = {name: value for name, value in given.items() if name in form.changed_data or name == "name"}
                own = {key: value for key, value in form.own_values().items() if f"{OWN}{key}" in form.changed_data}
                changed = {name: value for name, value in changed.items() if not name.startswith(OWN)}
                changed |= {"attributes": own} if own else {}
                services.change_deal(deal=deal, actor=member, at=timezone.now(), on=on, version=version, **changed)
                return done(request, url, gettext("Saved"))
    return shown(request, form, title=deal_or_404(pk).name, button=gettext("Save the changes"), back=url)


def stages_for(deal: Deal) -> list[Stage]:
    """Where a deal can go: any other stage of its pipeline; one that is over back into an open one."""
    found = [one for one in queries.stages_of(deal.pipeline) if not one.is_archived]
    return [one for one in found if one.pk != deal.stage_id] if deal.is_open else [one for one in found if one.is_open]


def further(deal: Deal, stages: Sequence[Stage]) -> Stage | None:
    """The open stage after the deal's: where most go."""
    return next((one for one in stages if deal.is_open and one.is_open and one.position > deal.stage.position), None)


def asked(deal: Deal, to: Stage | None) -> list[Requirement]:
    """What the stage asks for that is not known, and that a form can supply."""
    return missing(Step(deal=deal, to=to)) if to is not None else []


@require_http_methods(["GET", "POST"])
@may("deal.move")
def move(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Move, close or open a deal again. What a stage asks for is supplied in the same step."""
    deal, member = deal_or_404(pk), request.membership
    if deal.merged_into_id is not None:
        return HttpResponseRedirect(reverse("deal", args=[request.tenant.slug, pk]))
    stages = stages_for(deal)
    wanted = request.POST.get("stage") or request.GET.get("stage", "")
    to = next((one for one in stages if str(one.pk) == wanted), None if wanted else further(deal, stages))
    beside: dict[str, Any] = {"deal": deal, "stages": stages, "to": to, "member": member}
    beside |= {"missing": asked(deal, to), "said": said_in(request)}
    form = MoveForm(given_in(request), **beside)
    back = back_of(request, reverse("deal", args=[request.tenant.slug, pk]))
    if form.is_bound and to is not None and asks_first(request, to):
        # Its first look at an end: it asks why before it ends anything.
        form = MoveForm(None, **beside | {"said": said_of(request.POST)})
    elif form.is_bound and form.is_valid() and to is not None:
        with told_in(form):
            try:
                moved = step(request, deal, to, form)
            except RequirementsMissing as refusal:
                if "because" not in form.fields or not set(refusal.fields) & form.fields.keys():
                    form.add_error(None, str(refusal))
                raise
            if moved:
                said = gettext("{deal} is in {stage}") if to.is_open else gettext("{deal} is closed: {stage}")
                return done(request, back, said.format(deal=deal.name, stage=to.name))
    looks(form.fields["stage"], request.path)
    title, button = words_of_move(deal, to)
    return shown(
        request,
        form,
        title=title.format(deal=deal.name),
        lede=gettext("Now in {stage}.").format(stage=deal.stage.name),
        button=button,
        back=back,
    )


def words_of_move(deal: Deal, to: Stage | None) -> tuple[str, str]:
    """What the page and its button are called: ending a deal is no move."""
    if not deal.is_open:
        return gettext("Open {deal} again"), gettext("Open the deal again")
    if to is not None and not to.is_open:
        return gettext("Close {deal}"), gettext("Close the deal")
    return gettext("Move {deal}"), gettext("Move the deal")


def asks_first(request: TenantRequest, to: Stage) -> bool:
    """Whether the form has not been seen with the fields of the end: a stage was chosen, and nothing else said."""
    return not to.is_open and "reason" not in request.POST


def step(request: TenantRequest, deal: Deal, to: Stage, form: MoveForm) -> bool:
    """The deed behind the form; False where the form was told of something first."""
    given = dict(form.cleaned_data)
    beside = {"on": given["on"], "version": given["version"], "override_because": given.get("because", "")}
    supply = {name: given[name] for name in form.supplied if given.get(name) not in (None, "")}
    if "company" in supply:
        supply["company"] = company_of(form, request)
        if form.errors:
            return False
    if "amount" in supply:
        supply["amount"] = minor(supply["amount"], deal.currency)
    agreed = [(one, said) for one in form.agreed if (said := one.read(given))]
    if agreed:
        supply[SUPPLY] = [{**said, "type": type_of(one.key)} for one, said in agreed]
    try:
        taken(request, deal, to, form, supply, beside)
    except Invalid as refusal:
        places = {
            f"{SUPPLY}/{at}/{name}": field for at, (one, _) in enumerate(agreed) for name, field in one.fields.items()
        }
        refusal.fields = {places.get(name, name): told for name, told in refusal.fields.items()}
        raise
    return True


def taken(
    request: TenantRequest, deal: Deal, to: Stage, form: MoveForm, supply: dict[str, Any], beside: dict[str, Any]
) -> None:
    """Move, close or open again."""
    given, member, at = form.cleaned_data, request.membership, timezone.now()
    if not deal.is_open:
        services.reopen_deal(deal=deal, to=to, actor=member, at=at, supply=supply, **beside)
        return
    ends = {name: given[name] for name in ("reason", "competitor") if given.get(name)}
    if "amount" in form.fields and "amount" not in supply:
        ends["amount"] = minor(given["amount"], deal.currency)
    services.move_deal(deal=deal, to=to, actor=member, at=at, supply=supply, **ends, **beside)
