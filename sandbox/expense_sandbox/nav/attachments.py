"""Files: `attachments` (Incoming Document) and `documentAttachments`, created first, filled after."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import records
from expense_sandbox.nav.company import new_id
from expense_sandbox.nav.errors import NavError, dialog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.store import Record

INCOMING = "attachments"
FACTBOX = "documentAttachments"
NO_FILTER = "You must specify a document id to get the attachments."
NO_DOCUMENT = "No document with the specified ID exists."
UNSUPPORTED = ("Employee", "Job", "Item", "Customer", "Vendor")
"""Parent types that only `documentAttachments` has."""
NO_ID = "00000000-0000-0000-0000-000000000000"
INVALID_CHARACTERS = re.compile(r'[\\/:*?"<>|]')
INVALID_NAME = "filename.txt"


def rows(company: Company, parent: Record | None, kind: str) -> list[records.Attachment]:
    """The files of a document, line or entry."""
    return company.attachments.find("parent", (kind, parent.id)) if parent is not None else []


def create(
    company: Company, kind: str, parent: Record | None, fields: Mapping[str, Any]
) -> records.Attachment:
    """One more file, without content.

    Args:
        company: Whose books.
        kind: `attachments` or `documentAttachments`.
        parent: The record it is created below, or None when `fields` names it.
        fields: `file_name`, `parent_type`, `parent_id`, `line_number` as far as given.

    Raises:
        NavError: As NAV refuses the file. An id that is nobody's is no reason with `attachments`:
            the file is stored, linked to nothing.
    """
    parent_type, parent_id = fields.get("parent_type", ""), fields.get("parent_id", NO_ID)
    if parent is not None:
        parent_type, parent_id = _type_of(parent), parent.id
    if kind == INCOMING and parent_type in UNSUPPORTED:
        raise dialog(
            f"Parent type {parent_type} is not supported. Use documentAttachments API instead."
        )
    if not parent_type:
        raise dialog("Document type is not valid.")
    known = _exists(company, parent_type, parent_id)
    if not known and kind == FACTBOX:
        raise dialog(NO_DOCUMENT)
    attachment = company.attachments.put(
        records.Attachment(
            id=new_id(),
            kind=kind,
            parent_type=parent_type,
            parent_id=parent_id if known else "",
            file_name=_file_name(fields.get("file_name", "")),
            line_number=fields.get("line_number", 0),
        )
    )
    if known and kind == INCOMING and company.quirks.attachment_changes_document:
        document = company.documents.get(parent_id)
        if document is not None:
            company.documents.put(document)
    return attachment


def change(
    company: Company, attachment: records.Attachment, fields: Mapping[str, Any]
) -> records.Attachment:
    """The file under another name; its content stays.

    Raises:
        NavError: When it would change its parent.
    """
    for name in ("parent_id", "parent_type"):
        if name in fields and fields[name] != getattr(attachment, name):
            wire_name = "parentId" if name == "parent_id" else "parentType"
            raise dialog(f"You cannot change the value of the key field {wire_name}.")
    if "file_name" not in fields:
        return attachment
    return company.attachments.put(replace(attachment, file_name=_file_name(fields["file_name"])))


def fill(
    company: Company, attachment: records.Attachment, content: bytes, content_type: str
) -> records.Attachment:
    """The file with its content.

    Raises:
        NavError: When there is too much of it.
    """
    limit = company.quirks.maximum_attachment_bytes
    if len(content) > limit:
        raise NavError("BadRequest", f"The file must not exceed {limit} bytes.", 413)
    return company.attachments.put(replace(attachment, content=content, content_type=content_type))


def remove_all(company: Company, parent_id: str) -> None:
    """Remove the files of a record that is deleted."""
    for kind in (INCOMING, FACTBOX):
        for attachment in company.attachments.find("parent", (kind, parent_id)):
            company.attachments.delete(attachment.id)


def _file_name(name: str) -> str:
    name = name.strip()
    return INVALID_NAME if not name or INVALID_CHARACTERS.search(name) else name


def _type_of(parent: Record) -> str:
    if isinstance(parent, records.Document):
        return f"Purchase {parent.kind}"
    if isinstance(parent, records.LedgerEntry):
        return "General Ledger Entry"
    return "Journal"


def _exists(company: Company, parent_type: str, parent_id: str) -> bool:
    document = company.documents.get(parent_id)
    if document is not None:
        return parent_type == f"Purchase {document.kind}"
    tables: dict[str, tuple[Any, ...]] = {
        "Journal": (company.journal_lines, company.journals),
        "General Ledger Entry": (company.ledger_entries,),
        "Vendor": (company.vendors,),
        "Employee": (company.employees,),
    }
    return any(table.get(parent_id) is not None for table in tables.get(parent_type, ()))
