from accounts.models.audit import AuditEvent
from accounts.models.imports import ImportFile, ImportRow, ImportRun
from accounts.models.organisation import Membership, Team, Tenant
from accounts.models.people import User
from accounts.models.requests import IdempotencyKey
from accounts.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "AuditEvent",
    "IdempotencyKey",
    "ImportFile",
    "ImportRow",
    "ImportRun",
    "Membership",
    "Team",
    "Tenant",
    "User",
]
