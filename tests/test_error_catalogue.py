"""The error catalogue and the code stay in step: every code has a page, every page a code, and the page is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from map_expensify_nav.rules import Rules
from tap_expensify.schemas import REPORTS
from tap_expensify.tap import TapExpensify
from target_dynamics_nav.catalogue import page_of
from target_dynamics_nav.settings import CONFIG_JSONSCHEMA

from . import error_catalogue
from .error_codes import CODE, REPOSITORY, UntraceableError, codes

NO_MESSAGE = {"crashed", "stopped"}
"""How a run ended, in the ledger and in alerts; nothing is said besides."""
FOUND = codes()
PAGES = error_catalogue.pages()


def test_every_code_has_a_page() -> None:
    missing = {
        code: f"{places[0].file}:{places[0].line}"
        for code, places in FOUND.items()
        if code not in PAGES
    }
    assert not missing, f"write docs/errors/CODE.md for: {missing}"


def test_every_page_has_a_code() -> None:
    orphaned = set(PAGES) - set(FOUND)
    assert not orphaned, f"no plug-in shows these any more; remove docs/errors/CODE.md: {orphaned}"


def test_enough_is_found() -> None:
    """The search has not gone blind: codes of every kind and package are among those found."""
    assert {
        "rate_limited",  # default_code of the tap
        "not_permitted",  # code= of the tap
        "vendor_unmapped",  # put together by the mapper
        "key_from_hash",  # a note, by position
        "zero_total",  # a skip
        "dimension_mandatory",  # the table of NAV's refusals
        "output_closed",  # by way of a variable
        "not_waived",  # handed over to a function
        "prices_include_tax_not_writable",  # a constant
        "not_in_expensify",  # an answer of the console
        "differs_in_account",  # a finding of a reconciliation
        "alert_failed",  # the reason of a log line
    } <= set(FOUND)
    assert all(CODE.fullmatch(code) for code in FOUND)


@pytest.mark.parametrize("code", PAGES)
def test_a_page_is_complete_and_true(code: str) -> None:
    page = PAGES[code]
    assert page.code == code
    assert page.area in error_catalogue.AREAS
    assert set(page.who) <= set(error_catalogue.WHO)
    assert set(page.happens) <= set(error_catalogue.HAPPENS)
    assert page.said_by == tuple(
        name
        for name in ("tap-expensify", "map-expensify-nav", "target-dynamics-nav")
        if any(place.package == name for place in FOUND[code])
    )
    messages = [message for place in FOUND[code] for message in place.messages]
    assert (
        code in NO_MESSAGE
        or not messages
        or any(message.match(page.example) for message in messages)
    ), f"the example is none of {[message.pattern for message in messages]}"


def test_most_examples_are_held_to_the_code() -> None:
    held = [code for code in PAGES if any(place.messages for place in FOUND[code])]
    assert len(held) > 0.75 * len(PAGES)


def test_the_index_is_that_of_the_pages() -> None:
    assert error_catalogue.INDEX.read_text("utf-8") == error_catalogue.index_text(), (
        "run: python -m tests.error_catalogue"
    )


def test_links_by_default_lead_to_the_pages() -> None:
    for code in PAGES:
        page = page_of(code)
        assert page is not None
        assert (REPOSITORY / page).is_file()


@pytest.mark.parametrize("code", PAGES)
def test_what_a_page_tells_to_set_exists(code: str) -> None:
    """What looks like a setting, a key of the rules file or a field is one."""
    text = f"{PAGES[code].cause} {PAGES[code].fix}"
    for path in re.findall(r"`([a-z]+(?:[._][a-z]+)+)(?::[^`]*)?`", text):
        assert set(path.split(".")) <= WORDS, path


def _words(schema: object) -> Iterator[str]:
    """Names of properties and allowed values anywhere in a JSON Schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        yield from (value for value in schema.get("enum", ()) if isinstance(value, str))
        yield from (value for value in [schema.get("const")] if isinstance(value, str))
        for inner in schema.values():
            yield from _words(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _words(inner)


WORDS = {
    *_words(Rules.model_json_schema()),
    *_words(CONFIG_JSONSCHEMA),
    *_words(TapExpensify.config_jsonschema),
    *_words(REPORTS),
    "batch_config",  # Singer's
}


# The search itself


def _package(folder: Path, source: str) -> dict[str, Path]:
    modules = folder / "plug-in" / "plug_in"
    modules.mkdir(parents=True)
    (modules / "module.py").write_text(source)
    return {"plug-in": modules}


def test_a_new_code_is_found(tmp_path: Path) -> None:
    source = 'def refuse():\n    raise DocumentError(f"Line {1} is wrong.", code="brand_new")\n'
    found = codes(_package(tmp_path, source))
    assert list(found) == ["brand_new"]
    (place,) = found["brand_new"]
    assert (place.file, place.line) == ("plug-in/plug_in/module.py", 2)
    assert place.messages[0].match("Line 7 is wrong.")
    assert not place.messages[0].match("Column 7 is wrong.")


def test_a_code_is_followed_to_where_it_is_said(tmp_path: Path) -> None:
    source = """
CONSTANT = "by_constant"
def by_constant():
    raise DocumentError("…", code=CONSTANT)
def by_variable(wet):
    code = "when_wet"
    if not wet:
        code = "when_dry"
    raise DocumentError("…", code=code)
def by_caller(code):
    return Problem(code=code, message="…")
def caller():
    return by_caller("by_caller"), by_caller(code="by_name")
"""
    assert set(codes(_package(tmp_path, source))) == {
        "by_constant",
        "when_wet",
        "when_dry",
        "by_caller",
        "by_name",
    }


def test_a_code_that_cannot_be_told_is_an_error(tmp_path: Path) -> None:
    source = 'def refuse(words):\n    raise DocumentError("…", code="_".join(words))\n'
    with pytest.raises(UntraceableError, match=r"module\.py:2"):
        codes(_package(tmp_path, source))
