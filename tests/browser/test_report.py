"""The HTML report in a real browser: it filters, opens by keyboard, prints, and keeps nobody out."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from target_dynamics_nav.audit.command_line import main
from tests.target_dynamics_nav.audit.report_ledgers import fill_month
from tests.target_dynamics_nav.ledgers import Place

from .conftest import Browser

ALL = 12 + 13 + 7
LARGE = 3000
SECONDS_TO_OPEN = 10
SECONDS_TO_FILTER = 2


def written(place: Place, file: Path, *arguments: str) -> Path:
    done = CliRunner().invoke(
        main,
        ["report", "--ledger", place.url, "--month", "2026-05", "--output", str(file), *arguments],
    )
    assert done.exit_code == 0, done.output
    return file


@pytest.fixture(scope="session")
def report(month: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(month, tmp_path_factory.mktemp("report") / "may.html", "--with-names")


def shown(browser: Browser) -> list[str]:
    keys: list[str] = browser.run(
        "return [...document.querySelectorAll('#documents > li')].filter((item) => item.checkVisibility())"
        ".map((item) => item.querySelector('summary').children[2].textContent)"
    )
    return keys


def status(browser: Browser) -> str:
    return browser.driver.find_element(By.ID, "found").text


def wait_for(browser: Browser, text: str) -> None:
    WebDriverWait(browser.driver, 10, 0.05).until(lambda _: status(browser).startswith(text))


def test_it_opens_without_complaints_and_asks_for_nothing(browser: Browser, report: Path) -> None:
    browser.open(report)
    assert browser.driver.get_log("browser") == []
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    # Neither the page's own texts nor anything else got a script to run.
    assert browser.driver.title == "Audit report: Posting dates 2026-05-01 to 2026-05-31"
    assert browser.run("return document.querySelectorAll('script, style').length") == 3
    assert len(shown(browser)) == ALL


def test_scripts_of_others_do_not_run(browser: Browser, report: Path, tmp_path: Path) -> None:
    text = report.read_text(encoding="utf-8")
    attacked = tmp_path / "attacked.html"
    attacked.write_text(
        text.replace("</main>", "<script>document.title = 'taken'</script><img src=x></main>"),
        encoding="utf-8",
    )
    browser.open(attacked)
    assert browser.driver.title.startswith("Audit report")
    told = " ".join(entry["message"] for entry in browser.driver.get_log("browser"))
    assert "Content Security Policy" in told
    assert "inline script" in told
    assert "loading the image" in told.lower() or "img-src" in told


def test_words_and_choices_filter_and_the_count_is_told(browser: Browser, report: Path) -> None:
    browser.open(report)
    search = browser.driver.find_element(By.ID, "search")
    search.send_keys("8320 BLOCKED")
    wait_for(browser, f"4 of {ALL} documents")
    assert set(shown(browser)) == {f"E1000{number}-R" for number in (1000, 1001, 1003, 1010)}
    Select(browser.driver.find_element(By.ID, "facet-status")).select_by_visible_text("held")
    wait_for(browser, f"3 of {ALL} documents: ")
    # 21.01 + 21.11 + … of document 1001, in pounds; 1000 and 1003 are in euros and dollars by their policies.
    assert "106.05 GBP" in status(browser)
    browser.driver.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    wait_for(browser, f"{ALL} documents")
    assert len(shown(browser)) == ALL
    search.send_keys("nothing has these words")
    wait_for(browser, f"0 of {ALL} documents.")
    assert shown(browser) == []


def test_the_sums_it_tells_are_those_of_the_totals(browser: Browser, report: Path) -> None:
    browser.open(report)
    sums: dict[str, int] = {}
    rows = browser.run(
        "return [...document.querySelectorAll('#totals-heading ~ .wide tbody tr')]"
        ".map((row) => [row.cells[2].textContent, row.cells[4].textContent])"
    )
    for currency, amount in rows:
        sums[currency] = sums.get(currency, 0) + int(re.sub(r"[,.]", "", amount))
    told = {
        currency: int(re.sub(r"[,.]", "", amount))
        for amount, currency in re.findall(r"(-?[\d,]+\.\d\d) ([^,]+?)(?:, |\.$)", status(browser))
    }
    assert len(told) > 2
    assert told == sums


def test_a_story_opens_by_keyboard(browser: Browser, report: Path) -> None:
    browser.open(report)
    keys = ActionChains(browser.driver)
    browser.driver.find_element(By.ID, "close-all").send_keys(Keys.TAB)
    focused = "return document.activeElement.tagName"
    assert browser.run(focused) == "SUMMARY"
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    keys.send_keys(Keys.ENTER).perform()
    opened = browser.run("return document.activeElement.parentElement.open")
    assert opened is True
    story = browser.run("return document.activeElement.nextElementSibling.innerText")
    for heading in ("What to do next", "Which rule decided what", "What happened"):
        assert heading in story
    assert browser.run("return document.querySelectorAll('#documents details[open]').length") == 1


def test_the_first_tab_skips_to_the_documents(browser: Browser, report: Path) -> None:
    browser.open(report)
    ActionChains(browser.driver).send_keys(Keys.TAB).perform()
    assert browser.run("return document.activeElement.textContent") == "Skip to the documents"
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0
    ActionChains(browser.driver).send_keys(Keys.ENTER).perform()
    assert browser.run("return document.activeElement.id") == "documents-heading"


def test_a_cause_leads_to_its_documents(browser: Browser, report: Path) -> None:
    browser.open(report)
    browser.driver.find_element(By.ID, "search").send_keys("nothing has these words")
    wait_for(browser, "0 of")
    browser.driver.find_element(By.LINK_TEXT, "E10001002-R").send_keys(Keys.ENTER)
    WebDriverWait(browser.driver, 10, 0.05).until(lambda _: shown(browser) == ["E10001002-R"])
    assert browser.run("return document.activeElement.parentElement.open") is True


def test_stories_open_and_close_together(browser: Browser, report: Path) -> None:
    browser.open(report)
    count = "return document.querySelectorAll('#documents details[open]').length"
    browser.driver.find_element(By.ID, "open-all").click()
    assert browser.run(count) == ALL
    browser.driver.find_element(By.ID, "close-all").click()
    assert browser.run(count) == 0


def test_it_is_a_document_without_javascript(browser: Browser, report: Path) -> None:
    browser.do("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(report)
        assert not browser.driver.find_element(By.ID, "filter").is_displayed()
        first = browser.driver.find_element(By.CSS_SELECTOR, "#documents summary")
        first.click()
        body = browser.driver.find_element(By.CSS_SELECTOR, "#documents details > div")
        assert "What to do next" in body.text
    finally:
        browser.do("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nobody_is_kept_out(
    browser: Browser, report: Path, pictures: Path, scheme: str, width: int
) -> None:
    browser.open(report, scheme=scheme, width=width)
    browser.run(
        "document.querySelectorAll('#documents details').forEach((item, n) => item.open = n % 8 == 0)"
    )
    assert browser.run("return matchMedia('(prefers-color-scheme: dark)').matches") == (
        scheme == "dark"
    )
    browser.picture(pictures / f"report-{scheme}-{width}.png")
    assert browser.violations() == []
    # Nothing makes the page itself scroll sideways.
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_paper_has_every_column_and_the_numbers_of_the_chart(
    browser: Browser, report: Path, pictures: Path
) -> None:
    browser.open(report, scheme="dark", width=700)
    browser.driver.find_element(By.CSS_SELECTOR, "#documents summary").click()
    browser.paper(pictures / "report.pdf")
    assert (pictures / "report.pdf").read_bytes().startswith(b"%PDF")
    browser.emulate(scheme="dark", media="print")
    try:
        browser.picture(pictures / "report-print.png")
        # The width of A4 between the margins.
        assert browser.run("return document.documentElement.scrollWidth") <= 700
        outside = browser.run(
            "return [...document.querySelectorAll('th, td, summary > *')].filter((cell) => cell.checkVisibility()"
            " && cell.getBoundingClientRect().right > 700).length"
        )
        assert outside == 0
        hidden = browser.run(
            "return ['form', 'nav', '.skip'].filter((name) => document.querySelector(name).checkVisibility())"
        )
        assert hidden == []
        # Ink on paper, whatever the screen prefers.
        assert (
            browser.run("return getComputedStyle(document.documentElement).color")
            == "rgb(27, 31, 36)"
        )
        assert browser.run("return document.querySelector('.figures table').checkVisibility()")
        assert browser.run("return document.querySelector('.figures table').offsetHeight") > 100
        stories = browser.run(
            "return [...document.querySelectorAll('#documents details > div')]"
            ".filter((story) => story.checkVisibility()).length"
        )
        assert stories == 1
    finally:
        browser.emulate()


def test_a_month_of_three_thousand_reports_opens_and_filters(
    browser: Browser, tmp_path: Path
) -> None:
    place = Place(f"sqlite:///{tmp_path / 'large.sqlite3'}")
    fill_month(place, LARGE)
    file = written(place, tmp_path / "large.html")
    started = time.perf_counter()
    browser.driver.get(file.as_uri())
    opened = time.perf_counter() - started
    script = """
        const started = performance.now();
        document.getElementById("search").value = arguments[0];
        document.getElementById("filter").requestSubmit();
        document.body.getBoundingClientRect();
        return performance.now() - started;
    """
    filtered = [browser.run(script, words) / 1000 for words in ("8430 sales", "e10000123", "")]
    assert len(shown(browser)) == LARGE + 13 + 7
    assert opened < SECONDS_TO_OPEN
    assert max(filtered) < SECONDS_TO_FILTER
