"""What every resource of the API is: it says who may, what it takes and gives, and which parameters it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from operator import attrgetter
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.api import ids, nouns, paging, tags
from accounts.api.deprecation import Deprecated
from accounts.api.fields import Input, NotUsable, Output, StrictField
from accounts.api.filters import Filter, read
from accounts.api.parsing import LengthRequired
from accounts.api.permissions import require_for
from accounts.api.problems import InvalidParameter, NotThere
from accounts.api.tags import Match
from accounts.models import ApiToken, Membership
from accounts.reading import Listing, NoSuchRow, Position
from accounts.visibility import current_sight

# The parts of an address that name a row of another system.
NAMED_OUTSIDE = {
    "source": ({"type": "string", "minLength": 1, "maxLength": 40}, "The system that `external_id` belongs to."),
    "external_id": ({"type": "string", "minLength": 1, "maxLength": 200}, "The row's id in that system."),
}


class TokenRequest(Request):
    """A program's request: what MayAct guarantees to the action behind it."""

    user: Membership  # type: ignore[assignment]
    auth: ApiToken


class Resource(ViewSet):
    """One noun. `lists` names the actions that answer page by page, `unpaged` those of them that fit one page.
    `kind` is the type of the ids in the address; names that are no ids have an `id_pattern`.

    By action: `access` is the capability, `also` what else is needed because the answer shows it, `takes` the input,
    `gives` the output (nothing: 204), `filters` the parameters, and `names` what generated clients call it. `guarded`
    says of a write whether it heeds or needs If-Match; the row that it locks meanwhile is one of `table`.
    `deprecated` says of an action that it will end.
    `shown_once` names fields of an answer that are kept nowhere: null when the request is sent again.
    `in_sight` says that its rows are seen by some members and not by others. `placed` has what stands in the address
    beside `id`: {action: {name: (JSON schema, what it is)}}. `of_files` are actions that take a file as their body, or
    answer with one.

    Reading actions know `fields`, and `expand` where the output says that it can be widened; single rows and pages
    get their ETag here.
    """

    access: ClassVar[Mapping[str, str]]
    also: ClassVar[Mapping[str, Sequence[str]]] = {}
    names: ClassVar[Mapping[str, str]]
    gives: ClassVar[Mapping[str, type[Output]]]
    takes: ClassVar[Mapping[str, type[Input]]] = {}
    filters: ClassVar[Mapping[str, Sequence[Filter]]] = {}
    guarded: ClassVar[Mapping[str, Match]] = {}
    table: ClassVar[type[Model] | None] = None
    deprecated: ClassVar[Mapping[str, Deprecated]] = {}
    shown_once: ClassVar[Mapping[str, Sequence[str]]] = {}
    in_sight: ClassVar[bool] = False
    placed: ClassVar[Mapping[str, Mapping[str, tuple[dict[str, Any], str]]]] = {"put_by_external_id": NAMED_OUTSIDE}
    of_files: ClassVar[frozenset[str]] = frozenset()
    lists: ClassVar[frozenset[str]] = frozenset({"list"})
    unpaged: ClassVar[frozenset[str]] = frozenset()
    kind: ClassVar[str] = ""
    id_pattern: ClassVar[str] = ""

    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        """Says on the view itself who may open it, as every view of the site map does."""
        view = super().as_view(actions, **initkwargs)
        view.access = cls.access  # type: ignore[attr-defined]
        return view

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        asked = super().initialize_request(request, *args, **kwargs)
        if self.action == "metadata":
            # What can be asked stands in the document; OPTIONS is a method like any unknown one.
            self.action = None  # type: ignore[assignment]
        return asked

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who, may they, and what does the address ask for: before anything is read or done."""
        super().initial(request, *args, **kwargs)
        if self.action is None:
            return
        self.wanted = read(request.query_params, self.parameters(self.action))
        needed = [one.name for one in self.filters.get(self.action, ()) if one.is_needed]
        if missing := [name for name in needed if name not in self.wanted]:
            raise InvalidParameter(fields=dict.fromkeys(missing, _("Give it.")))
        self.fields: frozenset[str] = self.wanted.pop("fields", frozenset())
        self.expanded: frozenset[str] = self.wanted.pop("expand", frozenset())
        if self.expanded:
            for capability in sorted(nouns.needed(self.gives[self.action], self.expanded)):
                require_for(request, capability)
            if left_out := {name.partition(".")[0] for name in self.expanded} - self.fields if self.fields else None:
                told = _("“{name}” is not among the fields.").format(name=min(left_out))
                raise InvalidParameter(fields={"expand": told})
        if self.action in self.guarded and (given := request.headers.get("If-Match")) is not None:
            tags.tags_in("If-Match", given)  # no tag at all is told also where an earlier answer is repeated
        if not getattr(getattr(self, self.action), "is_idempotent", False):
            self.heed()

    def heed(self) -> None:
        """Compare If-Match with the row as it is, and let nobody change it meanwhile. Where a request can be sent
        again this comes after the look for its first answer. Raises what `tags.check` does, or NotThere."""
        if self.action in self.guarded:
            tags.check(self.request.headers.get("If-Match"), self.guarded[self.action], self._state)

    def _state(self) -> str:
        key = self.key(self.kwargs["id"]) if "id" in self.kwargs else cast("Membership", self.request.user).tenant_id
        if self.table is not None:
            list(self.table._default_manager.select_for_update(no_key=True).filter(pk=key).values_list("pk"))
        return tags.state_of(getattr(self, self.reader())(self.request, **self.kwargs).data)

    def refuse_unseen(self, answer: Mapping[str, Any]) -> None:
        """Raises NotThere for an earlier answer that shows a row which has left the caller's sight since."""
        if not self.in_sight or current_sight().is_all:
            return
        if "results" not in answer:
            getattr(self, self.reader())(self.request, id=answer["id"])
        elif self.table is not None:
            keys = {self.key(row["id"]) for row in answer["results"] if row["id"]}
            if self.table._default_manager.filter(pk__in=keys).count() < len(keys):
                raise NotThere

    @classmethod
    def reader(cls) -> str:
        """The action that shows the single row."""
        return "retrieve" if "retrieve" in cls.gives else "list"

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(response, Response) and response.status_code in (200, 201) and self.action is not None:
            try:
                response = self._shaped(response)
            except Exception as error:
                response = self.handle_exception(error)
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        if self.action in self.deprecated:
            self.deprecated[self.action].tell(answer)
        return answer

    def _shaped(self, response: Response) -> Response:
        """The answer with the fields and the rows that were asked for, and its tag."""
        shape, is_list = self.gives[self.action], self.action in self.lists
        # After a change a row may say more than where it is read.
        is_row = not is_list and issubclass(shape, self.gives.get(self.reader(), ()))
        state = tags.state_of(response.data) if is_row else None
        if asked := self.fields or self.expanded:
            rows = [dict(row) for row in (response.data["data"] if is_list else [response.data])]
            nouns.expand(rows, shape, self.expanded)
            shown = [nouns.narrow(row, self.fields) for row in rows] if self.fields else rows
            response.data = {**response.data, "data": shown} if is_list else shown[0]
        reads = self.request.method in ("GET", "HEAD")
        if not reads and not is_row:
            return response
        unless = self.request.headers.get("If-None-Match") if reads else None
        return tags.tagged(response, state=state, whole=not asked and "version" not in response.data, unless=unless)

    @classmethod
    @cache
    def parameters(cls, action: str) -> Mapping[str, StrictField]:
        """Every parameter that the address of an action knows."""
        known = {given.name: given.form for given in cls.filters.get(action, ())}
        if action in cls.lists - cls.unpaged:
            known |= {"limit": paging.Limit(), "cursor": paging.Cursor()}
        if cls.is_reading(action) and action in cls.gives:
            shape = cls.gives[action]
            known["fields"] = nouns.Some(nouns.fields_of(shape))
            if wide := nouns.expandable(shape):
                known["expand"] = nouns.Some(wide)
        return known

    @classmethod
    def is_reading(cls, action: str) -> bool:
        """Whether the action answers GET."""
        methods = getattr(getattr(cls, action), "mapping", None)
        return "get" in methods if methods is not None else action in ("list", "retrieve")

    def read(self, request: TokenRequest) -> dict[str, Any]:
        """What the action takes, from the body. Raises ValidationError, or what the parser refuses."""
        _refuse_unmeasured(request)
        return _form(self.takes[self.action]).given(request.data)

    def read_file(self, request: TokenRequest) -> bytes:
        """The file that is the body. Raises what the parser refuses."""
        _refuse_unmeasured(request)
        return request.data if isinstance(request.data, bytes) else b""

    def key(self, text: str) -> UUID:
        """The key of a row named in the address. Raises NotThere for anything that is no id of this resource."""
        try:
            return ids.decode(self.kind, text)
        except ids.NotAnId as error:
            raise NotThere from error

    def shown(self, listing: Listing[Any], text: str) -> Any:
        """One row of a list by its id. Raises NotThere."""
        try:
            return listing.one(self.key(text))
        except NoSuchRow as error:
            raise NotThere from error

    def page(self, listing: Listing[Any], show: Callable[[Any], Mapping[str, Any]], **fixed: Any) -> Response:
        """A page of a declared list, narrowed by the address and by what is `fixed`."""
        return self.paged(partial(listing.page, **fixed), show)

    def paged(
        self,
        question: Callable[..., Sequence[Any]],
        show: Callable[[Any], Mapping[str, Any]],
        place: Callable[[Any], Position] = attrgetter("position"),
    ) -> Response:
        """A page of what `question(limit=…, after=…, **filters)` answers: `data`, and where the next one begins in
        `next_cursor`, `next` and the header Link."""
        wanted = dict(self.wanted)
        limit, cursor = wanted.pop("limit", paging.USUAL), wanted.pop("cursor", None)
        about = self._about()
        try:
            after = paging.unseal(cursor, about) if cursor is not None else None
        except NotUsable as error:
            raise InvalidParameter(fields={"cursor": str(error.args[0])}) from error
        narrowed = {name: getattr(value, "pk", value) for name, value in wanted.items()}
        rows = question(limit=limit + 1, after=after, **narrowed)
        page = [show(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Response({"data": page, "next_cursor": None, "next": None})
        following = paging.seal(place(rows[limit - 1]), about)
        address = self._address(following)
        answer = {"data": page, "next_cursor": following, "next": address}
        return Response(answer, headers={"Link": f'<{address}>; rel="next"'})

    def _about(self) -> str:
        asked: dict[str, str] = self.request.query_params.dict()
        given = {name: value for name, value in asked.items() if name in self.wanted.keys() - {"limit", "cursor"}}
        member = cast("Membership", self.request.user)
        return paging.about(tenant_id=member.tenant_id, name=self.request.path, wanted=given)

    def _address(self, cursor: str) -> str:
        query = self.request.query_params.copy()
        query["cursor"] = cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")


def _refuse_unmeasured(request: TokenRequest) -> None:
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired  # WSGI would show such a body as an empty one


@cache
def _form(shape: type[Input]) -> Input:
    """What reads bodies of a shape. It keeps nothing of them, and to make it costs more than to read one."""
    return shape()


def created(answer: Mapping[str, Any], address: str) -> Response:
    """201 with the address of what was made."""
    return Response(answer, status=201, headers={"Location": address})
