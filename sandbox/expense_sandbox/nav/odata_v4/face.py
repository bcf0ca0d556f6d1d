"""Requests below `/{instance}/ODataV4` to answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from expense_sandbox.http import Response, text_response
from expense_sandbox.nav import query as queries
from expense_sandbox.nav.codeunits import CODEUNITS
from expense_sandbox.nav.edm import etag_of
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.odata_v4 import (
    actions,
    addresses,
    companies,
    custom_pages,
    entities,
    metadata,
    paging,
    tokens,
    writing,
)
from expense_sandbox.nav.odata_v4.addresses import COMPANY, malformed, no_resource
from expense_sandbox.nav.odata_v4.calls import Call, Catalogue, Target
from expense_sandbox.nav.rendering import Renderer
from expense_sandbox.nav.translations import translated
from expense_sandbox.nav.wire import error_document, json_object, odata_response

if TYPE_CHECKING:
    from expense_sandbox.http import Request
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import EntityType, Navigation
    from expense_sandbox.nav.odata_v4.addresses import Segment
    from expense_sandbox.nav.odata_v4.entities import Published
    from expense_sandbox.nav.query import Query
    from expense_sandbox.nav.quirks import NavQuirks
    from expense_sandbox.nav.services import Service
    from expense_sandbox.nav.store import Record

_OWN_PATH = "/NAV/ODataV4"


class ODataV4:
    """Answers requests that have been let in.

    Args:
        books: What the pages show.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self.url = ""
        """Where the server is, as clients reach it."""
        self._known: tuple[tuple[Service, ...], NavQuirks, Catalogue] | None = None

    @property
    def _quirks(self) -> NavQuirks:
        return self._books.quirks

    def answer(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows `/ODataV4`, percent-encoded."""
        try:
            return self._answer(request, path)
        except NavError as error:
            return self.refusal(error)

    def refusal(self, error: NavError) -> Response:
        """An error as this server words it."""
        quirks = self._quirks.odata_v4
        status = {
            "BadRequest_MethodNotAllowed": quirks.method_not_allowed_status,
            "BadRequest_MethodNotImplemented": quirks.method_not_implemented_status,
            "Request_EntityChanged": quirks.stale_etag_status,
        }.get(error.code, error.status)
        message = translated(error.message, quirks.language)
        document = error_document(error.code, message)
        if not quirks.correlation_id:
            document["error"]["message"] = message
        return odata_response(document, status)

    def _answer(self, request: Request, path: str) -> Response:
        quirks = self._quirks
        address = addresses.read(path, request.query, quirks.odata_v4)
        tenant = quirks.odata_v4.tenant
        if tenant and address.options.get("tenant") != tenant:
            named = address.options.get("tenant", "")
            raise NavError(
                "Internal_TenantUnavailable", f"The tenant '{named}' is not accessible.", 503
            )
        catalogue = self._catalogue()
        base_url = f"{quirks.odata_v4.own_address or self.url}{_OWN_PATH}"
        names = [segment.name for segment in address.segments]
        describes = names == ["$metadata"] or not (names or address.in_path)
        if request.method == "GET" and describes:
            return self._describe(catalogue, base_url, names)
        if names[:1] == [COMPANY] and not address.in_path:
            if request.method != "GET":
                raise not_allowed(request.method, COMPANY)
            return companies.listed(self._books, address, base_url)
        company = companies.addressed(self._books, address)
        call = Call(request, address, company, base_url, catalogue)
        if not names:
            if request.method != "GET":
                raise not_allowed(request.method, COMPANY)
            return companies.one(self._books, company, address, base_url)
        return self._dispatch(call)

    def _catalogue(self) -> Catalogue:
        listed, quirks = tuple(self._books.services.listed()), self._quirks
        if self._known is not None and self._known[0] == listed and self._known[1] is quirks:
            return self._known[2]
        sets = entities.publish(listed, custom_pages.PAGES, quirks)
        units = {
            entities.set_name(service.name): CODEUNITS[service.object_id]
            for service in listed
            if service.kind == "Codeunit" and service.object_id in CODEUNITS
        }
        catalogue = Catalogue(sets, units if quirks.odata_v4.codeunit_actions else {})
        self._known = (listed, quirks, catalogue)
        return catalogue

    def _describe(self, catalogue: Catalogue, base_url: str, names: list[str]) -> Response:
        if not names:
            listed = [COMPANY, *catalogue.sets]
            return odata_response(metadata.service_document(base_url, listed))
        bound = {
            name: tuple(custom_pages.ACTIONS.get(published.page.object_id, ()))
            for name, published in catalogue.sets.items()
        }
        body = metadata.document(
            companies.company_type(self._quirks),
            catalogue.sets,
            catalogue.codeunits,
            bound,
            self._quirks,
        )
        return Response(200, {"Content-Type": "application/xml", "OData-Version": "4.0"}, body)

    def _dispatch(self, call: Call) -> Response:
        first = call.address.segments[0]
        procedure = actions.unbound(call.catalogue.codeunits, first)
        if procedure is not None and len(call.address.segments) == 1 and not call.address.in_path:
            if call.request.method != "POST":
                raise not_allowed(call.request.method, first.name)
            return actions.run_procedure(self._books, call, procedure)
        handlers = {
            "GET": self._get,
            "POST": self._post,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        handler = handlers.get(call.request.method)
        if handler is None:
            raise not_allowed(call.request.method, first.name)
        with self._books.lock:
            return handler(call)

    def _target(self, call: Call, segments: tuple[Segment, ...]) -> Target:
        """Follow segments without actions and `$count`.

        Raises:
            NavError: When they lead nowhere.
        """
        first, *rest = segments
        published = call.catalogue.sets.get(first.name)
        if published is None:
            raise no_resource(first.name)
        target = self._entity(call, published, first, None)
        for segment in rest:
            if target.row is None:
                raise malformed()
            if segment.name not in target.published.entity_set.type.navigation_by_name:
                raise no_resource(segment.name)
            part = call.catalogue.sets[segment.name]
            target = self._entity(call, part, segment, target.row)
        return target

    def _entity(
        self, call: Call, published: Published, segment: Segment, parent: Record | None
    ) -> Target:
        if segment.key is None:
            return Target(published, None, parent)
        values = entities.key_values(published, segment.key, self._quirks)
        row = entities.find(published, call.company, values, parent)
        if row is None:
            raise NavError(
                "BadRequest_ResourceNotFound",
                f"Resource not found for the segment '{segment.name}'.",
                self._quirks.odata_v4.missing_entity_status,
            )
        return Target(published, row, parent)

    def _get(self, call: Call) -> Response:
        segments = call.address.segments
        counted = segments[-1].name == "$count"
        target = self._target(call, segments[:-1] if counted and len(segments) > 1 else segments)
        query = self._query(call, target.published)
        if target.row is not None:
            return self._entity_response(call, target.published, target.row, query)
        entity_type = target.published.entity_set.type
        rows = query.sorted_rows(call.company, entity_type, self._rows(call, target, query))
        if counted:
            return text_response(str(len(rows)))
        preference = call.request.headers.get("Prefer", "")
        cut = paging.cut(
            target.published,
            call.company,
            rows,
            query,
            call.address.options.get("$skiptoken"),
            size=paging.page_size(preference, self._quirks),
            quirks=self._quirks,
        )
        renderer = self._renderer(call)
        shown = [
            renderer.entity(call.company, target.published.entity_set, row, query)
            for row in cut.rows
        ]
        document: dict[str, Any] = {"@odata.context": f"{call.context}/{target.published.name}"}
        if query.count:
            document["@odata.count"] = len(rows)
        document["value"] = shown
        if cut.token is not None:
            document["@odata.nextLink"] = paging.next_link(
                self._collection_url(call, target),
                call.address.options,
                cut.token,
                keeps_tenant=self._quirks.odata_v4.next_link_keeps_tenant,
            )
        headers = {"Preference-Applied": "odata.maxpagesize"} if "maxpagesize" in preference else {}
        return odata_response(document, 200, headers)

    def _collection_url(self, call: Call, target: Target) -> str:
        if target.parent is None or target.published.around is None:
            return f"{call.company_url}/{target.published.name}"
        around = self._address_of(call, target.published.around, target.parent)
        return f"{around}/{target.published.name}"

    def _rows(self, call: Call, target: Target, query: Query) -> list[Record]:
        entity_set = target.published.entity_set
        if target.parent is None and query.filter is not None:
            for name, look_up in entity_set.look_ups.items():
                values = query.filter.equal_values(name)
                if values is not None:
                    return [
                        row
                        for value in dict.fromkeys(values)
                        for row in look_up(call.company, value)
                    ]
        return list(entity_set.rows(call.company, target.parent))

    def _query(self, call: Call, published: Published) -> Query:
        def type_of(navigation: Navigation) -> EntityType:
            return call.catalogue.sets[navigation.entity_set].entity_set.type

        return queries.parse(call.address.query, published.entity_set.type, type_of)

    def _renderer(self, call: Call) -> Renderer:
        as_text = "ieee754compatible=true" in call.request.headers.get("Accept", "").lower()
        sets = {name: known.entity_set for name, known in call.catalogue.sets.items()}
        return Renderer(sets, decimals_as_text=as_text)

    def _address_of(self, call: Call, published: Published, row: Record) -> str:
        names = [
            published.page.control(name).wire_name(self._quirks.pages)
            for name in published.page.key
        ]
        literals = entities.key_of(published, call.company, row, self._quirks)
        pairs = [f"{name}={value}" for name, value in zip(names, literals, strict=True)]
        key = literals[0] if len(literals) == 1 else ",".join(pairs)
        return f"{call.company_url}/{published.name}({quote(key, safe=chr(39) + ',=')})"

    def _entity_response(
        self, call: Call, published: Published, row: Record, query: Query, status: int = 200
    ) -> Response:
        entity = self._renderer(call).entity(call.company, published.entity_set, row, query)
        headers = {"ETag": etag_of(row)}
        if status == 201 and self._quirks.odata_v4.location_header:  # noqa: PLR2004 - Created
            headers["Location"] = self._address_of(call, published, row)
        context = {"@odata.context": f"{call.context}/{published.name}/$entity"}
        return odata_response({**context, **entity}, status, headers)

    def _post(self, call: Call) -> Response:
        segments = call.address.segments
        if len(segments) > 1 and "." in segments[-1].name:
            return self._act(call, self._target(call, segments[:-1]), segments[-1].name)
        target = self._target(call, segments)
        published = target.published
        writes = published.page.writes
        below = target.parent is not None
        if target.row is not None or writes is None or writes.insert is None:
            raise not_allowed("POST", published.name)
        if below and not self._quirks.odata_v4.lines_by_navigation:
            raise not_allowed("POST", published.name)
        query = replace(self._query(call, published), expands=())
        body = json_object(call.request.body)
        with self._books.transaction():
            row = writing.create(self._books, call.company, published, target.parent, body)
            self._books.count_write()
        row = _as_stored(call.company, row)
        if "return-no-content" in call.request.headers.get("Prefer", "").lower():
            return Response(204, {"OData-Version": "4.0"})
        return self._entity_response(call, published, row, query, 201)

    def _act(self, call: Call, target: Target, name: str) -> Response:
        known = custom_pages.ACTIONS.get(target.published.page.object_id, {})
        if not known:
            raise NavError(
                "BadRequest_MethodNotImplemented", "Entity does not support bound actions.", 501
            )
        prefix, _, action = name.rpartition(".")
        if prefix != metadata.NAMESPACE or action not in known:
            raise no_resource(name)
        if target.row is None:
            raise malformed()
        tokens.compare(call.request.headers.get("If-Match", "*"), target.row)
        with self._books.transaction():
            known[action](self._books, call.company, target.row)
            self._books.count_write()
        return Response(204, {"OData-Version": "4.0"})

    def _patch(self, call: Call) -> Response:
        target = self._target(call, call.address.segments)
        published, row = target.published, target.row
        if row is None or published.page.writes is None:
            raise not_allowed("PATCH", published.name)
        tokens.require(call.request, row)
        query = self._query(call, published)
        body = json_object(call.request.body)
        with self._books.transaction():
            row = writing.change(self._books, call.company, published, row, body)
            self._books.count_write()
        return self._entity_response(call, published, _as_stored(call.company, row), query)

    def _delete(self, call: Call) -> Response:
        target = self._target(call, call.address.segments)
        published, row = target.published, target.row
        writes = published.page.writes
        if row is None or writes is None or writes.delete is None:
            raise not_allowed("DELETE", published.name)
        tokens.require(call.request, row)
        with self._books.transaction():
            writes.delete(self._books, call.company, row)
            self._books.count_write()
        return Response(204, {"OData-Version": "4.0"})


def not_allowed(method: str, name: str) -> NavError:
    """The refusal of a method an entity set does not take."""
    return NavError(
        "BadRequest_MethodNotAllowed",
        f"'{method}' requests for '{name}' of EdmType 'Entity' are not allowed within Microsoft "
        "Dynamics NAV OData web services.",
        405,
    )


def _as_stored(company: Company, row: Record) -> Record:
    """The row as it is now that its document's totals are worked out."""
    for table in company.tables.values():
        if table.record_type is type(row):
            stored: Record = table.get(row.id) or row
            return stored
    return row
