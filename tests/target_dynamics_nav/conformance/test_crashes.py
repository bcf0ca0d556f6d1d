"""A run that dies at any request it sends, before or after NAV gets it: over every dialect.

The process "dies" in the middle of the HTTP library, by an exception that nothing in the target handles; what it knew
is gone, the audit ledger as well. The next run has NAV alone to go by.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from target_dynamics_nav.nav.port import DocumentKind
from tests.target_dynamics_nav.desk import record

from .dialects import KINDS, Dialect, opened


class Died(BaseException):
    """Nothing catches this."""


def is_write(request: requests.PreparedRequest) -> bool:
    """What may change something; SOAP says so in a header."""
    action = str(request.headers.get("SOAPAction") or "")
    if action:
        return not any(word in action for word in ("Read", "Get", "Companies", "IsUpdated"))
    return request.method != "GET"


@KINDS
def test_whatever_a_crash_leaves_is_completed_exactly_once(
    dialect: Dialect, kind: DocumentKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = requests.Session.send
    crash: dict[str, Any] = {"at": -1, "after": False, "writes": 0}

    def dying(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> Any:
        if not is_write(request):
            return send(session, request, **options)
        crash["writes"] += 1
        dies = crash["writes"] - 1 == crash["at"]
        if dies and not crash["after"]:
            raise Died
        response = send(session, request, **options)
        if dies:
            raise Died
        return response

    monkeypatch.setattr(requests.Session, "send", dying)
    with opened(dialect, tmp_path / "whole") as books:
        assert books.run(record(kind)).statuses == ["posted"]
        writes = crash["writes"]
        whole = _without_numbers(books.entries())
    assert writes >= 2  # draft and posting at least
    for boundary in range(writes):
        for after in (False, True):
            crash.update(at=boundary, after=after, writes=0)
            with opened(dialect, tmp_path / f"{boundary}{after}") as books:
                with pytest.raises(Died):
                    books.run(record(kind))
                crash.update(at=-1)
                finished = books.run_anew(record(kind))
                where = f"died {'after' if after else 'before'} write {boundary + 1} of {writes}"
                assert finished.statuses in (["posted"], ["already_posted"]), where
                assert books.desk.postings() == 1, where
                assert books.desk.drafts() == [], where
                assert _without_numbers(books.entries()) == whole, where


def _without_numbers(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries as far as they do not depend on how many numbers were drawn before."""
    names = ("posting_date", "account_number", "amount", "external_document_number", "dimensions")
    return [{name: entry[name] for name in names} for entry in entries]
