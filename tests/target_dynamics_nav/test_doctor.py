"""nav-doctor on servers that lack something: one clear line each, and nothing written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks
from expense_sandbox.nav.pages.quirks import PageQuirks
from target_dynamics_nav.doctor import main
from target_dynamics_nav.nav.odata_v4_services import SPECS

from .encrypted import encrypt
from .nav_stand_in import CREDENTIALS, NAME
from .pages_stand_in import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from click.testing import Result

    from expense_sandbox.http import SandboxServer

PATHS = {"odata_v4": "/NAV", "soap": "/NAV", "api_v2": "/NAV/api/v2.0"}
ENDPOINTS = {"odata_v4": "odata_v4", "soap": "soap", "api_v2": "api"}
DIALECTS = pytest.mark.parametrize("dialect", list(PATHS))
PAGE_DIALECTS = pytest.mark.parametrize("dialect", ["odata_v4", "soap"])


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("TARGET_DYNAMICS_NAV_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def settings(url: str, dialect: str, **changes: object) -> dict[str, object]:
    return {
        "dialect": dialect,
        "base_url": f"{url}{PATHS[dialect]}",
        "company": NAME,
        "auth_method": "basic",
        "username": CREDENTIALS.username,
        "password": CREDENTIALS.password,
        **changes,
    }


def examine(given: Mapping[str, object], *arguments: str) -> Result:
    path = Path("config.json")
    path.write_text(json.dumps(given))
    return CliRunner().invoke(main, ["--config", str(path), *arguments])


def lines(result: Result, mark: str) -> dict[str, str]:
    """Messages by check of the lines with this mark."""
    found = {}
    for one in result.output.splitlines():
        first, _, rest = one.partition(" ")
        if first == mark:
            check, _, message = rest.strip().partition(": ")
            found[check] = message
    return found


@contextmanager
def server(
    pages: PageQuirks | None = None, odata: ODataV4Quirks | None = None
) -> Iterator[SandboxServer]:
    """A server that must not have been written to when the block ends."""
    with serving(pages, odata) as (made, books):
        yield made
        assert books.write_count == 0


@DIALECTS
def test_a_server_that_has_everything(dialect: str) -> None:
    with server() as nav:
        result = examine(settings(nav.url, dialect))
    assert result.exit_code == 0, result.output
    assert not lines(result, "MISSING")
    assert {"address", "credentials", "company", "master_data"} <= lines(result, "ok").keys()


NEEDED = {
    spec.purpose: page
    for spec in SPECS
    if not spec.without
    for page in [spec.pages.partition(" (")[0]]
}
PUBLISHED = {
    "general_ledger_setup": ["General_Ledger_Setup"],
    "accounts": ["GL_Account_Card", "Chart_of_Accounts"],
    "vendors": ["Vendor_List", "Vendor_Card"],
    "dimensions": ["Dimensions"],
    "dimension_values": ["Dimension_Value_List", "Dimension_Values"],
    "purchase_invoices": ["Purchase_Invoice"],
    "posted_purchase_invoices": ["Posted_Purchase_Invoice"],
    "posted_purchase_invoice_totals": ["Posted_Purchase_Invoices"],
}


def test_every_needed_service_is_tried() -> None:
    assert PUBLISHED.keys() == NEEDED.keys()


@PAGE_DIALECTS
@pytest.mark.parametrize("purpose", list(PUBLISHED))
def test_a_service_is_not_published(dialect: str, purpose: str) -> None:
    with serving() as (nav, books):
        for name in PUBLISHED[purpose]:
            assert books.services.unpublish("Page", name)
        result = examine(settings(nav.url, dialect))
    assert result.exit_code == 78
    assert list(lines(result, "MISSING")) == [purpose]
    hint = result.output.splitlines()[
        next(n for n, one in enumerate(result.output.splitlines()) if one.startswith("MISSING")) + 1
    ]
    assert NEEDED[purpose] in hint


@DIALECTS
def test_the_endpoint_is_switched_off(dialect: str) -> None:
    with serving() as (nav, books):
        books.services.disable(ENDPOINTS[dialect])  # type: ignore[arg-type]  # the test's own words
        result = examine(settings(nav.url, dialect))
    assert result.exit_code == 78
    assert list(lines(result, "MISSING")) == ["web_services"]
    assert "address" in lines(result, "ok")


@DIALECTS
def test_a_wrong_key(dialect: str) -> None:
    with server() as nav:
        result = examine(settings(nav.url, dialect, password="wr0ng-key"))
    assert result.exit_code == 77
    assert list(lines(result, "MISSING")) == ["credentials"]
    assert "wr0ng-key" not in result.output
    assert "address" in lines(result, "ok")


@DIALECTS
def test_a_wrong_company(dialect: str) -> None:
    with server() as nav:
        result = examine(settings(nav.url, dialect), "--company", "CRONUS Nowhere")
    assert result.exit_code == 78
    assert list(lines(result, "MISSING")) == ["company"]
    assert NAME in lines(result, "MISSING")["company"]


@PAGE_DIALECTS
@pytest.mark.parametrize("post", ["required", "if_possible"])
def test_there_is_no_way_to_post(dialect: str, post: str) -> None:
    with serving() as (nav, books):
        books.services.unpublish("Codeunit", "ExpensePosting")
        result = examine(settings(nav.url, dialect, post=post))
    missing = [check for check in lines(result, "MISSING") if check.startswith("posting_")]
    assert bool(missing) is (post == "required")
    assert result.exit_code == (78 if post == "required" else 0), result.output
    assert "ExpensePosting" in result.output


@PAGE_DIALECTS
def test_pages_that_a_run_can_do_without(dialect: str) -> None:
    with serving() as (nav, books):
        books.services.unpublish("Page", "General_Journal")
        result = examine(settings(nav.url, dialect))
    assert result.exit_code == 0, result.output
    assert "journals" in lines(result, "limited")["general_journal"]


def test_options_in_a_language_that_nobody_told() -> None:
    with server(odata=ODataV4Quirks(language="de-DE")) as nav:
        result = examine(settings(nav.url, "odata_v4"))
    assert result.exit_code == 78
    assert list(lines(result, "MISSING")) == ["master_data"]
    assert "option_captions" in result.output


def test_accounts_from_a_page_that_does_not_show_blocked() -> None:
    with serving(PageQuirks(chart_of_accounts_shows_blocked=False)) as (nav, books):
        books.services.unpublish("Page", "GL_Account_Card")
        result = examine(settings(nav.url, "odata_v4"))
    assert result.exit_code == 0
    assert "Blocked" in lines(result, "limited")["accounts"]


@DIALECTS
def test_nobody_listens(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_dynamics_nav.doctor.PATIENCE_SECONDS", 0.5)
    result = examine(settings("http://127.0.0.1:1", dialect))
    assert result.exit_code == 75
    assert list(lines(result, "MISSING")) == ["address"]


def test_another_server_answers() -> None:
    with server() as nav:
        result = examine(settings(f"{nav.url}/nothing-here", "odata_v4"))
    assert result.exit_code == 78
    assert list(lines(result, "MISSING")) == ["address"]


@DIALECTS
def test_a_certificate_that_is_not_trusted(dialect: str, tmp_path: Path) -> None:
    from expense_sandbox.faults import FaultPlan
    from expense_sandbox.nav.quirks import NavQuirks
    from expense_sandbox.nav.server import build_nav_server

    from .pages_stand_in import EUROPE

    nav, _ = build_nav_server(
        [EUROPE], credentials=CREDENTIALS, faults=FaultPlan(), quirks=NavQuirks()
    )
    url, authority = encrypt(nav, tmp_path)
    nav.start()
    try:
        untrusted = examine(settings(url, dialect))
        trusted = examine(settings(url, dialect, ca_file=str(authority)))
    finally:
        nav.stop()
    assert untrusted.exit_code == 78
    assert list(lines(untrusted, "MISSING")) == ["encryption"]
    assert trusted.exit_code == 0, trusted.output
    assert "encryption" in lines(trusted, "ok")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"base_url": "http://nav.example/NAV"}, "base_url"),
        ({"base_url": None}, "base_url"),
        ({"company": None}, "company"),
        ({"services": {"sellers": "x"}}, "sellers"),
    ],
)
def test_settings_that_make_no_sense(changes: dict[str, object], field: str) -> None:
    with server() as nav:
        result = examine({**settings(nav.url, "odata_v4"), **changes})
    assert result.exit_code == 78
    assert len(lines(result, "MISSING")) == 1
    assert field in next(iter(lines(result, "MISSING").values()))


def test_as_json_and_with_settings_from_the_environment() -> None:
    """The installed command, as a person or a scheduler runs it."""
    with server() as nav:
        environment = {
            **os.environ,
            **{
                f"TARGET_DYNAMICS_NAV_{name.upper()}": str(value)
                for name, value in settings(nav.url, "odata_v4").items()
            },
            "TARGET_DYNAMICS_NAV_SERVICES": '{"vendors": "Vendor_Card"}',
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("nav-doctor")), "--format", "json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    findings = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert next(one for one in findings if one["check"] == "vendors")["message"].startswith(
        "Vendor_Card"
    )
    assert CREDENTIALS.password not in done.stdout + done.stderr


@pytest.mark.parametrize("text", ["[1", "7", '"x"'])
def test_an_environment_variable_that_is_no_object(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_DYNAMICS_NAV_SERVICES", text)
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 78
    assert "TARGET_DYNAMICS_NAV_SERVICES is not a JSON object" in result.output
