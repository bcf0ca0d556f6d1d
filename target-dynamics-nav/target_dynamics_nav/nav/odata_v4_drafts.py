"""Creating purchase drafts on NAV's pages: header, its dimensions, then line after line, each looked at as it comes.

Pages have no insert of a whole document: every request is a transaction of its own. The header carries the document's
key, so whatever a crash leaves is found by it, compared and removed. NAV completes what it is sent: an account number
to a longer one or to a similar name, a dimension value to the first that begins alike. Only exact codes from master
data are sent, and what comes back must be the same; otherwise the draft is removed.
"""

from __future__ import annotations

import contextlib
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import (
    DocumentError,
    DocumentRefusedError,
    OutcomeUnknownError,
    ProtocolError,
    TargetError,
)
from target_dynamics_nav.nav import odata_v4_documents as documents
from target_dynamics_nav.nav.odata import code, day
from target_dynamics_nav.nav.odata_v4_codeunit import SET_DIMENSION
from target_dynamics_nav.nav.odata_v4_documents import Shortcuts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.odata import Json
    from target_dynamics_nav.nav.odata_v4_codeunit import Codeunit
    from target_dynamics_nav.nav.odata_v4_documents import PurchaseNames
    from target_dynamics_nav.nav.odata_v4_http import PageHttp
    from target_dynamics_nav.nav.odata_v4_metadata import Page
    from target_dynamics_nav.nav.odata_v4_services import Services
    from target_dynamics_nav.nav.odata_v4_settings import Captions
    from target_dynamics_nav.nav.port import DraftDocument, DraftLine
    from target_dynamics_nav.nav.transport import Answer

logger = logging.getLogger(__name__)

NOT_EDITABLE = re.compile(r'Property "Editable" for|Control \'[^\']+\' is read-only', re.IGNORECASE)
ANY_VERSION = "*"

Dimensions = dict[str, str]


class LineHabits:
    """What was learnt about this server: whether a line takes its content only once it is there."""

    content_afterwards = False


class PurchaseWriter:
    """Creates purchase drafts of one kind in one company."""

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
        habits: LineHabits,
    ) -> None:
        self._http = http
        self._codeunit = codeunit
        self._captions = captions
        self._company = company
        self._names = names
        self._header: Page = services.pages[names.drafts]
        self._lines: Page = services.lines[names.drafts]
        self._on_header = Shortcuts.of(self._header, shortcuts)
        self._on_lines = Shortcuts.of(self._lines, shortcuts)
        self._habits = habits

    def create(self, draft: DraftDocument) -> Json:
        """Write the whole draft; its header's row.

        Raises:
            OutcomeUnknownError: Whether a part of it was written is not known; look again, and remove what is there.
            DocumentRefusedError: NAV refuses, or completed something; nothing is left, as far as it could be removed.
        """
        self._require_settable(draft)
        header = self._insert_header(draft)
        try:
            self._complete_header(header, draft)
            for number, line in enumerate(draft.lines, start=1):
                self._insert_line(header, number, line, {**draft.dimensions, **line.dimensions})
        except DocumentError:
            self._try_delete(header)
            raise
        return header

    def _require_settable(self, draft: DraftDocument) -> None:
        """A dimension that cannot be set is refused rather than left out."""
        if self._codeunit.action(SET_DIMENSION) is not None:
            return
        for line in draft.lines:
            lost = self._on_lines.without_field({**draft.dimensions, **line.dimensions})
            for dimension, value in lost.items():
                raise DocumentRefusedError(
                    f"Dimension {dimension} cannot be set: it is no shortcut dimension of this company.",
                    code="dimension_not_settable",
                    field="dimensions",
                    value=f"{dimension} {value}",
                    hint="Make it a shortcut dimension in General Ledger Setup, or publish the codeunit of the folder "
                    "publish, which sets any dimension; the next run tries the document again.",
                )

    # The header

    def _insert_header(self, draft: DraftDocument) -> Json:
        body = documents.header_body(self._names, self._header, draft, self._on_header)
        try:
            answer = self._http.write("POST", self._company, self._header.entity_set, body)
        except ProtocolError as error:
            if "Prices Including VAT" in (error.nav_message or ""):
                raise _not_writable(error.nav_message) from error
            raise
        header = _created(answer)
        vendor = code(header.get("Buy_from_Vendor_No"))
        if vendor != draft.vendor_number:
            self._try_delete(header)
            raise DocumentRefusedError(
                f"NAV took vendor {vendor} instead of {draft.vendor_number}.",
                code="vendor_replaced",
                field="vendor_number",
                value=draft.vendor_number,
                hint="Look at the vendor in NAV; the next run tries the document again.",
            )
        return header

    def _complete_header(self, header: Json, draft: DraftDocument) -> None:
        """Put right what NAV changed by itself, while there are no lines: later it would ask questions.

        Writing the posting date may change the document date, and the vendor brings dimensions along.
        """
        corrections: Json = {}
        for name, wanted in (("Document_Date", draft.document_date), ("Due_Date", draft.due_date)):
            if wanted is not None and name in header and day(header[name]) != wanted:
                corrections[name] = wanted
        present = self._on_header.read(header)
        corrections |= self._on_header.body(
            {
                dimension: value
                for dimension, value in draft.dimensions.items()
                if present.get(dimension, value) != value
            }
        )
        if corrections:
            changed = self._http.write(
                "PATCH",
                self._company,
                documents.entity(self._header, header),
                corrections,
                etag=ANY_VERSION,
            )
            present = self._on_header.read(changed.json or header)
        _require_dimensions(draft.dimensions, present, self._on_header)
        self._set_others(header, 0, self._on_header.without_field(draft.dimensions))

    def _set_others(self, header: Json, line_number: int, dimensions: Dimensions) -> None:
        """Dimensions without a field, where the codeunit sets them."""
        if not dimensions or self._codeunit.action(SET_DIMENSION) is None:
            return
        self._codeunit.confirm_company(
            self._company,
            documents.entity(self._header, header),
            self._names.key_field,
            str(header.get(self._names.key_field)),
        )
        for dimension in dimensions.items():
            self._codeunit.set_dimension(
                self._company, self._names.kind, str(header["No"]), line_number, dimension
            )

    # The lines

    def _insert_line(
        self, header: Json, number: int, line: DraftLine, dimensions: Dimensions
    ) -> None:
        key = documents.line_key(header, number)
        account = documents.line_account(line, self._captions)
        content = documents.line_content(self._lines, line, dimensions, self._on_lines)
        if not self._habits.content_afterwards:
            try:
                row = self._post_line({**key, **account, **content})
            except TargetError as error:
                if not NOT_EDITABLE.search(error.nav_message or ""):
                    raise
                logger.info("Lines of this NAV take price and quantity only once they are there")
                self._habits.content_afterwards = True
        if self._habits.content_afterwards:
            row = self._post_line({**key, **account})
            self._require_account(line, row)
            answer = self._http.write(
                "PATCH",
                self._company,
                documents.entity(self._lines, row),
                content,
                etag=str(row.get("@odata.etag") or ANY_VERSION),
            )
            row = answer.json or row
        self._require_account(line, row)
        _require_dimensions(dimensions, self._on_lines.read(row), self._on_lines)
        self._set_others(header, int(key["Line_No"]), self._on_lines.without_field(dimensions))

    def _post_line(self, body: Json) -> Json:
        return _created(self._http.write("POST", self._company, self._lines.entity_set, body))

    @staticmethod
    def _require_account(line: DraftLine, row: Json) -> None:
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

    def _try_delete(self, header: Json) -> None:
        """Remove what was made; what remains is recognised and removed by the next look-up."""
        with contextlib.suppress(TargetError):
            self._http.write(
                "DELETE",
                self._company,
                documents.entity(self._header, header),
                etag=ANY_VERSION,
                absent={HTTPStatus.NOT_FOUND},
            )


def _created(answer: Answer) -> Json:
    if answer.json is None:
        raise OutcomeUnknownError(
            "NAV created a part of a draft, but its answer was cut off.",
            hint="The document is looked up before anything else is done.",
        )
    return answer.json


def _require_dimensions(
    wanted: Mapping[str, str], found: Mapping[str, str], shortcuts: Shortcuts
) -> None:
    """Every wanted dimension that has a field came back as it was sent."""
    for dimension, value in wanted.items():
        if dimension in shortcuts.fields and found.get(dimension) != value:
            raise DocumentRefusedError(
                f"NAV took {found.get(dimension) or 'no value'} instead of {value} for dimension {dimension}.",
                code="dimension_replaced",
                field="dimensions",
                value=f"{dimension} {value}",
                hint="NAV completes a value that it cannot use to the first one that begins alike. Look at the "
                "dimension value in NAV; the next run tries the document again.",
            )


def _not_writable(nav_message: str | None) -> DocumentRefusedError:
    return DocumentRefusedError(
        "NAV does not let this program choose whether prices include tax.",
        code="prices_include_tax_not_writable",
        field="prices_include_tax",
        hint="Set 'Prices Including VAT' on the vendor card as the documents need it.",
        nav_message=nav_message,
    )
