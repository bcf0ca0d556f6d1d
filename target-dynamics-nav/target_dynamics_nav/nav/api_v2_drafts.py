"""Creating drafts over API v2.0: the deep insert, what to do when inherited dimensions refuse it, and the rest.

A deep insert is atomic: refused means that nothing is there. What NAV adds by itself (dimensions, the vendor's setting
for prices with tax) is compared after the insert and put right where it differs from the document. A draft that could
not be put right is removed again where NAV refused, and left as it is where the outcome is unknown; the caller compares
it and removes it.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import (
    DocumentError,
    DocumentRefusedError,
    OutcomeUnknownError,
    ProtocolError,
    TargetError,
)
from target_dynamics_nav.nav import api_v2_documents as documents
from target_dynamics_nav.nav import api_v2_journals as journals
from target_dynamics_nav.nav.api_v2_dimensions import (
    ALREADY_THERE,
    corrections,
    dimensions_of,
    for_header,
    for_line,
    learn_account_defaults,
    line_dimensions,
)
from target_dynamics_nav.nav.api_v2_master_data import company_path
from target_dynamics_nav.nav.journal_lines import balancing_amount
from target_dynamics_nav.nav.odata import code
from target_dynamics_nav.nav.parts import Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.nav.api_v2_dimensions import InheritedDefaults
    from target_dynamics_nav.nav.api_v2_documents import PurchaseKind
    from target_dynamics_nav.nav.odata import Json
    from target_dynamics_nav.nav.parts import LookUp, Read
    from target_dynamics_nav.nav.port import Company, DraftDocument, FoundDocument, Steps

logger = logging.getLogger(__name__)

_ROUNDS = 3
"""Correcting the header may change the lines, so lines are looked at again; more rounds would mean that NAV resists."""
_NOT_WRITABLE = "prices_include_tax_not_writable"
_READ_ONLY = "'pricesIncludeTax' is read-only"

Dimensions = dict[str, str]


class DraftWriter:
    """Creates drafts in one company."""

    def __init__(self, company: Company, local_currency: str, inherited: InheritedDefaults) -> None:
        """`inherited` is read, and added to as defaults are met."""
        self._path = company_path(company)
        self._local_currency = local_currency
        self._inherited = inherited

    def create_purchase(self, names: PurchaseKind, draft: DraftDocument) -> Steps[FoundDocument]:
        """An invoice or credit memo, as NAV has it afterwards.

        Prices with or without tax follow the vendor card unless they are sent, and not every server lets them be sent:
        so they are sent only where they are known to be needed.
        """
        draft = _upper_case(draft)
        vendor = draft.vendor_number or ""
        told = draft.prices_include_tax or vendor in self._inherited.gross_vendors
        try:
            row = yield from self._purchase(names, draft, tell_tax=told)
        except DocumentRefusedError as error:
            if error.code != _NOT_WRITABLE:
                raise
            row = yield from self._purchase(names, draft, tell_tax=False)
        if bool(row.get("pricesIncludeTax")) != draft.prices_include_tax and not told:
            self._inherited.gross_vendors.add(vendor)
            yield from self._delete(names, row)
            row = yield from self._purchase(names, draft, tell_tax=True)
        if bool(row.get("pricesIncludeTax")) != draft.prices_include_tax:
            yield from self._try_delete(names, row)
            raise _not_writable(None)
        return documents.found_document(names, row, self._local_currency)

    def create_journal(self, draft: DraftDocument) -> Steps[FoundDocument]:
        """A journal batch of its own, with the lines and the one that balances them.

        Raises:
            OutcomeUnknownError: There is a batch of this key already.
        """
        draft = _upper_case(draft)
        if draft.currency_code not in {None, self._local_currency}:
            raise DocumentRefusedError(
                f"Journals of this NAV take the company's own currency only, not "
                f"{draft.currency_code}.",
                code="foreign_currency_journal",
                field="currency_code",
                value=draft.currency_code,
                hint="Book foreign currencies as purchase invoices.",
            )
        wanted = [line_dimensions(draft.dimensions, line.dimensions) for line in draft.lines]
        accounts = [(line.account_type, line.account_number) for line in draft.lines]
        if balancing_amount(draft) and draft.balancing_account is not None:
            wanted.append(draft.dimensions)
            accounts.append(draft.balancing_account)
        sent = [
            for_line(dimensions, {}, self._from_account(account))
            for dimensions, account in zip(wanted, accounts, strict=True)
        ]
        nothing: list[Dimensions] = [{} for _ in wanted]
        _, used = yield from self._insert(
            "journals",
            [
                (journals.draft_body(draft, dimensions), dimensions)
                for dimensions in (sent, nothing)
            ],
        )
        row = yield from self._read_one(journals.batch_look_up(self._path, draft.key))
        lines = journals.lines_of(row)
        learn_account_defaults(
            self._inherited, list(zip(accounts, lines, strict=False)), used, header={}
        )
        for _ in range(_ROUNDS):
            writes = self._line_corrections("journalLines", lines, wanted)
            if not writes:
                break
            try:
                yield from _write_all(writes)
            except DocumentError:
                # A draft that somebody removed is not refused: this raises if it is gone.
                yield from self._read_one(journals.batch_look_up(self._path, draft.key))
                yield from self._try_delete_at(f"journals({row.get('id')})")
                raise
            row = yield from self._read_one(journals.batch_look_up(self._path, draft.key))
            lines = journals.lines_of(row)
        return journals.found_batch(row, draft.key)

    # Purchase documents

    def _purchase(
        self, names: PurchaseKind, draft: DraftDocument, *, tell_tax: bool
    ) -> Steps[Json]:
        """Insert a document and give it its dimensions; the row as read last."""
        wanted = [line_dimensions(draft.dimensions, line.dimensions) for line in draft.lines]
        accounts = [(line.account_type, line.account_number) for line in draft.lines]
        from_vendor = self._inherited.vendors.get(draft.vendor_number or "", {})
        header = for_header(draft.dimensions, from_vendor)
        lines = [
            for_line(dimensions, {**from_vendor, **header}, self._from_account(account))
            for dimensions, account in zip(wanted, accounts, strict=True)
        ]
        nothing: list[Dimensions] = [{} for _ in lines]
        plans = [(header, lines), (header, nothing), ({}, nothing)]
        bodies = [
            (
                documents.draft_body(
                    names,
                    draft,
                    currency_code=draft.currency_code or self._local_currency,
                    prices_include_tax=draft.prices_include_tax if tell_tax else None,
                    header_dimensions=on_header,
                    line_dimensions=on_lines,
                ),
                on_lines,
            )
            for on_header, on_lines in plans
        ]
        try:
            document_id, used = yield from self._insert(names.entity_set, bodies)
        except ProtocolError as error:
            if tell_tax and _READ_ONLY in (error.nav_message or ""):
                raise _not_writable(error.nav_message) from error
            raise
        row = yield from self._read_one(names.read(self._path, document_id))
        learn_account_defaults(
            self._inherited,
            list(zip(accounts, documents.lines_of(names, row), strict=False)),
            used,
            dimensions_of(row),
        )
        return (yield from self._with_dimensions(names, row, draft, wanted))

    def _with_dimensions(
        self, names: PurchaseKind, row: Json, draft: DraftDocument, wanted: Sequence[Dimensions]
    ) -> Steps[Json]:
        """Correct dimensions until they are as wanted; header first, as NAV may hand them on to the lines."""
        entity = f"{self._path}/{names.entity_set}({row.get('id')})"
        for _ in range(_ROUNDS):
            writes = corrections(entity, row, draft.dimensions) or self._line_corrections(
                names.lines, documents.lines_of(names, row), wanted
            )
            if not writes:
                break
            try:
                yield from _write_all(writes)
            except DocumentError:
                # A draft that somebody removed is not refused: this raises if it is gone.
                yield from self._read_one(names.read(self._path, str(row.get("id"))))
                yield from self._try_delete(names, row)
                raise
            row = yield from self._read_one(names.read(self._path, str(row.get("id"))))
        return row

    # Both

    def _from_account(self, account: tuple[str, str]) -> set[str]:
        account_type, number = account
        known = self._inherited.accounts.get(account, set())
        from_vendor = self._inherited.vendors.get(number, {}) if account_type == "Vendor" else {}
        return known | set(from_vendor)

    def _line_corrections(
        self, entity_set: str, lines: Sequence[Json], wanted: Sequence[Mapping[str, str]]
    ) -> list[Write]:
        if len(lines) != len(wanted):  # not what was inserted; the comparison will say so
            return []
        return [
            write
            for line, dimensions in zip(lines, wanted, strict=True)
            for write in corrections(
                f"{self._path}/{entity_set}({line.get('id')})", line, dimensions
            )
        ]

    def _insert(
        self, entity_set: str, plans: Sequence[tuple[Json, Sequence[Dimensions]]]
    ) -> Steps[tuple[str, Sequence[Dimensions]]]:
        """Insert by the first plan whose dimensions have not arrived already.

        Args:
            entity_set: Where to.
            plans: (body, dimensions it sends with the lines), fewer dimensions from plan to plan.

        Returns:
            Id of what was created, and the line dimensions that were sent.
        """
        tried: list[Json] = []
        for body, sent in plans:
            if body in tried:
                continue
            tried.append(body)
            try:
                (answer,) = yield [Write("POST", f"{self._path}/{entity_set}", body)]
            except DocumentRefusedError as error:
                if ALREADY_THERE not in (error.nav_message or "") or body == plans[-1][0]:
                    raise
                logger.info("A dimension arrives by default; sending fewer along")
                continue
            created = (answer.json or {}).get("id")
            if not isinstance(created, str):
                raise OutcomeUnknownError(
                    "NAV created a draft, but its answer was cut off.",
                    hint="The document is looked up before anything else is done.",
                )
            return created, sent
        raise ProtocolError("NAV says of a draft without dimensions that it has one twice.")

    def _read_one(self, question: Read | LookUp) -> Steps[Json]:
        (rows,) = yield [question]
        if not rows:
            raise OutcomeUnknownError(
                "NAV created a draft, but does not show it.",
                hint="The document is looked up before anything else is done.",
            )
        row: Json = rows[0]
        return row

    def _delete(self, names: PurchaseKind, row: Json) -> Steps[None]:
        yield [
            Write(
                "DELETE",
                f"{self._path}/{names.entity_set}({row.get('id')})",
                etag=row.get("@odata.etag"),
                absent={HTTPStatus.NOT_FOUND},
            )
        ]

    def _try_delete(self, names: PurchaseKind, row: Json) -> Steps[None]:
        yield from self._try_delete_at(f"{names.entity_set}({row.get('id')})")

    def _try_delete_at(self, entity: str) -> Steps[None]:
        """Remove a draft that NAV refused to complete; what remains is recognised and removed by the next look-up."""
        with contextlib.suppress(TargetError):
            yield [Write("DELETE", f"{self._path}/{entity}", absent={HTTPStatus.NOT_FOUND})]


def _write_all(writes: Sequence[Write]) -> Steps[None]:
    """Correct a draft that was just made.

    Raises:
        OutcomeUnknownError: It is no longer there; somebody removed or posted it.
        DocumentError: NAV refuses.
    """
    answers = yield [replace(write, absent={HTTPStatus.NOT_FOUND}) for write in writes]
    if any(answer.status == HTTPStatus.NOT_FOUND for answer in answers):
        raise OutcomeUnknownError(
            "The draft is no longer in NAV.",
            code="draft_vanished",
            hint="The document is looked up before anything else is done.",
        )


def _upper_case(draft: DraftDocument) -> DraftDocument:
    """The draft with dimension codes and vendor number as NAV stores them, so that they compare."""
    return replace(
        draft,
        vendor_number=code(draft.vendor_number) if draft.vendor_number else None,
        dimensions=_upper_codes(draft.dimensions),
        lines=[replace(line, dimensions=_upper_codes(line.dimensions)) for line in draft.lines],
    )


def _upper_codes(dimensions: Mapping[str, str]) -> Dimensions:
    return {code(dimension): code(value) for dimension, value in dimensions.items()}


def _not_writable(nav_message: str | None) -> DocumentRefusedError:
    return DocumentRefusedError(
        "NAV does not let this program choose whether prices include tax.",
        code=_NOT_WRITABLE,
        field="prices_include_tax",
        hint="Set 'Prices Including VAT' on the vendor card as the documents need it.",
        nav_message=nav_message,
    )
