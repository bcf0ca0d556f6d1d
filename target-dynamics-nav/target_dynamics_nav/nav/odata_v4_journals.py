"""Journal entries on NAV's pages: one journal batch for each document, and the ledger entries it became.

NAV posts every line of a batch, whoever wrote it, and checks nothing twice. So each document has a batch of its own,
whose name follows from its key: made a second time it is refused, and posting it posts nothing else. A batch that holds
anything else is not touched. The name has no digits, because NAV counts up the name of a batch that it has posted; an
empty line that NAV leaves there is no line.
"""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import (
    ConfigurationError,
    DocumentRefusedError,
    OutcomeUnknownError,
    ProtocolError,
)
from target_dynamics_nav.nav import journal_lines
from target_dynamics_nav.nav.odata import Json, code, day, decimal, literal, query, text
from target_dynamics_nav.nav.odata_v4_documents import (
    GL_ACCOUNT,
    LINE_NUMBER_STEP,
    Shortcuts,
    entity,
)
from target_dynamics_nav.nav.port import DocumentKind, FoundDocument, FoundLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.nav.odata_v4_http import PageHttp
    from target_dynamics_nav.nav.odata_v4_services import Services
    from target_dynamics_nav.nav.odata_v4_settings import Captions
    from target_dynamics_nav.nav.port import DraftDocument

Dimensions = dict[str, str]
_ACCOUNT_TYPES = (GL_ACCOUNT, "Vendor", "Bank Account")


class Journals:
    """The journal batches of one company."""

    def __init__(
        self,
        http: PageHttp,
        services: Services,
        captions: Captions,
        *,
        company: str,
        template: str,
        shortcuts: Mapping[int, str],
    ) -> None:
        self._http = http
        self._captions = captions
        self._company = company
        self._template = template
        self._batches = services.pages["general_journal_batches"]
        self._lines = services.pages["general_journal"]
        self._entries = services.pages["general_ledger_entries"]
        self._on_lines = Shortcuts.of(self._lines, shortcuts)
        self._on_entries = Shortcuts.of(self._entries, shortcuts)

    # Reading

    def batch(self, key: str) -> Json | None:
        """The batch of a document."""
        rows = self._rows(
            self._batches.entity_set,
            f"Journal_Template_Name eq {literal(self._template)} "
            f"and Name eq {literal(journal_lines.batch_name(key))}",
        )
        return rows[0] if rows else None

    def draft(self, key: str, batch: Json) -> FoundDocument:
        """What a batch holds.

        Raises:
            DocumentRefusedError: It holds lines of something else, so it is not ours to touch.
            ProtocolError: A row lacks something.
        """
        rows = [row for row in self._all_lines(key) if _is_filled(row)]
        for row in rows:
            if code(row.get("Document_No")) != key:
                raise DocumentRefusedError(
                    f"Journal batch {self._template}, {batch.get('Name')} holds lines of another document.",
                    code="journal_batch_in_use",
                    field="document_key",
                    value=key,
                    hint="Move or delete those lines in NAV; the next run tries the document again.",
                )
        try:
            lines = [
                FoundLine(
                    line_number=number,
                    account_type=self._account_type(row.get("Account_Type")),
                    account_number=code(row.get("Account_No")),
                    description=text(row.get("Description")),
                    amount=decimal(row["Amount"]),
                    dimensions=self._on_lines.read(row),
                )
                for number, row in enumerate(rows, start=1)
            ]
            posting_date = day(rows[0].get("Posting_Date")) if rows else None
        except (KeyError, ValueError) as error:
            raise _garbled(key, error) from error
        balancing, others = journal_lines.split(lines, key)
        return FoundDocument(
            kind=DocumentKind.JOURNAL_ENTRY,
            id=f"{self._template}/{text(batch.get('Name'))}",
            number=key,
            key=key,
            posted=False,
            status="Open",
            etag=text(batch.get("@odata.etag")) or None,
            vendor_number=None,
            posting_date=posting_date,
            currency_code=None,
            total=sum((line.amount for line in others), Decimal(0)),
            dimensions=balancing.dimensions if balancing else {},
            lines=others,
            balancing_account=(balancing.account_type, balancing.account_number)
            if balancing
            else None,
            readable_header_dimensions=frozenset(self._on_lines.fields),
            readable_line_dimensions=frozenset(self._on_lines.fields),
        )

    def entries(self, key: str) -> list[Json]:
        """The ledger entries that a journal with this document number became, in their order.

        Those of invoices and payments, which may use the same number, are left out.
        """
        rows = self._rows(self._entries.entity_set, f"Document_No eq {literal(key)}")
        ours = [row for row in rows if not text(row.get("Document_Type")).strip()]
        return sorted(ours, key=lambda row: int(row.get("Entry_No") or 0))

    def posted(
        self,
        key: str,
        entries: Sequence[Json],
        dimensions: Mapping[int, Dimensions] | None,
        leftover: Json | None,
    ) -> FoundDocument:
        """The document that ledger entries make up.

        Args:
            key: The document's key.
            entries: As `entries` gave them; at least one.
            dimensions: Every dimension by entry number; None where only the page's fields tell.
            leftover: The batch, when it is still there without lines.

        Raises:
            ProtocolError: A row lacks something.
        """
        try:
            lines = [
                FoundLine(
                    line_number=number,
                    account_type=GL_ACCOUNT,
                    account_number=code(row.get("G_L_Account_No")),
                    description=text(row.get("Description")),
                    amount=decimal(row["Amount"]),
                    dimensions=dimensions.get(int(row["Entry_No"]), {})
                    if dimensions is not None
                    else self._on_entries.read(row),
                )
                for number, row in enumerate(entries, start=1)
            ]
            posting_date = day(entries[0].get("Posting_Date"))
        except (KeyError, ValueError) as error:
            raise _garbled(key, error) from error
        reversed_ = journal_lines.is_reversed(lines)
        if reversed_:
            lines = lines[: len(lines) // 2]
        balancing, others = journal_lines.split(lines, key)
        readable = None if dimensions is not None else frozenset(self._on_entries.fields)
        return FoundDocument(
            kind=DocumentKind.JOURNAL_ENTRY,
            id=f"{self._entries.entity_set}/{entries[0].get('Entry_No')}",
            number=key,
            key=key,
            posted=True,
            status="Reversed" if reversed_ else "Posted",
            etag=None,
            vendor_number=None,
            posting_date=posting_date,
            currency_code=None,
            total=sum((line.amount for line in others), Decimal(0)),
            dimensions=balancing.dimensions if balancing else {},
            lines=others,
            cancelled=reversed_,
            balancing_account=(balancing.account_type, balancing.account_number)
            if balancing
            else None,
            leftover_id=text(leftover.get("Name")) if leftover else None,
            readable_header_dimensions=readable,
            readable_line_dimensions=readable,
        )

    def entity_of(self, batch: Json) -> str:
        """Address of a batch."""
        return entity(self._batches, batch)

    def entry_entity(self, entry: Json) -> str:
        """Address of a ledger entry."""
        return entity(self._entries, entry)

    # Writing

    def create(self, draft: DraftDocument) -> None:
        """Make a batch, then line after line, the balancing one last.

        Raises:
            OutcomeUnknownError: There is a batch of this key already, or whether a part was written is not known.
            DocumentRefusedError: NAV refuses; nothing is left, as far as it could be removed.
        """
        self._require_writable(draft)
        title = journal_lines.balancing_title(draft.key, draft.description)
        batch: Json = {
            "Journal_Template_Name": self._template,
            "Name": journal_lines.batch_name(draft.key),
            "Description": self._batches.fitting("Description", title),
        }
        # our own document number must stay, and no line may get a second side by default
        blank = {name: "" for name in ("No_Series", "Bal_Account_No") if self._batches.has(name)}
        self._http.write("POST", self._company, self._batches.entity_set, {**batch, **blank})
        try:
            for number, body in enumerate(self._bodies(draft, title), start=1):
                answer = self._http.write(
                    "POST",
                    self._company,
                    self._lines.entity_set,
                    {
                        "Journal_Template_Name": self._template,
                        "Journal_Batch_Name": batch["Name"],
                        "Line_No": number * LINE_NUMBER_STEP,
                        **body,
                    },
                )
                self._require_own_batch(batch["Name"], answer.json)
                self._require_as_sent(body, answer.json)
        except DocumentRefusedError:
            self.delete(draft.key)
            raise

    def delete(self, key: str) -> None:
        """Remove a document's batch with its lines, and the empty one that NAV leaves.

        Raises:
            DocumentRefusedError: It holds lines of something else.
        """
        batch = self.batch(key)
        if batch is None:
            return
        self.draft(key, batch)  # raises when lines of others are there
        for row in self._all_lines(key):
            self._delete_row(entity(self._lines, row))
        self._delete_row(entity(self._batches, batch))

    def _delete_row(self, address: str) -> None:
        self._http.write("DELETE", self._company, address, etag="*", absent={HTTPStatus.NOT_FOUND})

    def _require_writable(self, draft: DraftDocument) -> None:
        if draft.currency_code is not None:
            raise DocumentRefusedError(
                f"Journals take the company's own currency only, not {draft.currency_code}.",
                code="foreign_currency_journal",
                field="currency_code",
                value=draft.currency_code,
                hint="Book foreign currencies as purchase invoices.",
            )
        if journal_lines.balancing_amount(draft) and draft.balancing_account is None:
            raise DocumentRefusedError(
                "The journal entry has no balancing account.",
                code="balancing_account_missing",
                field="balancing_account",
                hint="Name a balancing account where the document comes from.",
            )
        for dimensions in (draft.dimensions, *(line.dimensions for line in draft.lines)):
            for dimension, value in self._on_lines.without_field(dimensions).items():
                raise DocumentRefusedError(
                    f"Dimension {dimension} cannot be set: it is no shortcut dimension of this company.",
                    code="dimension_not_settable",
                    field="dimensions",
                    value=f"{dimension} {value}",
                    hint="Make it a shortcut dimension in General Ledger Setup; the next run tries the document again.",
                )

    def _bodies(self, draft: DraftDocument, title: str) -> list[Json]:
        wanted = [
            (
                (line.account_type, line.account_number),
                line.amount,
                line.description,
                line.tax_code,
                {**draft.dimensions, **line.dimensions},
            )
            for line in draft.lines
        ]
        if journal_lines.balancing_amount(draft) and draft.balancing_account is not None:
            wanted.append(
                (
                    draft.balancing_account,
                    journal_lines.balancing_amount(draft),
                    title,
                    None,
                    draft.dimensions,
                )
            )
        bodies: list[Json] = []
        for account, amount, description, tax_code, dimensions in wanted:
            body: Json = {
                "Posting_Date": draft.posting_date,
                "Document_No": draft.key,
                "Account_Type": self._captions.local(account[0]),
                "Account_No": account[1],
                "Description": self._lines.fitting("Description", description),
            }
            if self._lines.has("External_Document_No"):
                body["External_Document_No"] = draft.key
            if self._lines.has("Document_Date"):
                body["Document_Date"] = draft.document_date
            if self._lines.has("Currency_Code"):
                body["Currency_Code"] = ""
            body |= {"Amount": amount, "Bal_Account_No": ""}
            if tax_code is not None:
                body["VAT_Prod_Posting_Group"] = tax_code
            bodies.append({**body, **self._on_lines.body(dimensions)})
        return bodies

    def _require_own_batch(self, name: str, row: Json | None) -> None:
        """Some servers write to the first batch of the first template, whatever they are told.

        Raises:
            ConfigurationError: The line is in another batch; it was removed from there.
        """
        if row is None or (
            code(row.get("Journal_Template_Name")) == code(self._template)
            and code(row.get("Journal_Batch_Name")) == name
        ):
            return
        self._delete_row(entity(self._lines, row))
        raise ConfigurationError(
            f"NAV wrote a journal line to batch {row.get('Journal_Batch_Name')}, though another one was named.",
            code="journal_batch_ignored",
            hint="This server's general journal page chooses the batch itself (NAV 2017 and before): publish a copy of "
            "page 39 without its OnOpenPage code, or map to purchase invoices.",
            field="services",
            value="general_journal",
        )

    @staticmethod
    def _require_as_sent(body: Json, row: Json | None) -> None:
        """What NAV completes to something else is not what was meant."""
        if row is None:
            raise OutcomeUnknownError(
                "NAV created a journal line, but its answer was cut off.",
                hint="The document is looked up before anything else is done.",
            )
        if code(row.get("Account_No")) != code(body["Account_No"]):
            raise DocumentRefusedError(
                f"NAV took account {row.get('Account_No')} instead of {body['Account_No']}.",
                code="account_replaced",
                field="lines.account_number",
                value=str(body["Account_No"]),
                hint="Look at the account in NAV; the next run tries the document again.",
            )
        for name, value in body.items():
            if name.startswith("Shortcut") and code(row.get(name)) != value:
                raise DocumentRefusedError(
                    f"NAV took {row.get(name) or 'no value'} instead of {value} for a dimension.",
                    code="dimension_replaced",
                    field="dimensions",
                    value=str(value),
                    hint="Look at the dimension value in NAV; the next run tries the document again.",
                )

    # Small services

    def _all_lines(self, key: str) -> list[Json]:
        rows = self._rows(
            self._lines.entity_set,
            f"Journal_Template_Name eq {literal(self._template)} "
            f"and Journal_Batch_Name eq {literal(journal_lines.batch_name(key))}",
        )
        return sorted(rows, key=lambda row: int(row.get("Line_No") or 0))

    def _rows(self, entity_set: str, condition: str) -> list[Json]:
        return self._http.rows(self._company, entity_set + query(filter=condition)) or []

    def _account_type(self, value: object) -> str:
        shown = text(value).strip()
        known = {self._captions.local(english): english for english in _ACCOUNT_TYPES}
        return known.get(shown, shown)


def _is_filled(row: Json) -> bool:
    return bool(text(row.get("Account_No")).strip()) or bool(row.get("Amount"))


def _garbled(key: str, error: Exception) -> ProtocolError:
    return ProtocolError(
        f"NAV's answer for journal {key} lacks or garbles a field: {error}.", code="answer_garbled"
    )
