"""Entities as JSON: properties selected, parts expanded, pages cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.edm import etag_of
from expense_sandbox.nav.query import Query, next_link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.entity_sets import EntitySet
    from expense_sandbox.nav.store import Record


@dataclass(frozen=True)
class Renderer:
    """Writes entities of one API group.

    Attributes:
        sets: The group's entity sets by name.
        decimals_as_text: Whether the client asked for `IEEE754Compatible=true`.
        base_url: The group's absolute URL, for links to media.
    """

    sets: Mapping[str, EntitySet]
    decimals_as_text: bool = False
    base_url: str = ""

    def entity(
        self, company: Company, entity_set: EntitySet, record: Record, query: Query
    ) -> dict[str, Any]:
        """One entity, without its context."""
        result: dict[str, Any] = {}
        if entity_set.type.has_etag:
            result["@odata.etag"] = etag_of(record)
        columns = entity_set.type.columns(query.select, decimals_as_text=self.decimals_as_text)
        for name, read, convert in columns:
            value = read(company, record)
            result[name] = value if convert is None else convert(value)
        media = entity_set.type.media
        if media and (not query.select or media in query.select):
            place = f"companies({company.id})/{entity_set.name}({record.id})/{media}"
            result[f"{media}@odata.mediaEditLink"] = f"{self.base_url}/{place}"
            result[f"{media}@odata.mediaReadLink"] = f"{self.base_url}/{place}"
        for expand in query.expands:
            child = self.sets[expand.navigation.entity_set]
            rows = expand.query.sorted_rows(company, child.type, list(child.rows(company, record)))
            stop = None if expand.query.top is None else expand.query.skip + expand.query.top
            result[expand.navigation.name] = [
                self.entity(company, child, row, expand.query)
                for row in rows[expand.query.skip : stop]
            ]
        return result

    def page(
        self,
        company: Company,
        entity_set: EntitySet,
        rows: Sequence[Record],
        query: Query,
        *,
        url: str,
        page_size: int,
    ) -> dict[str, Any]:
        """A page of a collection, without its context; `url` is the collection's own."""
        passing = query.sorted_rows(company, entity_set.type, rows)
        wanted = len(passing) - query.skip if query.top is None else query.top
        here = passing[query.skip : query.skip + min(wanted, page_size)]
        result: dict[str, Any] = {}
        if query.count:
            result["@odata.count"] = len(passing)
        result["value"] = [self.entity(company, entity_set, row, query) for row in here]
        following = query.skip + len(here)
        if wanted > page_size and following < len(passing):
            remaining = None if query.top is None else query.top - len(here)
            result["@odata.nextLink"] = next_link(url, query, following, remaining)
        return result
