"""Files that show what customers did: sent by programs, listed, and taken away again."""

from __future__ import annotations

from io import BytesIO
from typing import Any, NoReturn

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, filters, ids, tags
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.parsing import FileParser
from accounts.api.problems import InvalidParameter, NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.shapes import ref
from accounts.refusals import Invalid
from accounts.streams import kept_file
from outcomes.api.shapes import MILESTONE_TYPE
from outcomes.listings import EVIDENCE_FILES, EvidenceFileRow
from outcomes.models import EvidenceFile as Row
from outcomes.models import Milestone
from outcomes.services.milestones import add_evidence
from outcomes.services.milestones.files import KINDS, LONGEST_NAME, Upload, content_of
from strategy.api.shapes import DEAL
from strategy.models import Deal


class Evidence(fields.Output):
    """A file that shows what an entry of the ledger tells. `kind` is what its content says it is, `event_id` the entry
    among those of the milestone, and `deal` the one on which it was written down."""

    expands = {"deal": DEAL, "type": MILESTONE_TYPE}

    id = fields.Id(ids.EVIDENCE_FILE)
    deal = fields.Ref(ids.DEAL)
    type = fields.Ref(ids.MILESTONE_TYPE)
    event_id = fields.Id(ids.MILESTONE_EVENT)
    name = fields.Text(longest=LONGEST_NAME)
    kind = fields.Text(longest=100)
    size = fields.Whole(help_text="In bytes")
    sha256 = fields.Text(longest=64, help_text="Of the content, in hexadecimal")
    added_at = fields.Moment()


def evidence(row: EvidenceFileRow) -> dict[str, Any]:
    """A file with what it shows."""
    return {
        "id": ids.encode(ids.EVIDENCE_FILE, row.key),
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "type": ref(ids.MILESTONE_TYPE, row.type, row.type_name),
        "event_id": ids.encode(ids.MILESTONE_EVENT, row.event),
        "name": row.name,
        "kind": row.kind,
        "size": row.size,
        "sha256": bytes(row.digest).hex(),
        "added_at": row.added_at,
    }


class EvidenceFiles(Resource):
    """Files that show what customers did."""

    kind = ids.EVIDENCE_FILE
    in_sight = True
    parser_classes = [FileParser]
    of_files = frozenset({"create", "content"})
    access = {**dict.fromkeys(("list", "retrieve", "content"), "milestone.see"), "create": "milestone.record"}
    also = {"create": ["milestone.see"]}
    names = {
        "list": "list_evidence_files",
        "retrieve": "get_evidence_file",
        "create": "add_evidence_file",
        "content": "download_evidence_file",
    }
    gives = dict.fromkeys(("list", "retrieve", "create"), Evidence)
    filters = {
        "list": [filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only what was shown on this deal.")],
        "create": [
            Filter(
                "milestone",
                fields.Reference(ids.MILESTONE, lambda: Milestone.objects.select_related("deal", "type")),
                "What it shows.",
                is_needed=True,
            ),
            Filter(
                "name", fields.Text(longest=LONGEST_NAME), f"Its name, which ends with one of {', '.join(KINDS)}.", True
            ),
            Filter("on", fields.Day(), "Since when it is known; without one: today."),
            Filter("note", fields.Text(longest=300), "What it shows, in words."),
        ],
    }

    def list(self, request: TokenRequest) -> Response:
        """List the files, the newest first."""
        return self.page(EVIDENCE_FILES, evidence)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one file: what it is, and what it shows."""
        return Response(evidence(self.shown(EVIDENCE_FILES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a file to what is known of a milestone.

        The body is the file itself, up to 10 MB, as `application/octet-stream`. Its content must be what the name says:
        a document, a picture, a mail or a text, without programs in it. It is an entry `evidenced` of its own in the
        ledger (grade 1). 409 `milestone_not_reached` where the milestone does not hold now.
        """
        wanted, at = dict(self.wanted), timezone.now()
        content, milestone = self.read_file(request), wanted.pop("milestone")
        upload = Upload(wanted.pop("name"), len(content), BytesIO(content))
        try:
            add_evidence(milestone=milestone, actor=request.user, at=at, uploads=[upload], **wanted)
        except Invalid as refusal:
            _tell(refusal)
        found = Row.objects.filter(deal=milestone.deal_id, added_at=at).order_by("-pk")[0]
        answer = evidence(EVIDENCE_FILES.one(found.pk))
        return created(answer, f"/api/v1/evidence_files/{answer['id']}")

    @action(detail=True, methods=["get"])
    def content(self, request: TokenRequest, id: str) -> HttpResponse:
        """Download the content of a file.

        It never changes. It comes as `application/octet-stream`, to be kept and not to be shown.
        """
        found = Row.objects.filter(pk=self.key(id)).first()
        content = content_of(found) if found else None
        if found is None or content is None:
            raise NotThere
        tag, unless = f'"{bytes(found.digest).hex()}"', request.headers.get("If-None-Match")
        known = tags.tags_in("If-None-Match", unless) if unless is not None else []
        if known == [tags.ANYTHING] or tag in {one.removeprefix("W/") for one in known}:
            return HttpResponse(status=304, headers={"ETag": tag})
        return kept_file(content, kind="application/octet-stream", name=found.name, ETag=tag)


def _tell(refusal: Invalid) -> NoReturn:
    """Say where it came from: from the body, or from the address."""
    if told := refusal.fields.pop("uploads", None):
        raise Invalid(fields={"": told}) from refusal
    raise InvalidParameter(fields=refusal.fields) from refusal
