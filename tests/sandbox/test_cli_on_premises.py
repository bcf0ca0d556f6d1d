from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.switches import quirks_from_text

SANDBOX = Path(sys.executable).with_name("sandbox")


def test_serving_a_server_of_ones_own(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [
        SANDBOX, "serve", "--expensify-port", "0", "--nav-port", "0", "--ready-file", ready,
        "--credential-type", "NavUserPassword", "--nav-quirk", "odata_v4.language=de-DE",
        "--nav-quirk", "odata_v4.default_company=CRONUS Services",
    ]  # fmt: skip
    environment = {**os.environ, "SANDBOX_NAV_USERNAME": "API", "SANDBOX_NAV_PASSWORD": "key-1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            while not ready.exists():
                assert process.poll() is None
                time.sleep(0.05)
            url = json.loads(ready.read_text())["nav_url"]
            answer = requests.get(f"{url}/NAV/ODataV4/GL_Account_Card", timeout=10)
            assert answer.headers["WWW-Authenticate"] == 'Basic realm=""'
            answer = requests.get(
                f"{url}/NAV/ODataV4/GL_Account_Card", auth=("API", "key-1"), timeout=10
            ).json()
            assert "Company('CRONUS%20Services')" in answer["@odata.context"]
            assert {row["Account_Type"] for row in answer["value"]} == {"Konto"}
        finally:
            process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert f"on-premises {url}/NAV (ODataV4, WS, api/v2.0)" in output


def test_switches_as_text() -> None:
    texts = ["odata_v4.page_size=50", 'pages.general_journal_templates=["A", "B"]']
    quirks = quirks_from_text(NavQuirks(), texts)
    assert quirks.odata_v4.page_size == 50
    assert quirks.pages.general_journal_templates == ("A", "B")


@pytest.mark.parametrize(
    "text", ["page_size=50", "odata_v4.page_size", "odata_v4.page_size=many", "nav.language=de-DE"]
)
def test_switches_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        quirks_from_text(NavQuirks(), [text])
