"""Receipts: attached once, never in the way of the posting, and what goes wrong is on record."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.faults import ALWAYS, Fault, FaultPlan
from expense_sandbox.http import Request, Response, SandboxServer
from target_dynamics_nav.attachments import AttachmentSettings

from .desk import CREDIT_MEMO, INVOICE, JOURNAL, Desk, desk, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PDF = b"%PDF-1.7 receipt"
UPLOAD = "PATCH .*attachmentContent"


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "receipts"
    made.mkdir()
    (made / "one.pdf").write_bytes(PDF)
    (made / "large.pdf").write_bytes(b"x" * 1001)
    (tmp_path / "secret.txt").write_text("not a receipt")
    return made


def wanted(folder: Path | None = None) -> dict[str, Any]:
    return {"attachments": AttachmentSettings(wanted=True, folder=folder, largest_bytes=1000)}


def receipts(*paths: str) -> list[dict[str, str]]:
    return [{"file_name": path.rpartition("/")[2], "path": path} for path in paths]


def files(it: Desk) -> list[tuple[str, int]]:
    """Name and size of every file in NAV."""
    return sorted(
        (str(row["fileName"]), int(row["byteSize"]))
        for kind in ("purchaseInvoices", "purchaseCreditMemos")
        for document in it.api("GET", kind)["value"]
        for row in it.api("GET", f"{kind}({document['id']})/documentAttachments")["value"]
    )


def story(it: Desk) -> list[tuple[str, str | None]]:
    """(event, code) of what became of the receipts."""
    with sqlite3.connect(it.ledger) as connection:
        rows = connection.execute(
            "SELECT kind, data FROM events WHERE kind LIKE 'attach%' ORDER BY sequence"
        ).fetchall()
    return [(kind, json.loads(data).get("code")) for kind, data in rows]


@pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO])
def test_a_file_is_attached_to_the_posted_document(it: Desk, folder: Path, kind: Any) -> None:
    done = it.run(record(kind, attachments=receipts("one.pdf")), rules=wanted(folder))
    assert done.statuses == ["posted"]
    assert files(it) == [("one.pdf", len(PDF))]
    assert story(it) == [("attached", None)]


def test_it_is_off_unless_asked_for(it: Desk, folder: Path) -> None:
    done = it.run(record(attachments=receipts("one.pdf")))
    assert done.statuses == ["posted"]
    assert (files(it), story(it)) == ([], [])


def test_a_file_is_attached_once(it: Desk, folder: Path) -> None:
    one = record(attachments=receipts("one.pdf"))
    it.run(one, rules=wanted(folder))
    it.lose_ledger()
    assert it.run(one, rules=wanted(folder)).statuses == ["already_posted"]
    assert files(it) == [("one.pdf", len(PDF))]
    assert story(it) == [("attached_before", None)]


def test_an_upload_that_broke_off_is_made_good_by_whoever_finds_it(it: Desk, folder: Path) -> None:
    one = record(attachments=receipts("one.pdf"))
    it.fail(Fault("before", UPLOAD, status=504, times=ALWAYS))
    assert it.run(one, rules=wanted(folder)).statuses == ["posted"]
    assert [kind for kind, _ in story(it)] == ["attachment_failed"]
    it.server.faults.clear()
    it.lose_ledger()
    it.run(one, rules=wanted(folder))
    assert ("one.pdf", len(PDF)) in files(it)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("large.pdf", "attachment_too_large"),
        ("missing.pdf", "attachment_unreadable"),
        ("../secret.txt", "attachment_outside_folder"),
        ("/etc/hostname", "attachment_outside_folder"),
    ],
)
def test_what_cannot_be_attached_is_noted_and_the_document_posts(
    it: Desk, folder: Path, path: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    done = it.run(record(attachments=receipts(path, "one.pdf")), rules=wanted(folder))
    assert done.statuses == ["posted"]
    assert story(it) == [("attachment_failed", code), ("attached", None)]
    assert files(it) == [("one.pdf", len(PDF))]
    assert path not in caplog.text


def test_files_need_a_folder(it: Desk) -> None:
    it.run(record(attachments=receipts("one.pdf")), rules=wanted())
    assert story(it) == [("attachment_failed", "attachment_outside_folder")]


def test_a_journal_takes_none(it: Desk, folder: Path) -> None:
    done = it.run(record(JOURNAL, attachments=receipts("one.pdf")), rules=wanted(folder))
    assert done.statuses == ["posted"]
    assert story(it) == [("attachment_failed", "attachment_not_offered")]


def test_nav_refusing_every_file_does_not_touch_the_posting(it: Desk, folder: Path) -> None:
    it.fail(Fault("before", "documentAttachments", status=403, times=ALWAYS))
    done = it.run(record(attachments=receipts("one.pdf")), rules=wanted(folder))
    assert (done.statuses, it.postings()) == (["posted"], 1)
    assert [kind for kind, _ in story(it)] == ["attachment_failed"]


@pytest.fixture
def web() -> Iterator[SandboxServer]:
    def answer(request: Request) -> Response:
        if "moved" in request.path:
            return Response(302, {"Location": "/receipt.pdf"})
        if "gone" in request.path:
            return Response(404)
        assert "Authorization" not in request.headers
        return Response(200, {}, PDF if "receipt" in request.path else b"x" * 5000)

    server = SandboxServer(answer, name="web", faults=FaultPlan())
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("path", "event", "code"),
    [
        ("/receipt.pdf", "attached", None),
        ("/huge.pdf", "attachment_failed", "attachment_too_large"),
        ("/gone.pdf", "attachment_failed", "attachment_unreadable"),
        ("/moved.pdf", "attachment_failed", "attachment_unreadable"),
    ],
)
def test_a_receipt_by_address(
    it: Desk, web: SandboxServer, path: str, event: str, code: str | None
) -> None:
    one = record(attachments=[{"file_name": "r.pdf", "url": f"{web.url}{path}"}])
    assert it.run(one, rules=wanted()).statuses == ["posted"]
    assert story(it) == [(event, code)]


def test_an_address_beyond_this_machine_is_encrypted_or_not_asked(it: Desk) -> None:
    one = record(attachments=[{"file_name": "r.pdf", "url": "http://192.0.2.1/r.pdf"}])
    assert it.run(one, rules=wanted()).statuses == ["posted"]
    assert story(it) == [("attachment_failed", "attachment_address_unfit")]
