"""The site map of the pages."""

from django.urls import include, path

from frontend.views import (
    audit,
    components,
    deals,
    doors,
    execution,
    imports,
    invitations,
    log,
    mailbox,
    members,
    operators,
    organisation,
    organisation_door,
    organisation_settings,
    people,
    search,
    settings,
    sign_in_rules,
    teams,
)

of_organisation = [
    path("", organisation.first, name="organisation"),
    path("start/", organisation.start, name="start"),
    path("jump/", search.jump, name="jump"),
    # /sign-in/: outside of the organisation's transaction, see accounts/middleware.py
    path("sign-in/", organisation_door.door, name="organisation-sign-in"),
    path("sign-in/go/", organisation_door.go, name="organisation-sign-in-go"),
    path("sign-in/past-provider/", organisation_door.past_provider, name="organisation-past-provider"),
    # /deals/
    path("deals/", deals.listing, name="deals"),
    path("deals/<uuid:pk>/", deals.detail, name="deal"),
    path("deals/<uuid:pk>/milestones/new/", log.milestone, name="milestone-new"),
    # /execution/
    path("execution/", execution.report, name="execution"),
    path("execution/deals/", execution.deals, name="execution-deals"),
    path("execution.csv", execution.numbers, name="execution-csv"),
    # /imports/
    path("imports/", imports.listing, name="imports"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/<uuid:pk>/", imports.detail, name="import"),
    path("imports/<uuid:pk>/start/", imports.start, name="import-start"),
    path("imports/<uuid:pk>/stop/", imports.stop, name="import-stop"),
    path("imports/<uuid:pk>/continue/", imports.go_on, name="import-continue"),
    path("imports/<uuid:pk>/refused/<uuid:file>/", imports.refused, name="import-refused"),
    # /log/
    path("log/", log.log, name="log"),
    path("log/deals/", log.deals, name="log-deals"),
    # /settings/people/
    path("settings/people/", people.listing, name="people"),
    path("settings/people/invite/", people.invite, name="invite"),
    path("settings/people/leave/", people.leave, name="leave"),
    path("settings/people/invitations/<uuid:pk>/resend/", people.resend, name="invitation-resend"),
    path("settings/people/invitations/<uuid:pk>/revoke/", people.revoke, name="invitation-revoke"),
    path("settings/people/<uuid:pk>/", members.detail, name="member"),
    path("settings/people/<uuid:pk>/deactivate/", members.deactivate, name="member-deactivate"),
    path("settings/people/<uuid:pk>/reactivate/", members.reactivate, name="member-reactivate"),
    path("settings/people/<uuid:pk>/deals/", members.deals, name="member-deals"),
    path("settings/people/<uuid:pk>/link/", members.link, name="member-link"),
    path("settings/people/<uuid:pk>/invite/", members.invite_as, name="member-invite"),
    path("settings/people/<uuid:pk>/ownership/", members.ownership, name="member-ownership"),
    # /settings/teams/
    path("settings/teams/", teams.listing, name="teams"),
    path("settings/teams/<uuid:pk>/", teams.detail, name="team"),
    path("settings/teams/<uuid:pk>/remove/", teams.remove, name="team-remove"),
    # /settings/
    path("settings/", settings.own, name="settings"),
    path("settings/general/", organisation_settings.general, name="settings-general"),
    path("settings/audit/", audit.listing, name="audit"),
    path("settings/audit.csv", audit.numbers, name="audit-csv"),
    path("settings/operators/", operators.looked, name="operators-who-looked"),
    path("settings/operators/<uuid:pk>/end/", operators.end, name="operator-end"),
    path("settings/figures/", organisation_settings.figures, name="settings-figures"),
    path("settings/sign-in/", sign_in_rules.show, name="settings-sign-in"),
    path("settings/sign-in/provider/", sign_in_rules.provider, name="sign-in-provider"),
    path("settings/sign-in/provider/remove/", sign_in_rules.remove_provider, name="sign-in-provider-remove"),
    path("settings/sign-in/domains/", sign_in_rules.add_domain, name="sign-in-domains"),
    path("settings/sign-in/domains/<uuid:pk>/check/", sign_in_rules.check_domain, name="sign-in-domain-check"),
    path("settings/sign-in/domains/<uuid:pk>/remove/", sign_in_rules.remove_domain, name="sign-in-domain-remove"),
    path("settings/sign-in/rules/", sign_in_rules.rules, name="sign-in-rules"),
    path("settings/tokens/", settings.tokens, name="tokens"),
    path("settings/tokens/<uuid:pk>/revoke/", settings.revoke, name="token-revoke"),
]

urlpatterns = [
    path("", doors.home, name="home"),
    path("theme/", doors.theme, name="theme"),
    path("components/", components.page, name="components"),
    path("mailbox/", mailbox.listing, name="mailbox"),
    path("mailbox/<uuid:pk>/", mailbox.detail, name="mailbox-letter"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("organisations/", doors.organisations, name="organisations"),
    path("operators/", operators.operators, name="operators"),
    path("operators/<uuid:pk>/leave/", operators.leave, name="operator-leave"),
    # Before the library's own of the same names, which answer a form with errors by 200.
    path("accounts/signup/", doors.sign_up, name="account_signup"),
    path("accounts/login/", doors.sign_in, name="account_login"),
    path("accounts/login/again/", doors.sign_in_again, name="sign-in-again"),
    path("accounts/logout/", doors.sign_out, name="account_logout"),
    path("accounts/password/change/", doors.change_password, name="account_change_password"),
    # /sign-in/: with an organisation's provider
    path("sign-in/", organisation_door.find, name="find-organisation"),
    path("sign-in/own/", organisation_door.own, name="sign-in-own"),
    path("sign-in/<uuid:public_id>/callback/", organisation_door.callback, name="organisation-callback"),
    path("o/<slug:slug>/", include(of_organisation)),
]
