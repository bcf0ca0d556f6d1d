"""Pages as customers copy them: without dynamic properties, with a function that posts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from expense_sandbox.nav import posting
from expense_sandbox.nav.pages import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.model import Page

    Action = Callable[[Books, Company, Any], None]

EXPENSE_INVOICE: Final = 50051
EXPENSE_CREDIT_MEMO: Final = 50052
_COPIES: Mapping[int, tuple[int, str]] = {
    EXPENSE_INVOICE: (51, "Expense Purchase Invoice"),
    EXPENSE_CREDIT_MEMO: (52, "Expense Purchase Credit Memo"),
}

PAGES: Final[Mapping[int, Page]] = {
    **catalogue.PAGES,
    **{
        object_id: replace(catalogue.PAGES[original], object_id=object_id, name=name)
        for object_id, (original, name) in _COPIES.items()
    },
}
"""Every page there is to publish, by its number."""

ACTIONS: Final[Mapping[int, Mapping[str, Action]]] = {
    EXPENSE_INVOICE: {"Post": posting.post},
    EXPENSE_CREDIT_MEMO: {"Post": posting.post},
}
"""Functions of pages that are bound actions, by the page's number."""
