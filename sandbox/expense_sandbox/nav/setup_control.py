"""Control endpoints for what an administrator sets up in NAV's own client, and what a user does there."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from expense_sandbox.http import Request, Response, json_response
from expense_sandbox.nav import background, cancelling, records
from expense_sandbox.nav.codec import record_to_json
from expense_sandbox.nav.company import NO_POSTING_SETUP, new_id
from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.store import Record

    Change = Callable[[Books, Company, list[str], Mapping[str, Any]], Record]


def answer_control(books: Books, request: Request, path: list[str]) -> Response | None:
    """Answer `POST /_sandbox/{path}` with an object that may name the `company`.

    Returns:
        The changed record as JSON; None for paths this module doesn't know.
    """
    if path == ["run-jobs"]:
        with books.lock:
            ran = background.run_due_jobs(books, everything=True)
            return json_response({"ran": ran, "failed": books.failed_jobs})
    change = CHANGES.get(path[0])
    if change is None:
        return None
    try:
        wanted = json.loads(request.body or b"{}")
        name = wanted.pop("company", None)
        companies = list(books.companies.values())
        company = _found(companies[0] if name is None else books.company(name), str(name))
        with books.transaction():
            return json_response(record_to_json(change(books, company, path[1:], wanted)))
    except NavError as error:
        return json_response({"error": error.message}, 400)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return json_response({"error": f"NAV has no such thing: {error}"}, 400)


def _vendor(_books: Books, company: Company, path: list[str], wanted: Mapping[str, Any]) -> Record:
    vendor: records.Vendor = _found(company.vendors.first("number", path[0].upper()), path[0])
    if wanted["blocked"] not in {"", "Payment", "All"}:
        raise ValueError('blocked is "", "Payment" or "All".')
    return company.vendors.put(replace(vendor, blocked=wanted["blocked"]))


def _dimension(
    _books: Books, company: Company, path: list[str], wanted: Mapping[str, Any]
) -> Record:
    dimension: records.Dimension = _found(
        company.dimensions.first("code", path[0].upper()), path[0]
    )
    return company.dimensions.put(replace(dimension, blocked=wanted["blocked"] is True))


def _default_dimension(
    _books: Books, company: Company, _path: list[str], wanted: Mapping[str, Any]
) -> Record:
    given = {"parent_number": "", "value_code": "", "posting_rule": "", **wanted}
    given["allowed_values"] = tuple(given.get("allowed_values", ()))
    for row in company.defaults_of(given["parent_type"], given["parent_number"]):
        if row.dimension_code == given["dimension_code"]:
            company.default_dimensions.delete(row.id)
    return company.default_dimensions.put(records.DefaultDimension(id=new_id(), **given))


def _combination(
    _books: Books, company: Company, _path: list[str], wanted: Mapping[str, Any]
) -> Record:
    for code in (wanted["first_dimension"], wanted["second_dimension"]):
        _found(company.dimensions.first("code", code), code)
    return company.dimension_combinations.put(records.DimensionCombination(id=new_id(), **wanted))


def _posting_setup(
    _books: Books, company: Company, _path: list[str], wanted: Mapping[str, Any]
) -> Record:
    known = {item.name for item in fields(records.PostingSetup)} - {"id", "version", "modified_at"}
    if not set(wanted) <= known:
        raise ValueError(f"The posting setup has {', '.join(sorted(known))}.")
    given = {name: _date_or(value) for name, value in wanted.items()}
    setup = company.posting_setup
    if setup is NO_POSTING_SETUP:
        setup = records.PostingSetup(id=new_id())
    return company.posting_setups.put(replace(setup, **given))


def _date_or(value: Any) -> Any:  # noqa: ANN401 - any field's
    return date.fromisoformat(value) if isinstance(value, str) else value


def _ledger_setup(
    _books: Books, company: Company, _path: list[str], wanted: Mapping[str, Any]
) -> Record:
    known = {"allow_posting_from", "allow_posting_to"}
    if not set(wanted) <= known:
        raise ValueError("Only allow_posting_from and allow_posting_to can be changed.")
    given = {name: _date_or(value) for name, value in wanted.items()}
    return company.setups.put(replace(company.setup, **given))


def _cancelled(
    books: Books, company: Company, path: list[str], _wanted: Mapping[str, Any]
) -> Record:
    number, verb = path
    if verb != "cancel":
        raise ValueError(verb)
    invoice: records.Document = _found(
        company.documents.first("number", (records.INVOICE, number)), number
    )
    cancelling.cancel_invoice(books, company, invoice)
    return company.documents.get(invoice.id) or invoice


def _found(record: Any, name: str) -> Any:  # noqa: ANN401 - any table's row
    if record is None:
        raise ValueError(f"nothing is called {name!r}.")
    return record


CHANGES: dict[str, Change] = {
    "vendors": _vendor,
    "dimensions": _dimension,
    "default-dimensions": _default_dimension,
    "dimension-combinations": _combination,
    "posting-setup": _posting_setup,
    "ledger-setup": _ledger_setup,
    "purchase-invoices": _cancelled,
}
"""By the first part of the path."""
