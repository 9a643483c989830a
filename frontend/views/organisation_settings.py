"""What holds for the whole organisation, changed by those who direct it."""

from http import HTTPStatus

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.models import Tenant
from accounts.services import edit_organisation
from accounts.services.organisations import ChangedMeanwhile
from frontend.access import may
from frontend.forms.organisation import FiguresForm, GeneralForm, OrganisationForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb


@require_http_methods(["GET", "POST"])
@may("organisation.edit")
def general(request: TenantRequest) -> HttpResponse:
    """Name, address, clock and money."""
    now = timezone.now()
    form = GeneralForm(request.POST or None, member=request.membership, today=request.tenant.day_of(now))
    lede = gettext("What holds for everybody in {organisation}.").format(organisation=request.tenant.name)
    return edited(request, form, name="settings-general", title=gettext("General"), lede=lede)


@require_http_methods(["GET", "POST"])
@may("organisation.edit")
def figures(request: TenantRequest) -> HttpResponse:
    """What figures count, and who sees whose."""
    form = FiguresForm(request.POST or None, member=request.membership)
    lede = gettext("What figures count, and whose deals people see.")
    return edited(request, form, name="settings-figures", title=gettext("Statistics and visibility"), lede=lede)


def edited(request: TenantRequest, form: OrganisationForm, *, name: str, title: str, lede: str) -> HttpResponse:
    """The form; once it is stored, the same page again, at the address that the organisation has now."""
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            tenant = stored(request, form)
            return done(request, reverse(name, args=[tenant.slug]), gettext("Saved"))
    context = {
        "title": title,
        "lede": lede,
        "crumbs": [
            Crumb(words=gettext("Settings"), url=reverse("settings", args=[request.tenant.slug])),
            Crumb(words=title),
        ],
        "form": form,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "settings/organisation.html", context, status=status)


def stored(request: TenantRequest, form: OrganisationForm) -> Tenant:
    """The organisation as it is after the change. After a refusal the form is about what somebody else has set."""
    try:
        return edit_organisation(
            actor=request.membership, at=timezone.now(), seen=form.cleaned_data["seen"], **form.wanted()
        )
    except ChangedMeanwhile as meanwhile:
        now = meanwhile.data["now"]
        raise ChangedMeanwhile(fields=form.compare(now), now=now) from meanwhile
