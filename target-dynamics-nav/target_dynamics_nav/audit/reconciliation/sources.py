"""Reads the three sides of a reconciliation: the feed, the ledger, NAV's books."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from target_dynamics_nav.audit.reconciliation.matching import Matching, Sides
from target_dynamics_nav.audit.reconciliation.sides import Recorded, recorded
from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.ledger import overviews
from target_dynamics_nav.ledger.queries import Filter

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.audit.reconciliation.findings import Reconciliation
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.ledger import Ledger
    from target_dynamics_nav.nav.entries import EntriesReader, PeriodBooks
    from target_dynamics_nav.nav.port import Company


def reconcile(
    ledger: Ledger,
    reader: EntriesReader,
    *,
    nav: str,
    first: str,
    last: str,
    company: str | None,
    default_company: str,
    feed: Mapping[str, Document] | None,
    ours: re.Pattern[str] | None = None,
) -> Reconciliation:
    """Compare the sides for a period.

    Args:
        ledger: The ledger.
        reader: Reads NAV's books.
        nav: The NAV as the ledger names it: its address.
        first: First posting date, ISO 8601.
        last: Last posting date, ISO 8601.
        company: Only this company, by name or id; else every one that the ledger or the feed knows.
        default_company: Company of documents that name none.
        feed: Documents as Expensify's reports are mapped now, by key; None to leave Expensify out.
        ours: Which external numbers in NAV are the pipeline's, where nothing else tells.

    Raises:
        ConfigurationError: NAV has no such company, or none was named and none is known.
        OutageError: A side could not be read whole.
    """
    companies = reader.companies()
    in_period = [
        recorded(kept)
        for kept in overviews.kept(ledger, Filter(since=first, until=last))
        if kept.document["ledger_id"].startswith(f"{nav}#")
    ]
    wanted = _wanted(companies, company, default_company, in_period, feed)
    books = [
        reader.entries(one, date.fromisoformat(first), date.fromisoformat(last)) for one in wanted
    ]
    known = {(item.company_id, item.key): item for item in in_period}
    for item in _mentioned(ledger, nav, books, feed):
        known.setdefault((item.company_id, item.key), item)
    sides = Sides(
        first=first,
        last=last,
        recorded=[
            # Also those of companies whose books are not read: one of theirs may be in these by mistake.
            item
            for _, item in sorted(known.items())
            if item.company_id or not company
        ],
        books=books,
        companies=companies,
        feed=feed,
        default_company=default_company,
        ours=ours,
    )
    return Matching(sides, reader.find_posted).reconcile()


def _wanted(
    companies: Sequence[Company],
    company: str | None,
    default_company: str,
    in_period: Sequence[Recorded],
    feed: Mapping[str, Document] | None,
) -> list[Company]:
    """The companies whose books are read."""
    if company is not None:
        names = {company}
    else:
        names = {item.company_id for item in in_period if item.company_id}
        names |= {document.company or default_company for document in (feed or {}).values()}
        names |= {default_company}
    found = [one for one in companies if {one.id, one.name} & names]
    if not found:
        raise ConfigurationError(
            f"NAV has no company {company or default_company}.",
            code="company_unknown",
            field="company",
            value=company or default_company,
            hint=f"It has: {', '.join(sorted(one.name for one in companies)) or 'none that we may see'}.",
        )
    return found


def _mentioned(
    ledger: Ledger, nav: str, books: Sequence[PeriodBooks], feed: Mapping[str, Document] | None
) -> list[Recorded]:
    """What the ledger has of every key that NAV or the feed mentions."""
    keys = {document.key for one in books for document in one.documents} | set(feed or ())
    return [
        recorded(kept)
        for kept in overviews.kept_by_keys(ledger, nav, sorted(key for key in keys if key))
    ]
