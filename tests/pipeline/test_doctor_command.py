"""`meltano invoke target-dynamics-nav:doctor`: a NAV server looked at from Meltano, with the settings of the loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expense_sandbox.testing import running_sandbox

from .project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from expense_sandbox.testing import Sandbox

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.mark.parametrize(
    ("dialect", "path", "auth_method"),
    [
        ("api_v2", "/NAV/api/v2.0", "ntlm"),
        ("odata_v4", "/NAV", "ntlm"),
        ("soap", "/NAV", "basic"),
    ],
)
def test_the_doctor_finds_nothing_missing(
    dialect: str, path: str, auth_method: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", sandbox)
    done = project.call(
        "meltano",
        "invoke",
        "target-dynamics-nav:doctor",
        TARGET_DYNAMICS_NAV_DIALECT=dialect,
        TARGET_DYNAMICS_NAV_BASE_URL=f"{sandbox.nav.url}{path}",
        TARGET_DYNAMICS_NAV_AUTH_METHOD=auth_method,
    )
    assert done.exit_code == 0, done.output
    assert "company: The company" in done.output
    assert "MISSING" not in done.output
    assert sandbox.credentials.nav.password not in done.output
    assert sandbox.books.write_count == 0


def test_the_doctor_says_what_to_publish(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.books.services.unpublish("Codeunit", "ExpensePosting")
    done = Project(tmp_path / "project", sandbox).call(
        "meltano",
        "invoke",
        "target-dynamics-nav:doctor",
        TARGET_DYNAMICS_NAV_DIALECT="odata_v4",
        TARGET_DYNAMICS_NAV_BASE_URL=f"{sandbox.nav.url}/NAV",
        TARGET_DYNAMICS_NAV_AUTH_METHOD="basic",
    )
    sandbox.books.services.publish("Codeunit", "ExpensePosting", 50100)
    assert done.exit_code != 0
    assert "MISSING  posting_purchase_invoices" in done.output
    assert "ExpensePosting" in done.output
