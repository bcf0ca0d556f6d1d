"""Every page object there is, by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from expense_sandbox.nav.pages import journal_pages, master_pages, posted_pages, purchase_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.pages.model import Page

PAGES: Final[Mapping[int, Page]] = {
    page.object_id: page
    for page in (
        *master_pages.PAGES,
        *purchase_pages.PAGES,
        *posted_pages.PAGES,
        *journal_pages.PAGES,
    )
}
