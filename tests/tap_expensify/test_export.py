"""Exports: windows, whole files, order; over HTTP against the scripted server."""

from __future__ import annotations

import json
import tracemalloc
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_expensify.errors import IncompleteError, ProtocolError
from tap_expensify.export import (
    DOWNLOADS,
    SUBMISSIONS,
    ExportQuery,
    read_reports,
    whole_reports,
)
from tap_expensify.spool import ReportSpool
from tap_expensify.template import template

if TYPE_CHECKING:
    from tap_expensify.client import ExpensifyClient

TODAY = date(2026, 7, 1)
QUERY = ExportQuery(date(2026, 1, 1), None, ("APPROVED", "REIMBURSED"), ())


def file_of(*reports: dict[str, Any], trailer: int | None = None) -> str:
    lines = [json.dumps({"_type": "report", "total": "1", **report}) for report in reports]
    announced = len(reports) if trailer is None else trailer
    return "\n".join([*lines, json.dumps({"_type": "trailer", "reports": announced}), ""])


def report(report_id: str, approved: str = "2026-01-05 00:00:00", **fields: Any) -> dict[str, Any]:
    return {"reportID": report_id, "approved": approved, **fields}


def ids(spool: ReportSpool) -> list[str]:
    return [record["report_id"] for record in spool.in_order()]


def settings_of(query: ExportQuery) -> list[dict[str, Any]]:
    return [settings for _, settings in query.parts(TODAY)]


def test_input_settings() -> None:
    query = ExportQuery(date(2026, 1, 1), None, ("APPROVED", "REIMBURSED"), ("A1", "B2"), limit=1)
    assert settings_of(query) == [
        {
            "type": "combinedReportData",
            "reportState": "APPROVED,REIMBURSED",
            "limit": "1",
            "filters": {"approvedAfter": "2025-12-30", "policyIDList": "A1,B2"},
        }
    ]


def test_states_without_approval_have_a_bounded_query_of_their_own() -> None:
    query = ExportQuery(date(2026, 6, 1), None, ("APPROVED", "ARCHIVED", "REIMBURSED", "OPEN"), ())
    first, second = settings_of(query)
    assert first["reportState"] == "APPROVED,REIMBURSED"
    assert first["filters"] == {"approvedAfter": "2026-05-30"}
    assert second["reportState"] == "ARCHIVED,OPEN"
    assert second["filters"] == {"startDate": "2025-12-01", "approvedAfter": "2026-05-30"}


def test_reports_are_asked_for_by_id_a_hundred_at_a_time() -> None:
    ids = tuple(f"R{number:03d}" for number in range(250))
    query = ExportQuery(date(2026, 6, 1), None, ("APPROVED",), ("A1",), report_ids=ids)
    asked = settings_of(query)
    assert [len(one["filters"]["reportIDList"].split(",")) for one in asked] == [100, 100, 50]
    assert asked[0]["filters"]["reportIDList"].startswith("R000,R001,")
    assert {one["filters"]["policyIDList"] for one in asked} == {"A1"}


def test_reports_come_in_order_of_approval(scripted: Any, client: ExpensifyClient) -> None:
    scripted.answer(
        "export1.json",
        file_of(
            report("Rb", "2026-01-05 10:00:00"),
            report("Ra", "2026-01-05 10:00:00"),
            report("Rc", "2026-01-04"),
            report("Rn", ""),
        ),
    )
    spool = read_reports(client, QUERY, today=TODAY)
    assert ids(spool) == ["Rc", "Ra", "Rb"]
    assert ids(spool) == ["Rc", "Ra", "Rb"]
    assert [job["type"] for job in scripted.jobs] == ["file", "download"]
    assert scripted.forms[0]["template"] == template()


def test_a_report_of_two_windows_comes_once_as_seen_last(
    scripted: Any, client: ExpensifyClient
) -> None:
    query = ExportQuery(date(2024, 9, 1), None, ("APPROVED",), ())
    scripted.answer(
        "export1.json",
        file_of(report("Ra", "2025-01-01", status="Approved"), report("Rb", "2026-06-01")),
        "export2.json",
        file_of(report("Rb", "2026-06-02", status="Reimbursed")),
    )
    spool = read_reports(client, query, today=TODAY)
    assert [(r["report_id"], r["approved_at"][:10]) for r in spool.in_order()] == [
        ("Ra", "2025-01-01"),
        ("Rb", "2026-06-02"),
    ]
    exports = [job["inputSettings"]["filters"] for job in scripted.jobs if job["type"] == "file"]
    assert exports == [
        {"approvedAfter": "2024-08-30", "endDate": "2025-08-29"},
        {"approvedAfter": "2025-08-28"},
    ]


NOT_WHOLE = [
    file_of(report("Ra"), report("Rb"), trailer=3),
    file_of(report("Ra"), report("Rb"), trailer=1),
    file_of(report("Ra")).rsplit("\n", 2)[0],
    file_of(report("Ra"))[:40],
    '{"_type":"surprise"}\n{"_type":"trailer","reports":0}',
    '["not", "an object"]\n',
    "plain text",
    '{"_type":"trailer","reports":"1"}',
]


@pytest.mark.parametrize("damaged", NOT_WHOLE)
def test_a_damaged_file_is_downloaded_again(
    scripted: Any, client: ExpensifyClient, damaged: str
) -> None:
    scripted.answer("export1.json", damaged, file_of(report("Ra")))
    assert ids(read_reports(client, QUERY, today=TODAY)) == ["Ra"]
    assert [job["type"] for job in scripted.jobs] == ["file", "download", "download"]


@pytest.mark.parametrize("damaged", NOT_WHOLE)
def test_a_damaged_file_is_rendered_again(
    scripted: Any, client: ExpensifyClient, damaged: str
) -> None:
    scripted.answer("export1.json", *[damaged] * DOWNLOADS, "export2.json", file_of(report("Ra")))
    assert ids(read_reports(client, QUERY, today=TODAY)) == ["Ra"]


@pytest.mark.parametrize("damaged", NOT_WHOLE)
def test_a_file_that_stays_damaged_ends_the_run(
    scripted: Any, client: ExpensifyClient, damaged: str
) -> None:
    for _ in range(SUBMISSIONS):
        scripted.answer("export1.json", *[damaged] * DOWNLOADS)
    with pytest.raises(IncompleteError) as caught:
        read_reports(client, QUERY, today=TODAY)
    assert caught.value.code == "export_incomplete"
    assert len(scripted.forms) == SUBMISSIONS * (1 + DOWNLOADS)


def test_a_value_that_cannot_be_read_is_not_tried_again(
    scripted: Any, client: ExpensifyClient
) -> None:
    scripted.answer("export1.json", file_of(report("Ra", total="many")))
    with pytest.raises(ProtocolError):
        read_reports(client, QUERY, today=TODAY)
    assert len(scripted.forms) == 2


def test_several_passes_with_a_trailer_each() -> None:
    text = file_of(report("Ra"), report("Rb")) + "\n" + file_of(report("Rc")) + file_of()
    found = list(whole_reports(text.encode().split(b"\n")))
    assert [wire["reportID"] for wire in found] == ["Ra", "Rb", "Rc"]


def test_nothing_of_a_damaged_file_stays_in_the_spool() -> None:
    spool = ReportSpool()
    spool.add_all([{"report_id": "Ra", "approved_at": "2026-01-01T00:00:00Z", "total": 1}])

    def breaks() -> Any:
        yield {"report_id": "Ra", "approved_at": "2026-01-01T00:00:00Z", "total": 2}
        yield {"report_id": "Rb", "approved_at": "2026-01-01T00:00:00Z", "total": 2}
        raise IncompleteError("cut")

    with pytest.raises(IncompleteError):
        spool.add_all(breaks())
    assert [record["total"] for record in spool.in_order()] == [1]
    spool.add_all([{"report_id": "Rc", "approved_at": "2026-01-01T00:00:00Z", "total": 3}])
    assert [record["total"] for record in spool.in_order()] == [1, 3]
    spool.close()


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.dates(), st.text(max_size=5)), max_size=6),
        max_size=4,
    )
)
def test_the_spool_gives_the_last_of_each_report_in_order(
    windows_seen: list[list[tuple[str, date, str]]],
) -> None:
    spool = ReportSpool()
    last: dict[str, tuple[str, str, str]] = {}
    for window in windows_seen:
        spool.add_all(
            {"report_id": key, "approved_at": day.isoformat(), "report_name": name}
            for key, day, name in window
        )
        last |= {key: (day.isoformat(), key, name) for key, day, name in window}
    found = [(r["approved_at"], r["report_id"], r["report_name"]) for r in spool.in_order()]
    assert found == sorted(last.values(), key=lambda item: item[:2])
    assert len(spool) == len(last)
    spool.close()


def test_memory_does_not_grow_with_the_size_of_reports() -> None:
    spool = ReportSpool()
    tracemalloc.start()
    try:
        spool.add_all(
            {
                "report_id": f"R{number}",
                "approved_at": "2026-01-01T00:00:00Z",
                "comment": "x" * 20_000,
            }
            for number in range(1000)
        )
        for _ in spool.in_order():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        spool.close()
    assert peak < 1_500_000  # of 20 MB written


def test_a_file_system_leaves_no_name_behind(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spool = ReportSpool()
    spool.add_all([{"report_id": "Ra", "approved_at": "2026-01-01T00:00:00Z"}])
    assert list(tmp_path.iterdir()) == []
    spool.close()
