"""The ways to talk to one NAV, what each can do, and which requests are which step: what the suite is run over."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from target_dynamics_nav.nav.port import DocumentKind
from tests.target_dynamics_nav.desk import (
    CREDIT_MEMO,
    INVOICE,
    JOURNAL,
    Desk,
    Finished,
    desk,
    record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from expense_sandbox.nav.quirks import NavQuirks

KINDS = pytest.mark.parametrize("kind", list(DocumentKind), ids=lambda kind: kind.value)


@dataclass(frozen=True)
class Dialect:
    """One way to talk to NAV.

    Attributes:
        name: Value of the setting `dialect`.
        path: What follows the server's address in `base_url`.
        creates: By kind, a pattern of the request that makes the draft.
        posts: By kind, a pattern of the request that posts it.
        looks_up: A pattern of a request that looks for documents of a key.
        posts_by_itself: NAV has a way to post without anything that a customer publishes.
        posts_a_version: The request to post names the version of the draft that is meant.
        longest_description: Characters of a line's description that this NAV keeps.
    """

    name: str
    path: str
    creates: dict[DocumentKind, str]
    posts: dict[DocumentKind, str]
    looks_up: str
    posts_by_itself: bool
    posts_a_version: bool


API_V2 = Dialect(
    name="api_v2",
    path="/NAV/api/v2.0",
    creates={
        INVOICE: r"^POST \S*/purchaseInvoices\b",
        CREDIT_MEMO: r"^POST \S*/purchaseCreditMemos\b",
        JOURNAL: r"^POST \S*/journals\b(?!.*post)",
    },
    posts={
        INVOICE: r"purchaseInvoices\(.*Microsoft\.NAV\.post",
        CREDIT_MEMO: r"purchaseCreditMemos\(.*Microsoft\.NAV\.post",
        JOURNAL: r"journals\(.*Microsoft\.NAV\.post",
    },
    looks_up=r"\$batch",
    posts_by_itself=True,
    posts_a_version=True,
)
ODATA_V4 = Dialect(
    name="odata_v4",
    path="/NAV",
    creates={
        INVOICE: r"^POST \S*/Purchase_Invoice ",
        CREDIT_MEMO: r"^POST \S*/Purchase_Credit_Memo ",
        JOURNAL: r"^POST \S*/General_Journal ",
    },
    posts={
        INVOICE: "ExpensePosting_PostPurchaseInvoice",
        CREDIT_MEMO: "ExpensePosting_PostPurchaseCreditMemo",
        JOURNAL: "ExpensePosting_PostGenJnlBatch",
    },
    looks_up=r"^GET \S*/Posted_Purchase_Invoice ",
    posts_by_itself=False,
    posts_a_version=False,
)
SOAP = Dialect(
    name="soap",
    path="/NAV",
    creates={
        INVOICE: "Purchase_Invoice Create$",
        CREDIT_MEMO: "Purchase_Credit_Memo Create$",
        JOURNAL: "General_Journal CreateMultiple$",
    },
    posts={
        INVOICE: "ExpensePosting PostPurchaseInvoice$",
        CREDIT_MEMO: "ExpensePosting PostPurchaseCreditMemo$",
        JOURNAL: "ExpensePosting PostGenJnlBatch$",
    },
    looks_up="Posted_Purchase_Invoice ReadMultiple$",
    posts_by_itself=False,
    posts_a_version=False,
)
DIALECTS = (API_V2, ODATA_V4, SOAP)


@dataclass
class Books:
    """A NAV that is reached by one dialect, and runs over it."""

    dialect: Dialect
    desk: Desk

    def run(self, *records: dict[str, Any], **options: Any) -> Finished:
        return self.desk.run(
            *records,
            dialect=self.dialect.name,
            base_url=self.desk.server.url + self.dialect.path,
            **options,
        )

    def run_anew(self, *records: dict[str, Any], **options: Any) -> Finished:
        """The next run, which has lost the audit ledger of those before: NAV alone is the truth."""
        self.desk.lose_ledger()
        return self.run(*records, **options)

    def content(self) -> dict[str, Any]:
        """What is in the books, for a comparison."""
        books = self.desk.books()
        return {
            name: books[name] for name in ("drafts", "journals", "gl_entries", "posted_documents")
        }

    def entries(self, key: str = "E100-R") -> list[dict[str, Any]]:
        return [
            entry
            for entry in self.desk.books()["gl_entries"]
            if key in (entry["document_number"], entry["external_document_number"])
        ]

    def unpublish_posting(self) -> None:
        self.desk.nav_books.services.unpublish("Codeunit", "ExpensePosting")

    def post_by_hand(self) -> None:
        """A person posts the one draft there is."""
        for entity_set in ("purchaseInvoices", "purchaseCreditMemos"):
            for row in self.desk.api("GET", f"{entity_set}?$filter=status eq 'Draft'")["value"]:
                self.desk.api("POST", f"{entity_set}({row['id']})/Microsoft.NAV.post")


@contextmanager
def opened(dialect: Dialect, folder: Path, quirks: NavQuirks | None = None) -> Iterator[Books]:
    folder.mkdir(exist_ok=True)
    with desk(folder, quirks) as running:
        yield Books(dialect, running)


def key_of(kind: DocumentKind) -> str:
    return str(record(kind)["document_key"])
