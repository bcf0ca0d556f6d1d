"""Files on documents: created in one call, filled in another, kept by posting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Nav

PDF = b"%PDF-1.7 \x00\xff receipt"
KINDS = ("attachments", "documentAttachments")


def file(nav: Nav, kind: str, parent_id: str, **fields: Any) -> dict[str, Any]:
    body = {
        "fileName": "receipt.pdf",
        "parentType": "Purchase Invoice",
        "parentId": parent_id,
        **fields,
    }
    return nav.create(kind, body)


def fill(nav: Nav, kind: str, file_id: str, content: bytes = PDF, **headers: str) -> Any:
    return nav.call(
        "PATCH",
        f"{kind}({file_id})/attachmentContent",
        data=content,
        headers={"If-Match": "*", "Content-Type": "application/pdf", **headers},
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_follows_its_invoice_into_the_ledger(nav: Nav, kind: str) -> None:
    draft = nav.invoice()
    made = file(nav, kind, draft["id"])
    assert (made["fileName"], made["byteSize"], made["parentId"]) == ("receipt.pdf", 0, draft["id"])
    assert made["parentType"] == "Purchase_x0020_Invoice"
    link = f"{nav.company}/{kind}({made['id']})/attachmentContent"
    assert made["attachmentContent@odata.mediaEditLink"] == link
    assert nav.call("GET", link).status_code == 204
    answer = fill(nav, kind, made["id"])
    assert (answer.status_code, answer.content) == (204, b"")
    nav.act(f"purchaseInvoices({draft['id']})")
    (kept,) = nav.rows(f"purchaseInvoices({draft['id']})/{kind}")
    assert (kept["id"], kept["byteSize"]) == (made["id"], len(PDF))
    read = nav.call("GET", link)
    assert (read.content, read.headers["Content-Type"]) == (PDF, "application/pdf")
    after = file(nav, kind, draft["id"], fileName="second.pdf")
    found = nav.rows(f"{kind}?$filter=parentId eq {draft['id']}")
    assert [row["id"] for row in found] == [made["id"], after["id"]]
    expanded = nav.get(f"purchaseInvoices({draft['id']})?$expand={kind}")
    assert len(expanded[kind]) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_media_need_a_token_that_is_not_stale(nav: Nav, kind: str) -> None:
    made = file(nav, kind, nav.invoice()["id"])
    path = f"{kind}({made['id']})/attachmentContent"
    assert nav.refused("PATCH", path)[:2] == (400, "BadRequest_InvalidToken")
    etag = made["@odata.etag"]
    assert fill(nav, kind, made["id"], **{"If-Match": etag}).status_code == 204
    stale = fill(nav, kind, made["id"], b"other", **{"If-Match": etag})
    assert nav.refusal(stale)[1] == "Request_EntityChanged"
    assert nav.call("GET", path).content == PDF
    assert nav.refused("DELETE", path)[0] == 405


def test_a_parent_nobody_knows(nav: Nav) -> None:
    nowhere = "00000000-0000-0000-0000-00000000abcd"
    unlinked = file(nav, "attachments", nowhere)
    assert unlinked["parentId"] == "00000000-0000-0000-0000-000000000000"
    refused = nav.refused(
        "POST",
        "documentAttachments",
        {"fileName": "a.pdf", "parentType": "Purchase Invoice", "parentId": nowhere},
    )
    assert refused[2] == "No document with the specified ID exists."


def test_what_incoming_documents_are_not_for(nav: Nav) -> None:
    vendor = nav.rows("vendors?$filter=number eq 'E1001'")[0]["id"]
    body = {"fileName": "a.pdf", "parentType": "Vendor", "parentId": vendor}
    assert nav.refused("POST", "attachments", body)[2] == (
        "Parent type Vendor is not supported. Use documentAttachments API instead."
    )
    assert nav.create("documentAttachments", body)["parentId"] == vendor
    journal = nav.create("journals", {"code": "A", "journalLines": [{"accountNumber": "8430"}]})
    line = nav.rows(f"journals({journal['id']})/journalLines")[0]["id"]
    for parent in (journal["id"], line):
        made = file(nav, "attachments", parent, parentType="Journal")
        assert made["parentId"] == parent
    assert len(nav.rows(f"journalLines({line})/attachments")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_lists_need_a_document(nav: Nav, kind: str) -> None:
    message = "You must specify a document id to get the attachments."
    assert nav.refused("GET", kind)[2] == message
    nowhere = nav.refused("POST", kind, {"fileName": "a.pdf"})
    assert nowhere[2] == "Document type is not valid."


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_parents(nav: Nav, kind: str) -> None:
    draft = nav.invoice()
    assert file(nav, kind, draft["id"], fileName="a/b?.pdf")["fileName"] == "filename.txt"
    made = file(nav, kind, draft["id"])
    fill(nav, kind, made["id"])
    renamed = nav.patch(f"{kind}({made['id']})", {"fileName": "b.pdf"})
    assert renamed.json()["fileName"] == "b.pdf"
    assert renamed.json()["byteSize"] == len(PDF)
    other = nav.patch(f"{kind}({made['id']})", {"parentId": nav.invoice("K-2")["id"]})
    assert nav.refusal(other)[2] == "You cannot change the value of the key field parentId."
    too_long = {"fileName": "x" * 251, "parentType": "Purchase Invoice", "parentId": draft["id"]}
    assert nav.refused("POST", kind, too_long)[1] == "Application_StringExceededLength"


def test_a_draft_takes_its_files_along(nav: Nav) -> None:
    draft = nav.invoice()
    made = file(nav, "attachments", draft["id"])
    assert nav.call("DELETE", f"purchaseInvoices({draft['id']})").status_code == 204
    assert nav.refused("GET", f"attachments({made['id']})")[0] == 404
    one = file(nav, "attachments", nav.invoice("K-2")["id"])
    assert nav.call("DELETE", f"attachments({one['id']})").status_code == 204


def test_there_is_a_limit(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(maximum_attachment_bytes=10)
    made = file(nav, "attachments", nav.invoice()["id"])
    assert fill(nav, "attachments", made["id"], b"x" * 11).status_code == 413
    assert fill(nav, "attachments", made["id"], b"x" * 10).status_code == 204


@pytest.mark.parametrize("quirk", [False, True])
def test_whether_the_document_changes(start_nav: Callable[..., Nav], *, quirk: bool) -> None:
    nav = start_nav(attachment_changes_document=quirk)
    draft = nav.invoice()
    file(nav, "attachments", draft["id"])
    after = nav.get(f"purchaseInvoices({draft['id']})")
    assert (after["@odata.etag"] != draft["@odata.etag"]) is quirk


def test_files_are_saved_with_the_books(nav: Nav, tmp_path: Path) -> None:
    made = file(nav, "attachments", nav.invoice()["id"])
    fill(nav, "attachments", made["id"])
    nav.books.save(tmp_path / "books.json")
    loaded = type(nav.books).load(tmp_path / "books.json")
    (company,) = [item for item in loaded.companies.values() if item.id == nav.company_id]
    assert [row.content for row in company.attachments] == [PDF]
    (shown,) = nav.ledger()["attachments"]
    assert (shown["file_name"], shown["byte_size"], len(shown["sha256"])) == (
        "receipt.pdf",
        len(PDF),
        64,
    )
