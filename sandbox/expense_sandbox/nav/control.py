"""Control endpoints of the stand-in: what a person or a test does behind the API's back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from expense_sandbox.http import CONTROL_PREFIX, Request, Response, json_response
from expense_sandbox.nav import services, setup_control, switches
from expense_sandbox.nav.codec import record_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expense_sandbox.nav import records
    from expense_sandbox.nav.auth import Gatekeeper
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company


class Control:
    """Answers `/_sandbox/…` requests that concern the books."""

    def __init__(self, books: Books, gatekeeper: Gatekeeper) -> None:
        self._books = books
        self._gatekeeper = gatekeeper

    def answer(self, request: Request) -> Response | None:
        """The answer, or None for endpoints it does not know."""
        path = [
            unquote(segment)
            for segment in request.path.removeprefix(CONTROL_PREFIX).strip("/").split("/")
        ]
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        if (request.method, path) == ("GET", ["books"]):
            return self._show_books(query.get("company"))
        if path[0] in {"services", "endpoints", "quirks", "authentication"}:
            return services.answer_control(
                self._books.services, request, path
            ) or switches.answer_control(self._books, self._gatekeeper, request, path)
        if request.method != "POST":
            return None
        if path == ["expire-tokens"]:
            self._gatekeeper.expire_tokens()
            return Response(204)
        if path[0] in {"accounts", "dimension-values"}:
            return self._set_blocked(path, request.body)
        return setup_control.answer_control(self._books, request, path)

    def _show_books(self, name: str | None) -> Response:
        companies = self._companies(name)
        if companies is None:
            return json_response({"error": f"No company {name!r}."}, 404)
        with self._books.lock:
            shown = [company_document(company) for company in companies]
            count = self._books.write_count
        if name is not None or len(shown) == 1:
            return json_response({**shown[0], "write_count": count})
        return json_response({"companies": shown, "write_count": count})

    def _companies(self, name: str | None) -> Sequence[Company] | None:
        if name is None:
            return list(self._books.companies.values())
        company = self._books.company(name)
        return None if company is None else [company]

    def _set_blocked(self, path: list[str], body: bytes) -> Response:
        try:
            wanted = json.loads(body or b"{}")
            blocked = wanted["blocked"]
            companies = self._companies(wanted.get("company"))
        except (ValueError, KeyError, TypeError, AttributeError):
            blocked, companies = None, None
        if not isinstance(blocked, bool) or companies is None:
            return json_response(
                {"error": 'Send {"blocked": true or false, "company": name or id, optional}.'}, 400
            )
        with self._books.transaction():
            changed = sum(_block(company, path, blocked=blocked) for company in companies)
        if not changed:
            return json_response({"error": f"Nothing is called {'/'.join(path[1:])}."}, 404)
        return json_response({"blocked": blocked, "companies": changed})


def _block(company: Company, path: list[str], *, blocked: bool) -> int:
    """Number of rows changed in the company: 0 or 1."""
    kind, *names = path
    if kind == "accounts" and len(names) == 1:
        account = company.accounts.first("number", names[0].upper())
        if account is not None:
            company.accounts.put(replace(account, blocked=blocked))
            return 1
    if kind == "dimension-values" and len(names) == 2:  # noqa: PLR2004 - dimension and value
        key = (names[0].upper(), names[1].upper())
        value = company.dimension_values.first("code", key)
        if value is not None:
            company.dimension_values.put(replace(value, blocked=blocked))
            return 1
    return 0


def company_document(company: Company) -> dict[str, Any]:
    """One company's documents, journals and entries as JSON; decimals as text."""
    documents = [_document(company, document) for document in company.documents]
    return {
        "company": company.name,
        "company_id": company.id,
        "posted_documents": [item for item in documents if item["status"] != "Draft"],
        "drafts": [item for item in documents if item["status"] == "Draft"],
        "journals": [
            {
                **_shown(journal),
                "lines": [_shown(line) for line in company.journal_lines_of(journal.id)],
            }
            for journal in company.journals
        ],
        "gl_entries": [_shown(entry) for entry in company.ledger_entries],
        "vendor_ledger_entries": [_shown(entry) for entry in company.vendor_entries],
        "attachments": [_file(attachment) for attachment in company.attachments],
    }


def _document(company: Company, document: records.Document) -> dict[str, Any]:
    return {
        **_shown(document),
        "lines": [_shown(line) for line in company.lines_of(document.id)],
    }


def _file(attachment: records.Attachment) -> dict[str, Any]:
    shown = _shown(attachment)
    del shown["content"]
    digest = hashlib.sha256(attachment.content).hexdigest()
    return {**shown, "byte_size": attachment.byte_size, "sha256": digest}


def _shown(record: object) -> dict[str, Any]:
    hidden = {"version", "modified_at", "texts"}
    return {name: value for name, value in record_to_json(record).items() if name not in hidden}
