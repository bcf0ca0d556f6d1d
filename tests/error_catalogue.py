"""The error catalogue as data: its pages read, and the index that is made of them.

`python -m tests.error_catalogue` writes the index anew; the pages themselves are written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "errors"
INDEX = FOLDER / "README.md"

AREAS = (
    "Accounts, vendors and companies",
    "Dimensions",
    "Dates and currencies",
    "Amounts and tax",
    "The report itself",
    "Posted, changed, twice",
    "Drafts and posting in NAV",
    "NAV's set-up and services",
    "Reaching NAV",
    "Reading Expensify",
    "Settings, input and how a run ends",
    "The audit ledger and its console",
    "What a reconciliation finds",
    "Receipts and alerts",
    "Notes: decided without asking",
    "Skips: left out by a rule",
)
WHO = ("accountant", "data engineer", "NAV administrator", "nobody")
HAPPENS = (
    "The document is held: nothing is written in NAV, and every run tries it again.",
    "The document counts as failed: the next run looks it up in NAV and tries again by itself.",
    "The document counts as changed: nothing more is written in NAV until a person decides.",
    "The run stops. What is posted is recorded, and the next run goes on from there.",
    "The tap stops. Nothing incomplete is passed on, and the next run reads again from the last bookmark.",
    "It is noted in the audit ledger, and the document goes on.",
    "The document is not posted, and the pipeline moves past it.",
    "The command ends, and nothing is changed.",
    "The reconciliation lists it, and ends with an exit code other than 0.",
    "It is a warning in the log; nothing else is affected.",
    "It is part of an answer of `nav-audit explain`; nothing is changed.",
)
_SECTIONS = ("Example", "Cause", "How to fix it")
_FACTS = ("Said by", "What happens", "Who fixes it", "Area")
_PAGE = re.compile(
    r"# (?P<code>\S+)\n\n(?P<meaning>[^\n]+)\n\n"
    + "".join(
        rf"- \*\*{name}:\*\* (?P<fact{number}>[^\n]+)\n" for number, name in enumerate(_FACTS)
    )
    + "".join(
        rf"\n## {name}\n\n(?P<section{number}>[^#]+?)\n" for number, name in enumerate(_SECTIONS)
    )
    + r"\n\[All codes\]\(README\.md\)\n"
)


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        said_by: The plug-ins that show the code.
        happens: Of `HAPPENS`.
        who: Of `WHO`.
        example: A message as it is shown.
    """

    code: str
    meaning: str
    said_by: tuple[str, ...]
    happens: tuple[str, ...]
    who: tuple[str, ...]
    area: str
    example: str
    cause: str
    fix: str


def read_page(text: str) -> Page:
    """A page's content.

    Raises:
        ValueError: It is not written as the others are.
    """
    found = _PAGE.fullmatch(text)
    if found is None:
        raise ValueError("the page lacks a part, or has another order than the others")
    said_by, happens, who, area = (found[f"fact{number}"] for number in range(len(_FACTS)))
    example, cause, fix = (found[f"section{number}"] for number in range(len(_SECTIONS)))
    if not example.startswith("> "):
        raise ValueError("the example is not quoted")
    return Page(
        code=found["code"],
        meaning=found["meaning"],
        said_by=tuple(said_by.split(", ")),
        happens=tuple(part.strip() for part in happens.split(" Or: ")),
        who=tuple(who.split(", ")),
        area=area,
        example=example.removeprefix("> "),
        cause=cause,
        fix=fix,
    )


def page_text(page: Page) -> str:
    """A page as it is written."""
    return f"""# {page.code}

{page.meaning}

- **Said by:** {", ".join(page.said_by)}
- **What happens:** {" Or: ".join(page.happens)}
- **Who fixes it:** {", ".join(page.who)}
- **Area:** {page.area}

## Example

> {page.example}

## Cause

{page.cause}

## How to fix it

{page.fix}

[All codes](README.md)
"""


def pages() -> dict[str, Page]:
    """Every page by the name of its file.

    Raises:
        ValueError: One is not written as the others are.
    """
    found = {}
    for path in sorted(FOLDER.glob("*.md")):
        if path != INDEX:
            try:
                found[path.stem] = read_page(path.read_text("utf-8"))
            except ValueError as error:
                raise ValueError(f"{path.name}: {error}") from error
    return found


def index_text() -> str:
    """The index of all pages, by area."""
    return "\n".join(_index_lines(list(pages().values()))) + "\n"


def _index_lines(found: list[Page]) -> Iterator[str]:
    yield "# Error catalogue"
    yield ""
    yield (
        "Every reason, note and error has a stable code. It stands in square brackets at the end of a line of the log, "
        "in\nthe audit ledger and in what `nav-audit` shows. Each code has a page of its own in this folder, named "
        "after it: what it\nmeans, an example, its cause, how to fix it, and who does."
    )
    yield ""
    yield "Most of what holds a report is fixed in one of three places:"
    yield ""
    yield (
        "- in **Expensify**, by an accountant: a category, tag, custom field, or the report itself;\n"
        "- in **NAV**, by its administrator or an accountant: an account, vendor, dimension value, period or rate;\n"
        "- in the **rules file**, by an accountant or data engineer: a table that lacks an entry."
    )
    yield ""
    yield (
        "Then the pipeline is run again, or the schedule does it: what was held is read again with the rules and the "
        "NAV of that\nday. `nav-audit explain REPORT` tells a report's whole story; `nav-audit waive REPORT` closes "
        "one that is never to be\nposted."
    )
    yield ""
    yield (
        "Mistakes in a rules file have no codes: each is told with file, line and key, what is wrong and what to write "
        "instead\n(`transforms/rules/expensify-to-nav.yml:41 accounts.by_category: …`), all of them at once, before "
        "anything is read.\n`expense-rules check` finds them without a run."
    )
    for area in AREAS:
        yield ""
        yield f"## {area}"
        yield ""
        yield "| code | meaning | who fixes it |"
        yield "|---|---|---|"
        for page in found:
            if page.area == area:
                yield f"| [{page.code}]({page.code}.md) | {page.meaning} | {', '.join(page.who)} |"


if __name__ == "__main__":
    INDEX.write_text(index_text(), "utf-8")
