"""Contacts: the table, the page of one, the form, and who decides about a deal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import allows
from activities.queries import done_with
from frontend.access import may
from frontend.forms.customers import ContactForm, FilterForm, MergeForm, RoleForm
from frontend.http import TenantRequest, deal_or_404, done, more_url, page, told_in
from frontend.parts import Action, Crumb, Head
from frontend.path import reader_of
from frontend.views.customers import (
    BESIDE,
    MOST_DONE,
    ROWS,
    Cell,
    Part,
    Row,
    contacts_crumbs,
    differing,
    done_part,
    doubles_after,
    doubles_page,
    form_page,
    key_after,
    own_facts,
    pick_page,
    undone_words,
)
from strategy import customer_queries as queries
from strategy import services, strategies
from strategy.models import Attribute, BuyingRole, Company, Contact, Deal, Merge
from strategy.services.customers.merging import CONTACT_FACTS


@require_GET
@may("company.see")
def listing(request: TenantRequest) -> HttpResponse:
    """Contacts, the newest first, narrowed by company and name."""
    form = FilterForm(request.GET, {})
    company = Company.objects.filter(pk__in=named(request)).first()
    rows = queries.contacts(words=form.wanted("q"), company=company.pk if company else None)
    keys, more = queries.newest(rows, after=key_after(request.GET.get("after", "")), size=ROWS)
    slug = request.tenant.slug
    add_url = reverse("contact-new", args=[slug]) + (f"?company={company.pk}" if company else "")
    context = {
        "title": gettext("Contacts"),
        "lede": gettext("At {name}").format(name=company.name) if company else "",
        "crumbs": contacts_crumbs(request),
        "form": form,
        "heads": [
            Head(words=told) for told in (gettext("Name"), gettext("Company"), gettext("E-mail"), gettext("Persona"))
        ],
        "rows": [contact_row(one, slug) for one in queries.these_contacts(keys)],
        "more_url": more_url(request, keys[-1] if more else None),
        "actions": list_actions(request, add_url),
        "nothing": gettext("Nobody fits") if request.GET else gettext("No contacts yet"),
        "nothing_more": gettext("Nobody with these filters.")
        if request.GET
        else gettext("The people who decide about your deals will stand here."),
    }
    return page(request, "customers/list.html", context, part="more" if "after" in request.GET else "found")


def list_actions(request: TenantRequest, add_url: str) -> list[Action]:
    found = []
    if allows(request.membership, "company.merge"):
        found.append(Action(words=gettext("Duplicates"), url=reverse("contact-doubles", args=[request.tenant.slug])))
    if allows(request.membership, "company.edit"):
        found.append(Action(words=gettext("Add a contact"), url=add_url, icon="plus", solid=True))
    return found


@require_GET
@may("company.merge")
def doubles(request: TenantRequest) -> HttpResponse:
    """Contacts that may be the same, by what they share."""
    by, slug = "name" if request.GET.get("by") == "name" else "email", request.tenant.slug
    groups, after = queries.doubles(Contact, by, after=doubles_after(request))
    known = {one.pk: one for one in queries.these_contacts([key for group in groups for key in group.keys[:10]])}
    rows = []
    for group in groups:
        first, *others = [known[key] for key in group.keys[:10] if key in known]
        base = reverse("contact-merge", args=[slug, first.pk])
        cells = [Cell(words=at_words(one), url=f"{base}?with={one.pk}") for one in others]
        url, beside = reverse("contact", args=[slug, first.pk]), first.company.name if first.company else ""
        rows.append(Row(name=first.name, beside=beside, url=url, cells=cells))
    return doubles_page(
        request,
        title=gettext("Contacts that may be the same"),
        crumbs=contacts_crumbs(request, Crumb(words=gettext("Duplicates"))),
        by=by,
        tabs=[("email", gettext("Same e-mail")), ("name", gettext("Same name"))],
        rows=rows,
        after=after,
    )


def at_words(contact: Contact) -> str:
    """A name with where they work: two of one name are told apart."""
    if contact.company is None:
        return contact.name
    return gettext("{name} at {company}").format(name=contact.name, company=contact.company.name)


def pick(request: TenantRequest, contact: Contact) -> HttpResponse:
    """Which other contact they are the same as."""
    slug, words_said = request.tenant.slug, request.GET.get("q", "").strip()[:100]
    url, base = reverse("contact", args=[slug, contact.pk]), reverse("contact-merge", args=[slug, contact.pk])
    called = queries.contacts_called(words_said, most=BESIDE) if words_said else queries.contacts_like(contact)
    return pick_page(
        request,
        title=gettext("Who is the same as {name}?").format(name=contact.name),
        crumbs=contacts_crumbs(request, Crumb(words=contact.name, url=url), Crumb(words=gettext("Merge"))),
        found=[
            Row(name=one.name, beside=one.company.name if one.company else "", url=f"{base}?with={one.pk}")
            for one in called
            if one.pk != contact.pk
        ],
        words=words_said,
        back_url=url,
    )


def named(request: TenantRequest) -> list[UUID]:
    """The key of the company that an address names, if it does."""
    key = key_after(request.GET.get("company", ""))
    return [key] if key else []


def contact_row(contact: Contact, slug: str) -> Row:
    at = contact.company
    return Row(
        name=contact.name,
        beside=contact.title,
        url=reverse("contact", args=[slug, contact.pk]),
        cells=[
            Cell(words=at.name if at else "", url=reverse("company", args=[slug, at.pk]) if at else ""),
            Cell(words=contact.email),
            Cell(words=contact.persona.name if contact.persona else ""),
        ],
    )


def contact_or_404(key: UUID) -> Contact:
    rows = Contact.objects.select_related("company", "persona", "merged_into")
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404(key)
    return found


@require_GET
@may("company.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One contact: what is known, and the deals about which they decide."""
    contact, slug = contact_or_404(pk), request.tenant.slug
    if contact.merged_into_id is not None:
        return HttpResponseRedirect(reverse("contact", args=[slug, contact.merged_into_id]))
    known = list(Attribute.objects.filter(of=Attribute.Of.CONTACT).order_by("position", "pk"))
    context: dict[str, Any] = {
        "title": contact.name,
        "lede": contact.title,
        "crumbs": contacts_crumbs(request, Crumb(words=contact.name)),
        "actions": [
            Action(words=told, url=reverse(name, args=[slug, pk]))
            for told, name, capability in (
                (gettext("Merge"), "contact-merge", "company.merge"),
                (gettext("Change"), "contact-edit", "company.edit"),
            )
            if allows(request.membership, capability)
        ],
        "facts": facts_of(contact, slug) + [(name, told, "") for name, told in own_facts(known, contact.attributes)],
        "parts": [
            decides(contact, slug),
            done_part(done_with(contact=pk, most=MOST_DONE), reader_of(request)),
        ],
    }
    if allows(request.membership, "company.merge"):
        base = reverse("contact-merge", args=[slug, pk])
        context["like"] = [(one.name, f"{base}?with={one.pk}") for one in queries.contacts_like(contact)]
        last = queries.last_merge(of=Merge.Of.CONTACT, kept=pk)
        gone = Contact.objects.filter(pk=last.gone_id).first() if last else None
        context["undo"] = (gone.name, reverse("contact-unmerge", args=[slug, pk])) if gone else None
    return page(request, "customers/detail.html", context)


def facts_of(contact: Contact, slug: str) -> list[tuple[str, str, str]]:
    at = contact.company
    persona = contact.persona or strategies.persona_of(title=contact.title, department=contact.department)
    found = [
        (gettext("Company"), at.name if at else "", reverse("company", args=[slug, at.pk]) if at else ""),
        (gettext("Department"), contact.department, ""),
        (gettext("Persona"), persona.name if persona else "", ""),
        (gettext("E-mail"), contact.email, f"mailto:{contact.email}" if contact.email else ""),
        (gettext("Telephone"), contact.phone, ""),
        (gettext("From"), " ".join(filter(None, (contact.source, contact.external_id))), ""),
    ]
    return [fact for fact in found if fact[1]]


def decides(contact: Contact, slug: str) -> Part:
    """The deals in sight about which they decide."""
    found = BuyingRole.objects.filter(contact=contact, deal__merged_into=None).select_related("deal").order_by("-pk")
    rows = [
        Row(name=one.deal.name, beside=one.get_role_display(), url=reverse("deal", args=[slug, one.deal_id]))
        for one in found[:BESIDE]
    ]
    nothing = gettext("No deal that you see.")
    return Part(key="decides", heading=gettext("Decides about"), nothing=nothing, rows=rows)


@require_http_methods(["GET", "POST"])
@may("company.edit")
def new(request: TenantRequest) -> HttpResponse:
    """Add a contact, at the company that the address names."""
    slug = request.tenant.slug
    at = Company.objects.filter(pk__in=named(request), merged_into=None).first()
    known = list(Attribute.objects.filter(of=Attribute.Of.CONTACT).order_by("position", "pk"))
    form = ContactForm(request.POST or None, known=known, contact=None, at=at)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            made = services.open_contact(actor=request.membership, at=timezone.now(), **form.given())
            return done(
                request, reverse("contact", args=[slug, made.pk]), gettext("{name} added").format(name=made.name)
            )
    title = gettext("Add a contact")
    return form_page(
        request,
        form,
        {
            "title": title,
            "crumbs": contacts_crumbs(request, Crumb(words=title)),
            "button": gettext("Add the contact"),
            "back_url": reverse("company", args=[slug, at.pk]) if at else reverse("contacts", args=[slug]),
        },
    )


@require_http_methods(["GET", "POST"])
@may("company.edit")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Change what is known of a contact."""
    contact, slug = contact_or_404(pk), request.tenant.slug
    known = list(Attribute.objects.filter(of=Attribute.Of.CONTACT).order_by("position", "pk"))
    form = ContactForm(request.POST or None, known=known, contact=contact, at=None)
    url = reverse("contact", args=[slug, pk])
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            services.edit_contact(contact=contact, actor=request.membership, at=timezone.now(), **form.given())
            return done(request, url, gettext("{name} changed").format(name=contact.name))
    return form_page(
        request,
        form,
        {
            "title": gettext("Change {name}").format(name=contact.name),
            "crumbs": contacts_crumbs(request, Crumb(words=contact.name, url=url), Crumb(words=gettext("Change"))),
            "button": gettext("Save the changes"),
            "back_url": url,
        },
    )


@require_http_methods(["GET", "POST"])
@may("company.merge")
def merge(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Make one of two contacts."""
    one, slug = contact_or_404(pk), request.tenant.slug
    if one.merged_into_id is not None:
        return HttpResponseRedirect(reverse("contact-merge", args=[slug, one.merged_into_id]))
    key = key_after(request.GET.get("with", ""))
    if key is None or key == pk:
        return pick(request, one)
    other = contact_or_404(key)
    rows = {str(row.pk): row for row in (one, other)}
    names = [(key, f"{row.name} {row.email}".strip()) for key, row in rows.items()]
    form = MergeForm(request.POST or None, names=names, differing=differing(one, other, CONTACT_FACTS))
    url = reverse("contact", args=[slug, pk])
    if request.method == "POST" and form.is_valid():
        keep = rows[form.cleaned_data["stays"]]
        gone = other if keep is one else one
        with told_in(form):
            wins = form.cleaned_data.get("wins", [])
            services.merge_contacts(keep=keep, gone=gone, wins=wins, actor=request.membership, at=timezone.now())
            told = gettext("{gone} is part of {name} now").format(gone=gone.name, name=keep.name)
            undo_url = reverse("contact-unmerge", args=[slug, keep.pk])
            return done(request, reverse("contact", args=[slug, keep.pk]), told, undo_url=undo_url)
    return form_page(
        request,
        form,
        {
            "title": gettext("Make one of two"),
            "lede": gettext("What the other one decides about moves. It can be undone."),
            "crumbs": contacts_crumbs(request, Crumb(words=one.name, url=url), Crumb(words=gettext("Merge"))),
            "button": gettext("Make one of them"),
            "back_url": url,
        },
    )


@require_POST
@may("company.merge")
def unmerge(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Undo the last merge into a contact."""
    contact = contact_or_404(pk)
    last = queries.last_merge(of=Merge.Of.CONTACT, kept=contact.pk)
    if last is None:
        raise Http404(pk)
    undone = services.undo_merge(merge=last, actor=request.membership, at=timezone.now())
    return done(request, reverse("contact", args=[request.tenant.slug, pk]), undone_words(undone.facts, undone.rows))


def deciding(request: TenantRequest, deal: Deal) -> dict[str, Any]:
    """What the part “People deciding” of a deal's page shows."""
    slug = request.tenant.slug
    people = [
        {
            "name": one.contact.name,
            "beside": ", ".join(filter(None, (one.contact.title, one.get_role_display()))),
            "url": reverse("contact", args=[slug, one.contact_id]),
        }
        for one in queries.buying_roles(deal, limit=BESIDE)
    ]
    may_edit = deal.merged_into_id is None and allows(request.membership, "deal.move")
    return {"deciding": people, "deciding_url": reverse("deal-people", args=[slug, deal.pk]) if may_edit else ""}


@require_http_methods(["GET", "POST"])
@may("deal.move")
def of_deal(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Who decides about a deal: name one more, or take one out."""
    deal, slug, now = deal_or_404(pk), request.tenant.slug, timezone.now()
    form = RoleForm(request.POST or None, company=deal.company)
    here = reverse("deal-people", args=[slug, pk])
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            contact = given["contact"] or services.open_contact(
                actor=request.membership, at=now, name=given["name"], title=given["title"], company=deal.company
            )
            services.give_buying_role(deal=deal, contact=contact, role=given["role"], actor=request.membership, at=now)
            return done(request, here, gettext("{name} is named in the deal").format(name=contact.name))
    people = [
        {
            "name": one.contact.name,
            "role": one.get_role_display(),
            "url": reverse("contact", args=[slug, one.contact_id]),
            "remove_url": reverse("deal-person-remove", args=[slug, one.pk]),
        }
        for one in queries.buying_roles(deal, limit=100)
    ]
    url = reverse("deal", args=[slug, pk])
    return form_page(
        request,
        form,
        {
            "title": gettext("People deciding"),
            "lede": deal.name,
            "crumbs": [
                Crumb(words=gettext("Deals"), url=reverse("deals", args=[slug])),
                Crumb(words=deal.name, url=url),
                Crumb(words=gettext("People deciding")),
            ],
            "people": people,
            "button": gettext("Name them"),
            "back_url": url,
        },
    )


@require_POST
@may("deal.move")
def take_out(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Say that somebody has no part in the decision about a deal."""
    role = BuyingRole.objects.select_related("contact", "deal").filter(pk=pk).first()
    if role is None:
        raise Http404(pk)
    url, name = reverse("deal-people", args=[request.tenant.slug, role.deal_id]), role.contact.name
    services.take_buying_role(role=role, actor=request.membership, at=timezone.now())
    return done(request, url, gettext("{name} is taken out").format(name=name))
