from accounts.models.audit import AuditEvent
from accounts.models.events import Event, Feed, OutboxEvent
from accounts.models.imports import ImportFile, ImportRow, ImportRun
from accounts.models.invitations import Invitation
from accounts.models.letters import Letter
from accounts.models.operators import OperatorAccess
from accounts.models.organisation import Membership, PastAddress, Team, Tenant
from accounts.models.people import User
from accounts.models.requests import IdempotencyKey
from accounts.models.sign_in import EmailDomain, Identity, IdentityProvider
from accounts.models.tokens import ApiToken
from accounts.models.views import SavedView
from accounts.models.webhooks import Delivery, Webhook

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Delivery",
    "EmailDomain",
    "Event",
    "Feed",
    "IdempotencyKey",
    "Identity",
    "IdentityProvider",
    "ImportFile",
    "ImportRow",
    "ImportRun",
    "Invitation",
    "Letter",
    "Membership",
    "OperatorAccess",
    "OutboxEvent",
    "PastAddress",
    "SavedView",
    "Team",
    "Tenant",
    "User",
    "Webhook",
]
