"""The list of companies, and which of them an address means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import query as queries
from expense_sandbox.nav.edm import Kind, Property
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.odata_v4 import entities
from expense_sandbox.nav.odata_v4.addresses import COMPANY, no_resource
from expense_sandbox.nav.wire import odata_response

if TYPE_CHECKING:
    from expense_sandbox.http import Response
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import EntityType, Navigation
    from expense_sandbox.nav.odata_v4.addresses import Address
    from expense_sandbox.nav.query import Query
    from expense_sandbox.nav.quirks import NavQuirks
    from expense_sandbox.nav.store import Record

NO_DEFAULT = (
    "Cannot process the request because the default company cannot be found. You can specify a "
    "default company in the service configuration file, or by adding a URL query parameter: "
    "company=[name]."
)


def company_type(quirks: NavQuirks) -> EntityType:
    """What a company looks like."""
    name = Property("Name", Kind.TEXT, 30, attribute="name")
    more = (
        Property("Display_Name", Kind.TEXT, 250, attribute="display_name"),
        Property("Id", Kind.GUID, attribute="id"),
    )
    fields = (name, *more) if quirks.odata_v4.company_fields == "all" else (name,)
    return entities.PageType(COMPANY, COMPANY, fields)


def addressed(books: Books, address: Address) -> Company:
    """The company of an address, or the default company of one that names none.

    Raises:
        NavError: When there is no such company.
    """
    wanted = address.company
    # Names are told apart by case, ids are not; paths take names only.
    found = _named(books, wanted or books.quirks.odata_v4.default_company)
    if found is None and wanted and not address.in_path:
        found = books.companies.get(wanted.lower())
    if found is None and not wanted and len(books.companies) == 1:
        found = next(iter(books.companies.values()))
    if found is None:
        message = f"Cannot find the company '{wanted}'." if wanted else NO_DEFAULT
        raise NavError("Internal_CompanyNotFound", message, books.quirks.missing_company_status)
    return found


def _named(books: Books, name: str) -> Company | None:
    return next((company for company in books.companies.values() if company.name == name), None)


def listed(books: Books, address: Address, base_url: str) -> Response:
    """Answer `GET Company`.

    Raises:
        NavError: When the query is not understood.
    """
    if len(address.segments) > 1:
        raise no_resource(address.segments[1].name)
    entity_type = company_type(books.quirks)
    query = queries.parse(address.query, entity_type, _no_navigation)
    companies = list(books.companies.values())
    rows: list[Record] = [next(iter(company.rows)) for company in companies]
    rows = query.sorted_rows(companies[0], entity_type, rows)
    stop = None if query.top is None else query.skip + query.top
    document: dict[str, Any] = {"@odata.context": f"{base_url}/$metadata#{COMPANY}"}
    if query.count:
        document["@odata.count"] = len(rows)
    shown = [_shown(entity_type, companies[0], row, query) for row in rows[query.skip : stop]]
    return odata_response({**document, "value": shown})


def one(books: Books, company: Company, address: Address, base_url: str) -> Response:
    """Answer `GET Company('…')`.

    Raises:
        NavError: When the query is not understood.
    """
    entity_type = company_type(books.quirks)
    query = queries.parse(address.query, entity_type, _no_navigation)
    context = {"@odata.context": f"{base_url}/$metadata#{COMPANY}/$entity"}
    shown = _shown(entity_type, company, next(iter(company.rows)), query)
    return odata_response({**context, **shown})


def _no_navigation(navigation: Navigation) -> EntityType:
    raise AssertionError(f"companies have no {navigation.name}")


def _shown(entity_type: EntityType, company: Company, row: Record, query: Query) -> dict[str, Any]:
    columns = entity_type.columns(query.select, decimals_as_text=False)
    values = [(name, read(company, row), convert) for name, read, convert in columns]
    return {name: value if convert is None else convert(value) for name, value, convert in values}
