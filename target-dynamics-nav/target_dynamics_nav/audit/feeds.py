"""Documents as a mapper wrote them, from a file or standard input: what Expensify's reports become today."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ContractError
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_dynamics_nav.document import Document

_STREAMS = frozenset(kind.value for kind in DocumentKind)
HOW = (
    "Write one with `meltano invoke tap-expensify | map-expensify-nav --config ENV`, or with any tap and mapper whose "
    "documents the target takes."
)


def read_feed(name: str) -> dict[str, Document]:
    """The documents in a file of Singer messages, by key; what came last of a key counts.

    Args:
        name: The file; `-` for standard input.

    Raises:
        ContractError: It cannot be read, is not what a mapper writes, or holds a record without a usable key.
    """
    if name == "-":
        return {document.key: document for document in _documents(sys.stdin)}
    try:
        with Path(name).open(encoding="utf-8") as lines:
            return {document.key: document for document in _documents(lines)}
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(
            f"The file {name} cannot be read.",
            code="documents_unreadable",
            field="--documents",
            hint=HOW,
        ) from error


def _documents(lines: Iterable[str]) -> Iterator[Document]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            message = json.loads(line, parse_float=Decimal)
        except ValueError as error:
            raise _wrong(number) from error
        if not isinstance(message, dict) or "type" not in message:
            raise _wrong(number)
        if message["type"] == "RECORD" and message.get("stream") in _STREAMS:
            yield read_document(DocumentKind(message["stream"]), message.get("record") or {})


def _wrong(number: int) -> ContractError:
    return ContractError(
        f"Line {number} of the documents is no Singer message.",
        code="documents_unreadable",
        field="--documents",
        hint=HOW,
    )
