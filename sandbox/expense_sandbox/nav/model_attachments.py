"""Entity types of files."""

from __future__ import annotations

from expense_sandbox.nav.edm import EntityType, Kind, Navigation
from expense_sandbox.nav.fields import ID, MODIFIED, constant, enum, guid, text, whole

MEDIA = "attachmentContent"
_SALES = ("Sales Order", "Sales Quote", "Sales Credit Memo", "Sales Invoice")
_PURCHASES = ("Purchase Invoice", "Purchase Order", "Purchase Credit Memo")
_CARDS = ("Employee", "Job", "Item", "Customer", "Vendor")

ATTACHMENT = EntityType(
    "attachment",
    "attachments",
    (
        ID,
        guid("parentId", write=True),
        text("fileName", 250, write=True),
        whole("byteSize"),
        MODIFIED,
        enum(
            "parentType",
            ("", "Journal", *_SALES, *_PURCHASES, "General Ledger Entry", *_CARDS),
            write=True,
        ),
    ),
    media=MEDIA,
)
DOCUMENT_ATTACHMENT = EntityType(
    "documentAttachment",
    "documentAttachments",
    (
        ID,
        text("fileName", 250, write=True),
        whole("byteSize"),
        enum("parentType", ("", *_SALES, *_PURCHASES, *_CARDS), write=True),
        guid("parentId", write=True),
        whole("lineNumber", write=True),
        constant("documentFlowSales", Kind.BOOLEAN, value=False),
        constant("documentFlowPurchase", Kind.BOOLEAN, value=False),
        MODIFIED,
    ),
    media=MEDIA,
)
ATTACHMENTS = Navigation("attachments", "attachments")
FILES = (ATTACHMENTS, Navigation("documentAttachments", "documentAttachments"))
"""Parts of purchase documents."""
