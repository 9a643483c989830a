"""What the audit's verbs say to people. A test walks every deed to see that each has its words here."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import watch
from accounts.models import Tenant
from accounts.models.organisation import Role
from accounts.services import addresses, operators
from frontend import words

Words = Mapping[str, str | Promise]

#: What was done, after the name of who did it. {x} is filled from the entry; {x_was} is the value before.
VERBS: Words = {
    "access.denied": _("was refused {method} {path}"),
    "activity.changed": _("corrected an activity, {type}: {changes}"),
    "activity.logged": _("logged an activity: {type}"),
    "activity.taken_back": _("took back an activity: {type}, {day}"),
    "activity_type.added": _("added the type of activity {name}"),
    "activity_type.changed": _("changed the type of activity {name}: {changes}"),
    "competitor.added": _("added the competitor {name}"),
    "competitor.changed": _("changed the competitor {name}: {changes}"),
    "attribute.defined": _("defined the attribute {name}"),
    "attribute.edited": _("changed the attribute {name}: {changes}"),
    "attribute.ordered": _("put the attributes in the order {names}"),
    "buying_role.given": _("named {contact} in {deal} as {role}"),
    "buying_role.taken": _("took {contact} out of {deal}"),
    "company.edited": _("changed {name}: {changes}"),
    "company.merged": _("merged {gone} into {name}"),
    "company.opened": _("added the company {name}"),
    "company.unmerged": _("made two companies of {name} and {gone} again"),
    "confirmation.answered": _("answered: {answer}"),
    "confirmation.asked": _("asked {to} to confirm"),
    "confirmation.revoked": _("took back the link sent to {to}"),
    "contact.edited": _("changed {name}: {changes}"),
    "contact.merged": _("merged {gone} into {name}"),
    "contact.opened": _("added the contact {name}"),
    "contact.unmerged": _("made two contacts of {name} and {gone} again"),
    "conversation.changed": _("wrote down more of a conversation with {company}"),
    "conversation.kept": _("kept a question to {company}"),
    "deal.closed": _("closed a deal: from {left} to {entered}"),
    "deal.edited": _("changed facts of a deal: {changes}"),
    "deal.merged": _("put the deal {gone} together with {kept}"),
    "deal.unmerged": _("took the deals {gone} and {kept} apart again"),
    "deal.moved": _("moved a deal from {left} to {entered}"),
    "deal.opened": _("opened the deal {name}"),
    "deal.overridden": _("passed what {stage} asks for: {because}"),
    "deal.qualified": _("qualified a deal as of {on}"),
    "deal.reassigned": _("gave a deal of {owner_was} to {owner}"),
    "deal.reopened": _("opened a deal again, in {entered}"),
    "deal_source.added": _("added the source of deals {name}"),
    "deal_source.changed": _("changed the source of deals {name}: {changes}"),
    "deal.replanned": _("changed what a deal serves: {changes}"),
    "deal.repriced": _("changed the value of a deal from {amount_was} to {amount}"),
    "deal.rescheduled": _("changed the expected close from {day_was} to {day}"),
    "deals.edit_undone": _("undid a change of {deals} deals"),
    "deals.edited": _("changed {deals} deals at once"),
    "deals.handed_over": _("handed {deals} deals of {name} over to {to}"),
    "domain.added": _("added the mail domain {domain}"),
    "domain.removed": _("removed the mail domain {domain}"),
    "domain.verified": _("proved the mail domain {domain}"),
    "end_reason.added": _("added the reason {name}"),
    "end_reason.changed": _("changed the reason {name}: {changes}"),
    "exchange_rate.added": _("added the rate {rate} for {currency} from {day} on"),
    "exchange_rate.removed": _("removed the rate {rate} for {currency} from {day} on"),
    "identity.linked": _("was linked to {email} at {issuer}"),
    "import.cancelled": _("stopped an import after {rows} rows"),
    "import.continued": _("continued an import"),
    "import.done": _("imported {rows} rows"),
    "import.failed": _("could not finish an import"),
    "import.received": _("sent files to import: {files}"),
    "import.rows_kept": _("imported {rows} rows of {file}"),
    "import.started": _("started an import"),
    "import.stop_asked": _("asked an import to stop"),
    "invitation.accepted": _("accepted an invitation as {role}"),
    "invitation.resent": _("sent {email} the invitation again"),
    "invitation.revoked": _("took back the invitation of {email}"),
    "invitation.sent": _("invited {email} as {role}"),
    "member.aimed_ahead": _("changed their own aim for what lies ahead"),
    "member.deactivated": _("deactivated {name}"),
    "member.email_changed": _("changed their e-mail address"),
    "member.joined": _("joined as {role}"),
    "member.left": _("left the organisation"),
    "member.linked": _("linked {name} to a person who was imported"),
    "member.moved": _("put {name} into the team {team}, out of {team_was}"),
    "member.name_changed": _("changed their name"),
    "member.reactivated": _("let {name} in again"),
    "member.renamed": _("renamed {name_was} to {name}"),
    "member.role_changed": _("made {name} {role}, who was {role_was}"),
    "member.signed_in": _("signed in"),
    "milestone.confirmed": _("confirmed an outcome: {type}"),
    "milestone.contradicted": _("contradicted an outcome: {type}"),
    "milestone.recorded": _("recorded an outcome: {type}"),
    "milestone_type.added": _("began to watch for an outcome: {name}"),
    "milestone_type.changed": _("changed an outcome to watch for: {name}"),
    "milestone.found_in_system": _("found an outcome in {source}: {type}"),
    "milestone.evidenced": _("added evidence for an outcome: {type}"),
    "milestone.checked": _("checked an outcome: {type}"),
    "milestone.denied": _("wrote down that the customer says otherwise: {type}"),
    "milestone.lapsed": _("wrote down that an outcome no longer holds: {type}"),
    "milestone.corrected": _("took back an outcome: {type}"),
    "mutual_step.added": _("added a step to the plan of {deal}: {name}"),
    "mutual_step.changed": _("changed a step in the plan of {deal}: {name}, {changes}"),
    "mutual_step.removed": _("took a step out of the plan of {deal}: {name}"),
    operators.ENDED: _("showed the operator {operator} out"),
    operators.ENTERED: _("entered to read, until {until}: {reason}"),
    operators.LEFT: _("left"),
    watch.LOOKED: _("looked at {path}"),
    "organisation.edited": _("changed settings: {changes}"),
    "organisation.handed_over": _("handed the organisation over to {name}"),
    addresses.MOVED: _("changed the address from {before} to {after}"),
    "organisation.opened": _("opened the organisation at {slug}"),
    "output.added": _("added what an activity gave: {type}"),
    "output.changed": _("corrected what an activity gave, {type}: {changes}"),
    "output.removed": _("took back what an activity gave: {type}"),
    "output_type.added": _("added the type of output {name}"),
    "output_type.changed": _("changed the type of output {name}: {changes}"),
    "pipeline.added": _("added the pipeline {name}"),
    "pipeline.changed": _("changed the pipeline {name}: {changes}"),
    "planned_activity.changed": _("changed what is planned: {type}, {changes}"),
    "planned_activity.done": _("did what was planned: {type}"),
    "planned_activity.dropped": _("dropped what was planned: {type}, because {because}"),
    "planned_activity.moved": _("moved what was planned from {on_was} to {on}: {type}"),
    "planned_activity.opened_again": _("opened what was planned again: {type}, as nothing did it after all"),
    "planned_activity.planned": _("planned an activity from {on} on: {type}"),
    "provider.changed": _("changed the identity provider"),
    "provider.removed": _("removed the identity provider {issuer}"),
    "provider.set_up": _("set up the identity provider"),
    "sign_in_rules.changed": _("changed who must sign in how"),
    "sign_in_rules.passed": _("entered by password, past the identity provider"),
    "stage.added": _("added the stage {name} to {pipeline}"),
    "stage.changed": _("changed the stage {name}: {changes}"),
    "step_proposal.accepted": _("accepted what the customer proposed for the plan of {deal}: {name}"),
    "step_proposal.declined": _("declined what the customer proposed for the plan of {deal}: {name}"),
    "step_proposal.made": _("The holder of the link for {name} proposed {number} changes of a mutual plan"),
    "strategy.activated": _("made version {version} of a strategy the one that holds"),
    "strategy.begun": _("began the strategy {name}"),
    "strategy.changes_dropped": _("threw away what was written on the strategy {name}"),
    "strategy.given": _("gave the strategy {name} to {owner}, after {owner_was}"),
    "strategy.renamed": _("renamed the strategy {name_was} to {name}"),
    "strategy.retired": _("retired a strategy: {because}"),
    "strategy.thrown_away": _("threw away the draft {name}"),
    "strategy.written": _("wrote on a strategy"),
    "target.changed": _("changed a target of {whom}, {type}: {changes}"),
    "target.set": _("set a target for {whom}: {number} of {type} per {per}"),
    "team.added": _("added the team {name}"),
    "team.manager_set": _("gave the team {name} to {manager}"),
    "team.moved": _("put the team {name} below {below}"),
    "team.removed": _("removed the team {name}"),
    "team.renamed": _("renamed the team {name_was} to {name}"),
    "token.made": _("made the API token {name}"),
    "token.revoked": _("revoked the API token {name}"),
    "view.changed": _("changed the view {name}"),
    "view.removed": _("removed the view {name}"),
    "view.saved": _("saved the view {name}"),
    "webhook.added": _("added the webhook {url}"),
    "webhook.changed": _("changed the webhook {url}: {changes}"),
    "webhook.ended": _("switched off the webhook {url}, which took no events"),
    "webhook.removed": _("removed the webhook {url}"),
    "webhook.replayed": _("had an event sent again to {url}"),
    "webhook.replayed_from": _("had events sent again to {url}"),
    "webhook.rotated": _("changed the secret of the webhook {url}"),
    "webhook.stopped": _("stopped the webhook {url}, which {keeper} may keep no more"),
    "webhook.tested": _("sent a test event to {url}"),
}
#: Verbs by what stands before the dot.
KINDS: Words = {
    "access": _("Refused access"),
    "activity": _("Activities"),
    "activity_type": _("Types of activities"),
    "competitor": _("Competitors"),
    "attribute": _("Attributes"),
    "buying_role": _("People deciding"),
    "company": _("Companies"),
    "confirmation": _("Customers’ answers"),
    "contact": _("Contacts"),
    "conversation": _("Future conversations"),
    "deal": _("Deals"),
    "deal_source": _("Sources of deals"),
    "deals": _("Many deals at once"),
    "domain": _("Mail domains"),
    "end_reason": _("Reasons"),
    "exchange_rate": _("Exchange rates"),
    "identity": _("Identities"),
    "import": _("Imports"),
    "invitation": _("Invitations"),
    "member": _("People"),
    "milestone": _("Outcomes"),
    "milestone_type": _("Outcomes to watch for"),
    "mutual_step": _("Mutual plans"),
    "operator": _("Operators"),
    "organisation": _("Organisation"),
    "output": _("Outputs"),
    "output_type": _("Types of outputs"),
    "pipeline": _("Pipelines"),
    "planned_activity": _("Planned activities"),
    "provider": _("Identity provider"),
    "sign_in_rules": _("Sign-in rules"),
    "stage": _("Stages"),
    "step_proposal": _("Proposals for mutual plans"),
    "strategy": _("Strategy"),
    "target": _("Activity targets"),
    "team": _("Teams"),
    "token": _("API tokens"),
    "view": _("Saved views"),
    "webhook": _("Webhooks"),
}


class Lenient(string.Formatter):
    """Fills in what is known. An entry of long ago may lack what the words of today speak of."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        return kwargs.get(field_name, "?"), field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        return shown(value)


def said(verb: str, data: Mapping[str, Any]) -> str:
    """What was done, in words; the verb itself where nobody has written any."""
    if verb not in VERBS:
        return verb
    known: dict[str, Any] = {}
    for name, value in data.items():
        is_pair = isinstance(value, list) and len(value) == 2 and name != "files"
        known |= {f"{name}_was": value[0], name: value[1]} if is_pair else {name: value}
    if isinstance(data.get("changed"), dict):
        known["changes"] = words.listed([change(field, both) for field, both in data["changed"].items()])
    return Lenient().format(str(VERBS[verb]), **known)


def change(field: str, both: Any) -> str:
    """One setting and its values before and after."""
    named = next((str(known.verbose_name) for known in Tenant._meta.fields if known.name == field), field)
    before, after = both if isinstance(both, list) and len(both) == 2 else ("?", both)
    return gettext("{field} from {before} to {after}").format(field=named, before=shown(before), after=shown(after))


def shown(value: Any) -> str:
    """A stored value as people write it."""
    if value is None or value == "":
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if isinstance(value, list):
        return words.listed([shown(one) for one in value]) if value else gettext("nothing")
    if value in Role.values:
        return str(Role(value).label)
    return str(value)
