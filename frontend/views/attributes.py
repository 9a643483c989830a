"""Settings → Attributes: the organisation's own facts of companies, contacts and deals."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from frontend.access import may
from frontend.forms.customers import AttributeForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb
from frontend.views.pipelines import archive_deed
from strategy import services
from strategy.models import Attribute


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    slug = request.tenant.slug
    return [
        Crumb(words=gettext("Settings"), url=reverse("settings", args=[slug])),
        Crumb(words=gettext("Attributes"), url=reverse("attributes", args=[slug]) if steps else ""),
        *steps,
    ]


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def listing(request: TenantRequest) -> HttpResponse:
    """The attributes by what they are of, and a form for one more."""
    slug = request.tenant.slug
    form = AttributeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            made = services.define_attribute(actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, reverse("attributes", args=[slug]), gettext("{name} added").format(name=made.name))
    found = list(Attribute.objects.order_by("of", "position", "pk"))
    groups = [
        {
            "key": of,
            "heading": label,
            "rows": [
                {
                    "name": one.name,
                    "url": reverse("attribute", args=[slug, one.pk]),
                    "note": gettext("Archived") if one.is_archived else f"{one.get_kind_display()}, {one.key}",
                }
                for one in found
                if one.of == of
            ],
        }
        for of, label in Attribute.Of.choices
    ]
    context = {
        "title": gettext("Attributes"),
        "lede": gettext("Facts of your own, beside those that everybody has. Programs find them under their keys."),
        "crumbs": crumbs(request),
        "groups": groups,
        "form": form,
        "form_heading": gettext("One more"),
        "button": gettext("Add the attribute"),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "settings/words.html", context, status=status)


def attribute_or_404(key: UUID) -> Attribute:
    found = Attribute.objects.filter(pk=key).first()
    if found is None:
        raise Http404(key)
    return found


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Change an attribute; its kind stays once rows have values."""
    one, slug, now = attribute_or_404(pk), request.tenant.slug, timezone.now()
    form = AttributeForm(request.POST or None, attribute=one)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        place = given.pop("position")
        with told_in(form):
            services.edit_attribute(attribute=one, actor=request.membership, at=now, **given)
            if place and place != one.position:
                others = list(Attribute.objects.filter(of=one.of).exclude(pk=pk).order_by("position", "pk"))
                keys = [other.pk for other in others]
                keys.insert(place - 1, one.pk)
                services.order_attributes(of=one.of, keys=keys, actor=request.membership, at=now)
            return done(request, reverse("attributes", args=[slug]), gettext("{name} changed").format(name=one.name))
    context = {
        "title": one.name,
        "lede": gettext("Archived: it takes no values any more, and those that are there stay.")
        if one.is_archived
        else "",
        "crumbs": crumbs(request, Crumb(words=one.name)),
        "form": form,
        "button": gettext("Save the changes"),
        "deed": archive_deed(reverse("attribute-archive", args=[slug, pk]), is_archived=one.is_archived),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "settings/entry.html", context, status=status)


@require_POST
@may("pipeline.edit")
def archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive an attribute, or offer it again."""
    one = attribute_or_404(pk)
    wanted = not one.is_archived
    services.edit_attribute(attribute=one, is_archived=wanted, actor=request.membership, at=timezone.now())
    said = gettext("{name} archived") if wanted else gettext("{name} is back")
    url = reverse("attributes", args=[request.tenant.slug])
    return done(request, url, said.format(name=one.name), undo_url=request.path if wanted else "")
