"""A real browser: Debian's Chromium, driven by its own driver; axe-core, which finds barriers.

Without them these tests are left out, and the session says so; with REQUIRE_CHROMIUM=1 they fail instead. What the
pages look like is written to a folder of pictures: BROWSER_PICTURES, or the test session's temporary folder.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.target_dynamics_nav.audit.report_ledgers import fill_month
from tests.target_dynamics_nav.ledgers import Place

REPOSITORY = Path(__file__).parents[2]
AXE = REPOSITORY / ".third-party/axe-core/node_modules/axe-core/axe.min.js"
REQUIRED = os.environ.get("REQUIRE_CHROMIUM", "") not in {"", "0"}
TALL = 20_000
SECONDS = 60


@dataclass(frozen=True)
class Browser:
    """A browser with one window."""

    driver: Chrome
    axe: str

    def open(self, file: Path, *, width: int = 1280, scheme: str = "light") -> None:
        """Show a file in a window as tall as the page, so that nothing is out of sight."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": TALL, "deviceScaleFactor": 1, "mobile": False},
        )
        self.emulate(scheme=scheme)
        self.driver.get(file.as_uri())

    def emulate(self, *, scheme: str = "light", media: str = "") -> None:
        """Prefer a colour scheme, or be paper (`media` "print")."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.do("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def do(self, command: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """A command of the DevTools protocol."""
        found: dict[str, Any] = self.driver.execute_cdp_cmd(command, arguments or {})
        return found

    def run(self, script: str, *arguments: object) -> Any:
        """The value of a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def violations(self) -> list[str]:
        """What axe-core holds against the page as it is: rule, and the elements."""
        # Not through the page's own scripts: its policy does not let others run.
        self.do("Runtime.evaluate", {"expression": self.axe})
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then(done);"
        )
        assert found["testEngine"]["name"] == "axe-core"
        # It did look: at the colours, for one.
        assert "color-contrast" in {item["id"] for item in found["passes"]}
        return [
            f"{item['id']}: {node['html'][:200]}: {node['failureSummary']}"
            for item in found["violations"]
            for node in item["nodes"]
        ]

    def picture(self, file: Path, height: int | None = None) -> None:
        """The page as it looks."""
        size = self.do("Page.getLayoutMetrics")["cssContentSize"]
        tall = int(self.run("return Math.ceil(document.body.getBoundingClientRect().height) + 20"))
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or tall, "scale": 1}
        data = self.do("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        file.write_bytes(base64.b64decode(data["data"]))

    def paper(self, file: Path) -> None:
        """The page as it is printed, a PDF."""
        wanted = {"printBackground": False, "preferCSSPageSize": True}
        file.write_bytes(base64.b64decode(self.do("Page.printToPDF", wanted)["data"]))


def _without(what: str) -> NoReturn:
    if REQUIRED:
        pytest.fail(f"REQUIRE_CHROMIUM is set, and there is no {what}")
    pytest.skip(f"no {what}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        _without("Chromium with its driver (Debian: chromium, chromium-driver)")
    if not AXE.exists():
        _without("axe-core (`make .third-party/axe-core/.installed`, which needs npm)")
    options = ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in (
        *("--headless=new", "--disable-gpu", "--window-size=1280,1000", "--lang=en"),
        # Files of our own only; a container has neither the rights for a sandbox nor much shared memory.
        *("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"),
    ):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(chromedriver))
    try:
        driver.set_page_load_timeout(SECONDS)
        driver.set_script_timeout(SECONDS)
        yield Browser(driver, AXE.read_text(encoding="utf-8"))
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go, for people to look at."""
    wanted = os.environ.get("BROWSER_PICTURES")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A ledger with a small month of everything."""
    place = Place(f"sqlite:///{tmp_path_factory.mktemp('month') / 'ledger.sqlite3'}")
    fill_month(place, 12)
    return place
