"""The API v2.0 and its reportsFinance companion over the books."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from expense_sandbox.http import Response, text_response
from expense_sandbox.nav import attachments, background
from expense_sandbox.nav import query as queries
from expense_sandbox.nav.edm import etag_of, written
from expense_sandbox.nav.entity_sets import COMPANIES, REPORTS_FINANCE, STANDARD, EntitySet
from expense_sandbox.nav.errors import NavError, dialog
from expense_sandbox.nav.filters import UnknownPropertyError
from expense_sandbox.nav.metadata import metadata_document
from expense_sandbox.nav.records import Attachment
from expense_sandbox.nav.rendering import Renderer
from expense_sandbox.nav.routes import (
    Target,
    companies_target,
    guid_key,
    resolve,
    resource_not_found,
    split,
)
from expense_sandbox.nav.wire import error_response, invalid_body, json_object, odata_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import EntityType, Navigation
    from expense_sandbox.nav.store import Record

ETAG = re.compile(r'(W/)?"[^"]*"')
GROUPS: dict[str, dict[str, EntitySet]] = {
    "v2.0": {item.name: item for item in STANDARD},
    "microsoft/reportsFinance/beta": {item.name: item for item in REPORTS_FINANCE},
}


@dataclass(frozen=True)
class Call:
    """One request to the API, from the outside or from within a batch.

    Attributes:
        method: Upper case.
        group: Key of `GROUPS`.
        base_url: The group's absolute URL.
        path: Below the group, percent-encoded.
        query: Percent-encoded.
        headers: Looked up without regard to case.
        body: As sent.
    """

    method: str
    group: str
    base_url: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """Absolute, without query."""
        return f"{self.base_url}/{self.path.strip('/')}"


class Api:
    """Answers API calls; knows neither tokens nor batches."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._quirks = books.quirks

    def answer(self, call: Call) -> Response:
        """Answer one call; refusals are answers too."""
        if (call.method, call.path.strip("/")) == ("GET", "$metadata"):
            document = metadata_document(COMPANIES.type, tuple(GROUPS[call.group].values()))
            return Response(
                200, {"Content-Type": "application/xml", "OData-Version": "4.0"}, document
            )
        try:
            return self._answer(call)
        except NavError as error:
            return error_response(error)

    def _answer(self, call: Call) -> Response:
        handlers = {
            "GET": self._get,
            "POST": self._post,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        handler = handlers.get(call.method)
        if handler is None:
            raise self._not_allowed(call.method, call.path)
        intent = call.headers.get("Data-Access-Intent", "").lower()
        if call.method != "GET" and intent == "readonly":
            raise NavError("BadRequest", "Data-Access-Intent ReadOnly is not valid for writes.")
        with self.books.lock:
            background.run_due_jobs(self.books)
            stale = call.method == "GET" and intent != "readwrite"
            return handler(call, self._target(call, stale=stale))

    def _target(self, call: Call, *, stale: bool) -> Target:
        segments = split(unquote(call.path))
        sets = GROUPS[call.group]
        options = dict(parse_qsl(call.query))
        name, key = segments[0]
        if name == "companies" and len(segments) == 1:
            found = self._company(guid_key(name, key)) if key is not None else None
            return companies_target(found, found.id if found is not None else None)
        if name == "companies":
            if key is None:
                raise resource_not_found(segments[1][0])
            company = self._company(guid_key(name, key))
            segments = segments[1:]
        else:
            if name not in sets:
                raise resource_not_found(name)
            wanted = (
                options.get("company")
                or call.headers.get("CompanyId")
                or call.headers.get("Company")
            )
            if not wanted:
                raise NavError("BadRequest", "You must specify a company.")
            company = self._company(wanted)
        view = self.books.replica(company) if stale else company
        return resolve(segments, view, sets, self._missing)

    def _company(self, name_or_id: str) -> Company:
        company = self.books.company(name_or_id)
        if company is None:
            raise NavError(
                "Internal_CompanyNotFound",
                f"Cannot find the company '{name_or_id}'.",
                self._quirks.missing_company_status,
            )
        return company

    def _missing(self, segment: str) -> NavError:
        code, status = self._quirks.missing_record_code, self._quirks.missing_record_status
        message = (
            f"Resource not found for the segment '{segment}'."
            if code == "BadRequest_ResourceNotFound"
            else f"The record does not exist in '{segment}'."
        )
        return NavError(code, message, status)

    def _not_allowed(self, method: str, name: str) -> NavError:
        return NavError(
            "BadRequest_MethodNotAllowed",
            f"'{method}' requests for '{name}' of EdmType 'Entity' are not allowed within "
            "Microsoft Dynamics NAV OData web services.",
            405,
        )

    def _query(self, call: Call, entity: EntityType) -> queries.Query:
        sets = GROUPS[call.group]

        def type_of(navigation: Navigation) -> EntityType:
            return sets[navigation.entity_set].type

        try:
            return queries.parse(
                call.query, entity, type_of, enum_captions=self._quirks.filter_enum_captions
            )
        except UnknownPropertyError as error:
            if self._quirks.unknown_property_code == "BadRequest":
                raise
            raise NavError("BadRequest_NotFound", error.message, 404) from error

    def _renderer(self, call: Call) -> Renderer:
        as_text = "ieee754compatible=true" in call.headers.get("Accept", "").lower()
        return Renderer(GROUPS[call.group], decimals_as_text=as_text, base_url=call.base_url)

    def _get(self, call: Call, target: Target) -> Response:
        if target.action:
            raise self._not_allowed("GET", target.entity_set.name)
        if target.media:
            return self._read_media(target)
        query = self._query(call, target.entity_set.type)
        if target.key is not None:
            record = target.record(self._missing)
            return self._entity_response(call, target, record, query)
        if target.company is None:
            companies = list(self.books.companies.values())
            rows: list[Record] = [next(iter(company.rows)) for company in companies]
            company = companies[0]
        else:
            company = target.company
            rows = self._rows(company, target, query)
        if target.count:
            passing = query.sorted_rows(company, target.entity_set.type, rows)
            return text_response(str(len(passing)))
        page_size, headers = self._page_size(call)
        page = self._renderer(call).page(
            company, target.entity_set, rows, query, url=call.url, page_size=page_size
        )
        return odata_response({"@odata.context": self._context(call, target), **page}, 200, headers)

    def _rows(self, company: Company, target: Target, query: queries.Query) -> list[Record]:
        entity_set = target.entity_set
        if target.parent is None and query.filter is not None:
            for name, look_up in entity_set.look_ups.items():
                values = query.filter.equal_values(name)
                if values is not None:
                    return [
                        row for value in dict.fromkeys(values) for row in look_up(company, value)
                    ]
        if target.parent is None and entity_set.flat_refusal:
            raise dialog(entity_set.flat_refusal)
        return list(entity_set.rows(company, target.parent))

    def _page_size(self, call: Call) -> tuple[int, dict[str, str]]:
        limit = self._quirks.maximum_page_size
        match = re.search(
            r"odata\.maxpagesize=(\d+)", call.headers.get("Prefer", ""), re.IGNORECASE
        )
        if match is None:
            return limit, {}
        if int(match[1]) > limit:
            raise NavError("BadRequest", f"The page size must not exceed {limit}.", 413)
        return max(int(match[1]), 1), {"Preference-Applied": "odata.maxpagesize"}

    def _context(self, call: Call, target: Target) -> str:
        if target.entity_set is COMPANIES or target.company is None:
            return f"{call.base_url}/$metadata#companies"
        return f"{call.base_url}/$metadata#companies({target.company.id})/{target.entity_set.name}"

    def _entity_response(
        self, call: Call, target: Target, record: Record, query: queries.Query, status: int = 200
    ) -> Response:
        company = target.company
        if company is None:
            raise AssertionError("an entity has a company")
        document = {
            "@odata.context": f"{self._context(call, target)}/$entity",
            **self._renderer(call).entity(company, target.entity_set, record, query),
        }
        headers = {}
        if status == 201:  # noqa: PLR2004 - Created
            headers["Location"] = (
                f"{call.base_url}/companies({company.id})/{target.entity_set.name}({record.id})"
            )
        return odata_response(document, status, headers)

    def _compare(self, expected: str, record: Record) -> None:
        expected = expected.strip()
        if expected == "*":
            return
        if ETAG.fullmatch(expected) is None:
            raise _invalid_token()
        if expected != etag_of(record):
            raise NavError(
                "Request_EntityChanged",
                "Another user has already changed the record.",
                self._quirks.stale_etag_status,
            )

    def _post(self, call: Call, target: Target) -> Response:
        if target.action:
            return self._act(call, target)
        entity_set, company = target.entity_set, target.company
        if target.key is not None or target.count or entity_set.create is None or company is None:
            raise self._not_allowed("POST", entity_set.name)
        query = self._query(call, entity_set.type)
        body = json_object(call.body)
        with self.books.transaction():
            record = self._insert(call, company, entity_set, target.parent, body)
            self.books.count_write()
        if "return-no-content" in call.headers.get("Prefer", "").lower():
            return Response(204, {"OData-Version": "4.0"})
        record = self._fresh(company, entity_set, record)
        if not self._quirks.expand_on_post:
            query = replace(query, expands=())
        return self._entity_response(call, target, record, query, 201)

    def _insert(
        self,
        call: Call,
        company: Company,
        entity_set: EntitySet,
        parent: Record | None,
        body: dict[str, Any],
    ) -> Record:
        values, parts = self._written(call, entity_set.type, body)
        if entity_set.create is None:
            raise self._not_allowed("POST", entity_set.name)
        record = entity_set.create(company, parent, values)
        sets = GROUPS[call.group]
        for navigation in entity_set.type.navigations:
            for part in parts.get(navigation.name, ()):
                if not isinstance(part, dict):
                    raise invalid_body()
                # A part may change its parent: a dimension line does.
                record = self._fresh(company, entity_set, record)
                self._insert(call, company, sets[navigation.entity_set], record, part)
        return record

    def _written(
        self, call: Call, entity: EntityType, body: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        as_text = "ieee754compatible=true" in call.headers.get("Content-Type", "").lower()
        if self._quirks.field_order == "page":
            order = list(entity.by_name)
            body = dict(sorted(body.items(), key=lambda item: _position(order, item[0])))
        if "pricesIncludeTax" in body and not self._quirks.prices_include_tax_writable:
            raise NavError("BadRequest", "Control 'pricesIncludeTax' is read-only.")
        values, parts = written(entity, body, decimals_as_text=as_text)
        loose = {
            name.removeprefix("texts."): values.pop(name)
            for name in list(values)
            if name.startswith("texts.")
        }
        if loose:
            values["texts"] = loose
        return values, parts

    def _fresh(self, company: Company, entity_set: EntitySet, record: Record) -> Record:
        """The record as it is now that totals are settled and parts written."""
        by_id = entity_set.look_ups.get("id")
        found = by_id(company, record.id) if by_id is not None else ()
        return next(iter(found), record)

    def _patch(self, call: Call, target: Target) -> Response:
        entity_set, company = target.entity_set, target.company
        if target.key is None or target.action or entity_set.change is None or company is None:
            raise self._not_allowed("PATCH", entity_set.name)
        expected = call.headers.get("If-Match")
        if expected is None:
            raise _invalid_token()
        record = target.record(self._missing)
        self._compare(expected, record)
        if target.media:
            return self._write_media(call, company, record)
        query = self._query(call, entity_set.type)
        values, parts = self._written(call, entity_set.type, json_object(call.body))
        if parts:
            raise NavError("BadRequest", "Deep updates are not supported.")
        with self.books.transaction():
            changed = entity_set.change(company, target.parent, record, values)
            self.books.count_write()
        changed = self._fresh(company, entity_set, changed)
        return self._entity_response(call, target, changed, query)

    def _read_media(self, target: Target) -> Response:
        record = target.record(self._missing)
        if not isinstance(record, Attachment) or not record.content:
            return Response(204)
        return Response(200, {"Content-Type": record.content_type}, record.content)

    def _write_media(self, call: Call, company: Company, record: Record) -> Response:
        if not isinstance(record, Attachment):
            raise self._not_allowed("PATCH", call.path)
        content_type = call.headers.get("Content-Type", "application/octet-stream")
        with self.books.transaction():
            attachments.fill(company, record, call.body, content_type)
            self.books.count_write()
        return Response(204, {"OData-Version": "4.0"})

    def _delete(self, call: Call, target: Target) -> Response:
        entity_set, company = target.entity_set, target.company
        blocked = target.key is None or bool(target.action) or target.media
        if blocked or entity_set.delete is None or company is None:
            raise self._not_allowed("DELETE", entity_set.name)
        record = target.record(self._missing)
        self._compare(call.headers.get("If-Match", "*"), record)
        with self.books.transaction():
            entity_set.delete(company, target.parent, record)
            self.books.count_write()
        return Response(204, {"OData-Version": "4.0"})

    def _act(self, call: Call, target: Target) -> Response:
        entity_set, company = target.entity_set, target.company
        record = target.record(self._missing)
        if company is None:
            raise self._not_allowed("POST", entity_set.name)
        self._compare(call.headers.get("If-Match", "*"), record)
        with self.books.transaction():
            entity_set.actions[target.action](self.books, company, record)
            self.books.count_write()
        return Response(204, {"OData-Version": "4.0"})


def _position(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _invalid_token() -> NavError:
    return NavError(
        "BadRequest_InvalidToken",
        "Could not validate the client concurrency token required by the service. Please provide "
        "a valid token in the client request.",
    )
