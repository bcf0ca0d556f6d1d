"""Reading purchase documents of one kind in one company, drafts and posted ones, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.nav.odata import decimal, literal, query, text
from target_dynamics_nav.nav.odata_v4_codeunit import (
    DOCUMENT_TYPES,
    DRAFT_DIMENSIONS,
    POSTED_DIMENSIONS,
)
from target_dynamics_nav.nav.odata_v4_documents import (
    Rows,
    Shortcuts,
    entity,
    found_document,
    is_line,
    lines_filter,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from target_dynamics_nav.nav.odata import Json
    from target_dynamics_nav.nav.odata_v4_codeunit import Codeunit, Dimensions
    from target_dynamics_nav.nav.odata_v4_documents import PurchaseNames
    from target_dynamics_nav.nav.odata_v4_http import PageHttp
    from target_dynamics_nav.nav.odata_v4_metadata import Page
    from target_dynamics_nav.nav.odata_v4_services import Services
    from target_dynamics_nav.nav.odata_v4_settings import Captions
    from target_dynamics_nav.nav.port import FoundDocument


class Purchases:
    """Purchase invoices, or credit memos, of one company."""

    def __init__(
        self,
        http: PageHttp,
        services: Services,
        codeunit: Codeunit,
        captions: Captions,
        *,
        company: str,
        names: PurchaseNames,
        shortcuts: Mapping[int, str],
        local_currency: str,
    ) -> None:
        self._http = http
        self._services = services
        self._codeunit = codeunit
        self._captions = captions
        self._company = company
        self._names = names
        self._shortcuts = shortcuts
        self._local_currency = local_currency

    def page(self, *, posted: bool) -> Page:
        """The page of drafts, or of posted documents."""
        return self._services.pages[self._names.posted if posted else self._names.drafts]

    def find(self, key: str) -> list[FoundDocument]:
        """Every draft and posted document that carries the key."""
        condition = f"{self._names.key_field} eq {literal(key)}"
        return [
            self._whole(header, posted=posted)
            for posted in (False, True)
            for header in self._rows(self.page(posted=posted), condition)
        ]

    def read(self, number: str, *, posted: bool) -> FoundDocument | None:
        """The document of this number; None when NAV says that there is none."""
        header = self.header(number, posted=posted)
        return None if header is None else self._whole(header, posted=posted)

    def header(self, number: str, *, posted: bool) -> Json | None:
        """Its header. Asked as a list, so that "not there" is an empty list and never a 404 of some other origin."""
        rows = self._rows(self.page(posted=posted), f"No eq {literal(number)}")
        return rows[0] if rows else None

    def confirm_company(self, header: Json, *, posted: bool) -> None:
        """Make sure that actions go to the company that has this document."""
        self._codeunit.confirm_company(
            self._company,
            entity(self.page(posted=posted), header),
            self._names.key_field,
            text(header.get(self._names.key_field)),
        )

    def _whole(self, header: Json, *, posted: bool) -> FoundDocument:
        page = self.page(posted=posted)
        lines_page = self._services.lines[self._names.posted if posted else self._names.drafts]
        lines = [
            row for row in self._rows(lines_page, lines_filter(lines_page, header)) if is_line(row)
        ]
        lines.sort(key=lambda row: int(row.get("Line_No") or 0))
        total, cancelled = self._posted_total(header) if posted else (None, False)
        return found_document(
            self._names,
            page,
            Rows(header, lines, total, cancelled, self._dimensions(header, posted=posted)),
            posted=posted,
            local_currency=self._local_currency,
            captions=self._captions,
            header_shortcuts=Shortcuts.of(page, self._shortcuts),
            line_shortcuts=Shortcuts.of(lines_page, self._shortcuts),
        )

    def _posted_total(self, header: Json) -> tuple[Decimal | None, bool]:
        """Total with tax of a posted document, and whether it was taken back; the card does not show them."""
        totals = self._services.pages[self._names.totals]
        rows = self._rows(totals, f"No eq {literal(text(header.get('No')))}")
        if not rows:
            return None, False
        return decimal(rows[0]["Amount_Including_VAT"]), bool(rows[0].get("Cancelled"))

    def _dimensions(self, header: Json, *, posted: bool) -> Mapping[int, Dimensions] | None:
        """Every dimension by line number, where the codeunit tells; None where only fields do."""
        function = POSTED_DIMENSIONS if posted else DRAFT_DIMENSIONS
        if self._codeunit.action(function) is None:
            return None
        self.confirm_company(header, posted=posted)
        parameters = {
            "docType": DOCUMENT_TYPES[self._names.kind],
            "docNo": text(header.get("No")),
        }
        return self._codeunit.dimensions(self._company, function, parameters)

    def _rows(self, page: Page, condition: str) -> list[Json]:
        return self._http.rows(self._company, page.entity_set + query(filter=condition)) or []
