"""What a journal entry's lines tell, whatever the dialect: which one balances the others, and whether it was reversed.

A ledger entry does not say which line balanced the others. Therefore the balancing line's description begins with the
document's key, and it comes last. Pure.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.nav.port import DraftDocument, FoundLine

LONGEST_KEY = 20
"""Characters of a journal line's document number."""
_BATCH_NAME_LENGTH = 10
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def batch_name(key: str) -> str:
    """The name of a document's own journal batch: ten letters from the key's SHA-256.

    Letters only: NAV counts up a number in the name of a batch that it has emptied by posting.
    """
    rest = int.from_bytes(hashlib.sha256(key.encode()).digest(), "big")
    letters = []
    for _ in range(_BATCH_NAME_LENGTH):
        rest, letter = divmod(rest, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


def balancing_amount(draft: DraftDocument) -> Decimal:
    """What the balancing line has to carry; zero means that none is needed, as NAV would skip it."""
    return -sum((line.amount for line in draft.lines), Decimal(0))


def balancing_title(key: str, description: str) -> str:
    """The balancing line's description, by which it is found again."""
    return f"{_mark(key)} {description}".strip()


def split(lines: list[FoundLine], key: str) -> tuple[FoundLine | None, list[FoundLine]]:
    """The balancing line, told by its description, and the others."""
    if lines and lines[-1].description.upper().startswith(_mark(key)):
        return lines[-1], lines[:-1]
    return None, lines


def is_reversed(lines: Sequence[FoundLine]) -> bool:
    """The second half takes back the first: somebody reversed the posting, which reuses its document number."""
    half, odd = divmod(len(lines), 2)
    first, second = lines[:half], lines[half:]
    if odd or not half or sum((line.amount for line in first), Decimal(0)):
        return False

    def content(some: Sequence[FoundLine], sign: int) -> Counter[tuple[object, ...]]:
        return Counter(
            (line.account_number, sign * line.amount, tuple(sorted(line.dimensions.items())))
            for line in some
        )

    return content(first, 1) == content(second, -1)


def _mark(key: str) -> str:
    return f"{key}:"
