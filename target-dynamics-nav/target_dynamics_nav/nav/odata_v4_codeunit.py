"""Calling the published codeunit: which of its functions there are, and that the server means the right company.

Actions take the company in the query, and a server that does not understand it falls back to a default company. So,
once for each company, a record that only the right company can have is read with the company in the query just so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.nav.odata_v4_http import company_spellings
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.odata import Json
    from target_dynamics_nav.nav.odata_v4_http import PageHttp
    from target_dynamics_nav.nav.transport import Answer

POST_FUNCTIONS = {
    DocumentKind.PURCHASE_INVOICE: "PostPurchaseInvoice",
    DocumentKind.PURCHASE_CREDIT_MEMO: "PostPurchaseCreditMemo",
    DocumentKind.JOURNAL_ENTRY: "PostGenJnlBatch",
}
DOCUMENT_TYPES = {DocumentKind.PURCHASE_INVOICE: 2, DocumentKind.PURCHASE_CREDIT_MEMO: 3}
"""NAV's option numbers."""

SET_DIMENSION = "SetDimension"
DRAFT_DIMENSIONS = "GetDraftDimensions"
POSTED_DIMENSIONS = "GetPostedDimensions"
LEDGER_DIMENSIONS = "GetLedgerDimensions"

Dimensions = dict[str, str]


class Codeunit:
    """The functions of one published codeunit."""

    def __init__(self, http: PageHttp, actions: Mapping[str, Mapping[str, str]], name: str) -> None:
        """Take the unbound actions of the server, and the codeunit's service name."""
        self._http = http
        self._actions = {action.lower(): action for action in actions}
        self._name = name
        self._spellings: dict[str, str] = {}

    def action(self, function: str) -> str | None:
        """The action of a function, in the server's spelling; None when it is not published."""
        return self._actions.get(f"{self._name}_{function}".lower())

    def call(self, company: str, action: str, parameters: Json) -> Answer:
        """Call an action that writes. Raises as `PageHttp.call`."""
        return self._http.call(action, self._spellings[company], parameters)

    def confirm_company(self, company: str, path: str, field: str, value: str) -> None:
        """Make sure that actions go to this company.

        Args:
            company: Its name.
            path: An entity that the company has.
            field: A field of it ...
            value: ... whose value no other company's record has.

        Raises:
            ConfigurationError: The server does not find it with the company in the query.
        """
        if company in self._spellings:
            return
        for spelling in company_spellings(company):
            row = self._http.row_by_query(path, spelling)
            if row is not None and row.get(field) == value:
                self._spellings[company] = spelling
                return
        raise ConfigurationError(
            f'NAV does not find the company "{company}" when a codeunit is called, though it finds it otherwise.',
            code="company_not_confirmed",
            hint="Nothing is posted to a company that was not meant. Check that no proxy removes "
            "?company= from addresses.",
            field="company",
            value=company,
        )

    def set_dimension(
        self,
        company: str,
        kind: DocumentKind,
        number: str,
        line_number: int,
        dimension: tuple[str, str],
    ) -> None:
        """Give a draft (line 0) or one of its lines a dimension value. Raises as `PageHttp.call`."""
        action = self.action(SET_DIMENSION)
        if action is None:
            raise LookupError(SET_DIMENSION)
        body = {
            "docType": DOCUMENT_TYPES[kind],
            "docNo": number,
            "lineNo": line_number,
            "dimCode": dimension[0],
            "valueCode": dimension[1],
        }
        self.call(company, action, body)

    def dimensions(
        self, company: str, function: str, parameters: Json
    ) -> dict[int, Dimensions] | None:
        """All dimensions of a document by line number (0 for the header); None where the codeunit does not tell.

        Args:
            company: Name of the company, confirmed.
            function: One of the three functions that read.
            parameters: Which document.

        Raises:
            OutageError, StopRunError: No usable answer.
        """
        action = self.action(function)
        if action is None:
            return None
        text = str(self._http.ask(action, self._spellings[company], parameters).get("value") or "")
        found: dict[int, Dimensions] = {}
        for row in text.splitlines():
            line_number, dimension, value = row.split("\t")
            found.setdefault(int(line_number), {})[dimension] = value
        return found
