"""nav-audit export: documents and their lines as CSV, XLSX or JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen
from target_dynamics_nav.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_dynamics_nav.ledger.overviews import Kept

FORMATS = ("csv", "xlsx", "json")


@click.command(
    "export",
    epilog=options.examples(
        "nav-audit export --month 2026-03 --output march.xlsx",
        "nav-audit export --waiting --format csv",
        "nav-audit export --lines --month 2026-03 --output lines.csv --delimiter ';'",
    ),
)
@options.filter_options
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; standard output unless given. An XLSX file needs one.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="As the ending of --output says, else csv.",
)
@click.option(
    "--lines",
    is_flag=True,
    help="CSV: one row a line, with accounts and dimensions, not a document.",
)
@click.option(
    "--delimiter",
    type=click.Choice([",", ";"]),
    default=",",
    show_default=True,
    help="CSV: what stands between columns; a semicolon where Excel expects one.",
)
@options.names_option
@options.ledger_option
def export_command(
    *,
    ledger_url: str,
    output: Path | None,
    form: str | None,
    lines: bool,
    delimiter: str,
    with_names: bool,
    **wanted: Any,  # noqa: ANN401 - the options of filter_options
) -> None:
    """Documents and their lines for a spreadsheet, or as JSON.

    XLSX has two sheets, Documents and Lines, with real numbers and dates; CSV has one of the two. JSON has everything,
    amounts as exact texts. Texts that a spreadsheet would take for a formula are made harmless. An existing file is
    replaced.
    """
    chosen = form or _format_of(output)
    if chosen == "xlsx" and output is None:
        raise click.UsageError("Name a file for XLSX with --output.")
    from target_dynamics_nav.audit.access import opened  # noqa: PLC0415 - slow to load
    from target_dynamics_nav.ledger import overviews  # noqa: PLC0415 - as above

    with opened(ledger_url) as ledger:
        kept = list(overviews.kept(ledger, options.filter_of(**wanted)))
    try:
        if chosen == "xlsx" and output is not None:
            _write_xlsx(kept, output, with_names=with_names)
        elif chosen == "json":
            _write_json(kept, output, with_names=with_names)
        else:
            _write_csv(kept, output, delimiter, lines=lines, with_names=with_names)
    except OSError as error:
        if output is None:  # whoever reads standard output has gone
            raise
        raise ConfigurationError(
            f"The file {output} cannot be written: {error.strerror}.",
            code="file_unwritable",
            field="--output",
            hint="Name a file in a folder that exists and may be written to.",
        ) from error
    if output is not None:
        screen.line(f"{screen.counted(len(kept), 'document')} written to {output}.")


def _format_of(output: Path | None) -> str:
    ending = "" if output is None else output.suffix.lower().lstrip(".")
    return ending if ending in FORMATS else "csv"


def _write_xlsx(kept: Iterable[Kept], output: Path, *, with_names: bool) -> None:
    from target_dynamics_nav.audit.exports import columns, xlsx_file  # noqa: PLC0415 - slow to load

    tables = (
        columns.documents_table(kept, with_names=with_names),
        columns.lines_table(kept, with_names=with_names),
    )
    with output.open("wb") as file:
        xlsx_file.write_xlsx(tables, file)


def _write_csv(
    kept: Iterable[Kept], output: Path | None, delimiter: str, *, lines: bool, with_names: bool
) -> None:
    from target_dynamics_nav.audit.exports import columns, csv_file  # noqa: PLC0415 - slow to load

    make = columns.lines_table if lines else columns.documents_table
    table = make(kept, with_names=with_names)
    if output is None:
        csv_file.write_csv(table, sys.stdout, delimiter=delimiter)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        csv_file.write_csv(table, file, delimiter=delimiter)


def _write_json(kept: Iterable[Kept], output: Path | None, *, with_names: bool) -> None:
    from target_dynamics_nav.audit.views import (  # noqa: PLC0415 - slow to load
        document_view,
        nav_document_view,
        version_view,
    )

    view = [
        {
            **document_view(item.document, with_names=with_names),
            "read": item.current and version_view(item.current, with_names=with_names),
            "posted": item.posted and version_view(item.posted, with_names=with_names),
            "nav_documents": [nav_document_view(row) for row in item.in_nav],
        }
        for item in kept
    ]
    if output is None:
        screen.print_json(view)
    else:
        output.write_text(screen.as_json(view) + "\n", encoding="utf-8")
