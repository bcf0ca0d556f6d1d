"""Creating purchase drafts over SOAP: one call for header and lines, three where a server does not take it so.

One call is one transaction: refused means that nothing is there. What pages have no field for (dimensions of the header
beyond the two global ones, and all that are no shortcut) is set afterwards by the codeunit. A draft that could not be
completed is removed where NAV refused, and left as it is where the outcome is unknown; the caller compares it and
removes it.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import (
    DocumentError,
    DocumentRefusedError,
    OutcomeUnknownError,
    TargetError,
)
from target_dynamics_nav.nav.odata import code
from target_dynamics_nav.nav.soap_documents import (
    HEADER,
    header_record,
    line_number,
    line_record,
    lines_of,
    shortcut_fields,
)
from target_dynamics_nav.nav.soap_faults import CALLBACK_WORDS, is_not_editable, longest_text
from target_dynamics_nav.nav.soap_services import SETS_DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.port import DraftDocument, DraftLine
    from target_dynamics_nav.nav.soap_documents import PurchaseKind
    from target_dynamics_nav.nav.soap_pages import SoapPage
    from target_dynamics_nav.nav.soap_services import CompanyServices
    from target_dynamics_nav.nav.soap_values import Row

logger = logging.getLogger(__name__)

LONGEST_DESCRIPTION = 100
_SHORTEST_LIMIT = 10
"""A limit below this is not that of a description."""
_FIRST_FIELDS = ("Type", "No")


class PurchaseDrafts:
    """Creates purchase drafts in one company, and remembers how this server takes them."""

    def __init__(self, services: CompanyServices, positions: Mapping[str, int]) -> None:
        """`positions` are the company's shortcut dimensions: {dimension code: 1 to 8}."""
        self._services = services
        self._positions = positions
        self._longest = LONGEST_DESCRIPTION
        self._step_by_step = False

    def create(self, names: PurchaseKind, page: SoapPage, draft: DraftDocument) -> str:
        """Create a draft with all its dimensions; NAV's number of it.

        Raises:
            OutcomeUnknownError: Whether the draft, or a dimension of it, was written is not known.
            DocumentRefusedError: NAV refuses the document, or it has a dimension that cannot be set; nothing of it is
                left, as far as it could be removed.
        """
        self._require_settable(page, draft)
        row = self._insert(names, page, draft)
        number = code(row.get("No"))
        if not number:
            raise OutcomeUnknownError(
                "NAV created a draft, but its answer lacks the number.",
                hint="The document is looked up before anything else is done.",
            )
        try:
            self._require_taken_as_sent(page, row, draft)
            self._correct_header(page, row, draft)
            self._set_dimensions(names, page, row, draft)
        except DocumentError:
            self._remove(page, number)
            raise
        return number

    def _wanted(self, draft: DraftDocument) -> list[dict[str, str]]:
        """The dimensions each line has to end up with."""
        return [{**draft.dimensions, **line.dimensions} for line in draft.lines]

    def _require_settable(self, page: SoapPage, draft: DraftDocument) -> None:
        """A dimension that lines have no field for and no codeunit sets stops the document, as it would be dropped.

        One that only the header has no field for is on every line; that the vendor's entry lacks it is noted.
        """
        if self._services.has(SETS_DIMENSIONS):
            return
        on_lines = shortcut_fields(page.part.fields if page.part else (), self._positions)
        for dimensions in self._wanted(draft):
            for dimension in dimensions:
                if dimension not in on_lines:
                    raise _not_settable(dimension)

    # Inserting

    def _insert(self, names: PurchaseKind, page: SoapPage, draft: DraftDocument) -> Row:
        """Insert header and lines, learning from refusals that are about the way and not about the document."""
        while True:
            row = self._inserted(names, page, draft)
            if row is not None:
                return row

    def _inserted(self, names: PurchaseKind, page: SoapPage, draft: DraftDocument) -> Row | None:
        """The new draft; None when this server takes it another way, which is known now."""
        try:
            if self._step_by_step:
                return self._in_steps(names, page, draft)
            return page.create(self._whole(names, page, draft))
        except DocumentRefusedError as error:
            if not self._learnt_from(error.nav_message or ""):
                raise
            return None

    def _learnt_from(self, said: str) -> bool:
        limit = longest_text(said)
        if limit is not None and _SHORTEST_LIMIT <= limit < self._longest:
            logger.info("NAV keeps %d characters of a description; texts are cut", limit)
            self._longest = limit
            return True
        if not self._step_by_step and (is_not_editable(said) or CALLBACK_WORDS.search(said)):
            logger.info("NAV does not take header and lines in one call; sending steps")
            self._step_by_step = True
            return True
        return False

    def _lines(self, page: SoapPage, draft: DraftDocument) -> list[Row]:
        shortcuts = shortcut_fields(page.part.fields if page.part else (), self._positions)
        return [
            line_record(line, dimensions, shortcuts, self._longest)
            for line, dimensions in zip(draft.lines, self._wanted(draft), strict=True)
        ]

    def _header(self, names: PurchaseKind, page: SoapPage, draft: DraftDocument) -> Row:
        return header_record(names, page, draft, shortcut_fields(page.fields, self._positions))

    def _whole(self, names: PurchaseKind, page: SoapPage, draft: DraftDocument) -> Row:
        return {
            **self._header(names, page, draft),
            **_as_part(page, self._lines(page, draft)),
        }

    def _in_steps(self, names: PurchaseKind, page: SoapPage, draft: DraftDocument) -> Row:
        """Header; then lines with type and account; then everything else of the lines."""
        header = page.create(self._header(names, page, draft))
        try:
            wanted = self._lines(page, draft)
            begun = [{field: line[field] for field in _FIRST_FIELDS} for line in wanted]
            row = page.update({"Key": header.get("Key"), **_as_part(page, begun)})
            created = lines_of(page, row)
            if len(created) != len(wanted):
                return row  # not what was sent; the comparison will say so
            rest = [
                {
                    "Key": line.get("Key"),
                    **{field: new[field] for field in new if field not in _FIRST_FIELDS},
                }
                for line, new in zip(created, wanted, strict=True)
            ]
            return page.update({"Key": row.get("Key"), **_as_part(page, rest)})
        except DocumentError:
            self._remove(page, code(header.get("No")))
            raise

    # Completing

    def _require_taken_as_sent(self, page: SoapPage, row: Row, draft: DraftDocument) -> None:
        on_header = shortcut_fields(page.fields, self._positions)
        on_lines = shortcut_fields(page.part.fields if page.part else (), self._positions)
        _require_same_dimensions(draft.dimensions, on_header, row)
        lines = lines_of(page, row)
        if len(lines) != len(draft.lines):
            return  # the comparison will say so
        for line, dimensions, found in zip(draft.lines, self._wanted(draft), lines, strict=True):
            _require_same(line, dimensions, on_lines, found)

    def _correct_header(self, page: SoapPage, row: Row, draft: DraftDocument) -> None:
        """Dates that NAV derived from another one after they were set; and whether prices include tax."""
        told = row.get("Prices_Including_VAT")
        if bool(told) != draft.prices_include_tax:
            raise DocumentRefusedError(
                "NAV does not let this program choose whether prices include tax.",
                code="prices_include_tax_not_writable",
                field="prices_include_tax",
                hint="Set 'Prices Including VAT' on the vendor card as the documents need it.",
            )
        wanted = {"Document_Date": draft.document_date, "Due_Date": draft.due_date}
        shown = {
            field: value
            for field, value in wanted.items()
            if value is not None and field in page.fields
        }
        # All of them, as a new document date makes NAV work out the due date anew. Twice, as a server may take a
        # field that comes as it was for one that nobody wrote, and leave it to be derived.
        for _ in range(2):
            if all(row.get(field) == value for field, value in shown.items()):
                return
            row = page.update({"Key": row.get("Key"), **shown})

    def _set_dimensions(
        self, names: PurchaseKind, page: SoapPage, row: Row, draft: DraftDocument
    ) -> None:
        """What the pages have no field for; without the codeunit only the header lacks something, see above."""
        if not self._services.has(SETS_DIMENSIONS):
            return
        on_header = shortcut_fields(page.fields, self._positions)
        on_lines = shortcut_fields(page.part.fields if page.part else (), self._positions)
        wanted = [
            (HEADER, dimension, value)
            for dimension, value in draft.dimensions.items()
            if dimension not in on_header
        ]
        lines = lines_of(page, row)
        if len(lines) == len(draft.lines):
            wanted += [
                (line_number(line, index), dimension, value)
                for index, (line, dimensions) in enumerate(
                    zip(lines, self._wanted(draft), strict=True)
                )
                for dimension, value in dimensions.items()
                if dimension not in on_lines
            ]
        for number, dimension, value in wanted:
            self._services.posting(SETS_DIMENSIONS).do(
                SETS_DIMENSIONS,
                docType=names.document_type,
                docNo=code(row.get("No")),
                lineNo=number,
                dimCode=dimension,
                valueCode=value,
            )

    def _remove(self, page: SoapPage, number: str) -> None:
        """Remove a draft that NAV refused to complete; what remains is recognised by the next look-up."""
        with contextlib.suppress(TargetError):
            row = page.read(No=number)
            if row is not None:
                page.delete(str(row.get("Key")))


def _as_part(page: SoapPage, lines: list[Row]) -> Row:
    return {page.part.name: {page.part.line: lines}} if page.part else {}


def _require_same(
    line: DraftLine, dimensions: Mapping[str, str], shortcuts: Mapping[str, str], row: Row
) -> None:
    """NAV completes an account or a dimension value that it cannot use to another one that begins alike.

    Raises:
        DocumentRefusedError: It did.
    """
    found = code(row.get("No"))
    if found != code(line.account_number):
        raise DocumentRefusedError(
            f"NAV took account {found} instead of {line.account_number}.",
            code="account_replaced",
            field="lines.account_number",
            value=line.account_number,
            hint="NAV completes an account number that it cannot use (a blocked one, for example) to another one. "
            "Look at the account in NAV, or choose another one; the next run tries the document again.",
        )
    _require_same_dimensions(dimensions, shortcuts, row)


def _require_same_dimensions(
    dimensions: Mapping[str, str], shortcuts: Mapping[str, str], row: Row
) -> None:
    for dimension, value in dimensions.items():
        taken = code(row.get(shortcuts[dimension])) if dimension in shortcuts else value
        if taken != value:
            raise DocumentRefusedError(
                f"NAV took {taken or 'no value'} instead of {value} for dimension {dimension}.",
                code="dimension_replaced",
                field="dimensions",
                value=f"{dimension} {value}",
                hint="NAV completes a dimension value that it does not know to another one. Create the value in NAV, "
                "or send one that is there; the next run tries the document again.",
            )


def _not_settable(dimension: str) -> DocumentRefusedError:
    return DocumentRefusedError(
        f"The dimension {dimension} cannot be set in this NAV: it is not one of the company's eight shortcut "
        "dimensions.",
        code="dimension_not_settable",
        field="dimensions",
        value=dimension,
        hint="Publish the codeunit Expense Posting that comes with this program; it sets any dimension. Or make it a "
        "shortcut dimension in General Ledger Setup.",
    )
