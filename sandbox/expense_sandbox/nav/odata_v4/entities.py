"""Pages as OData entity types: what a service's entities look like, and how keys lead to rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.edm import Access, EntityType, Kind, Navigation, Property, from_wire
from expense_sandbox.nav.entity_sets import EntitySet
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.odata_v4 import captions
from expense_sandbox.nav.odata_v4.addresses import Key, malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import Read
    from expense_sandbox.nav.pages.model import Control, Page, Part
    from expense_sandbox.nav.quirks import NavQuirks
    from expense_sandbox.nav.services import Service
    from expense_sandbox.nav.store import Record


class PageType(EntityType):
    """An entity type of the schema `NAV`."""

    @property
    def full_name(self) -> str:
        """Name with namespace."""
        return f"NAV.{self.name}"


def set_name(service_name: str) -> str:
    """The entity set of a service: what an address can't hold is an underscore."""
    return re.sub(r"_+", "_", re.sub(r"""[ \\/'".():-]""", "_", service_name))


@dataclass(frozen=True)
class Published:
    """A page behind an entity set.

    Attributes:
        page: The page.
        entity_set: Its set, with rows, look-ups and type.
        controls: Its controls by name on the wire.
        around: For the set of a part: the set of the page around it.
        part: The part, for such a set.
    """

    page: Page
    entity_set: EntitySet
    controls: Mapping[str, Control]
    around: Published | None = None
    part: Part | None = None

    @property
    def name(self) -> str:
        """The entity set's name."""
        return self.entity_set.name


def publish(
    services: Iterable[Service], pages: Mapping[int, Page], quirks: NavQuirks
) -> dict[str, Published]:
    """Every entity set of the published pages, those of their parts among them, by name."""
    sets: dict[str, Published] = {}
    for service in services:
        page = pages.get(service.object_id)
        if service.kind != "Page" or page is None:
            continue
        name = set_name(service.name)
        around = _published(name, page, quirks)
        sets[name] = around
        for part in page.parts:
            part_name = f"{name}{part.name}"
            sets[part_name] = _published(part_name, part.page, quirks, around, part)
    return sets


def _published(
    name: str,
    page: Page,
    quirks: NavQuirks,
    around: Published | None = None,
    part: Part | None = None,
) -> Published:
    controls = page.by_wire_name(quirks.pages)
    by_page = quirks.odata_v4.journal_selection == "page"
    entity_type = PageType(
        name,
        name,
        tuple(_property(wire, control, quirks) for wire, control in controls.items()),
        tuple(Navigation(f"{name}{part.name}", f"{name}{part.name}") for part in page.parts),
    )

    def rows(company: Company, parent: Record | None) -> list[Record]:
        if parent is not None and part is not None:
            return list(part.rows(company, parent))
        if by_page and page.parent_of is not None and page.rows_below is not None:
            return list(page.rows_below(company, page.parent_of(company, {})))
        return list(page.rows(company))

    look_ups = {
        page.control(known).wire_name(quirks.pages): look
        for known, look in page.look_ups.items()
        if not (by_page and page.parent_of is not None)
    }
    return Published(page, EntitySet(entity_type, rows, look_ups=look_ups), controls, around, part)


def _property(wire: str, control: Control, quirks: NavQuirks) -> Property:
    access = Access.ALWAYS if control.editable else Access.READ_ONLY
    length = control.longest(quirks.pages)
    return Property(wire, control.kind, length, access, (), wire, _read(control, quirks))


def _read(control: Control, quirks: NavQuirks) -> Read:
    if control.kind is not Kind.OPTION:
        return control.value
    language = quirks.odata_v4.language
    return lambda company, row: captions.shown(control.value(company, row), language)


def key_literal(value: object) -> str:
    """A key field's value as an address has it."""
    if isinstance(value, str):
        doubled = value.replace("'", "''")
        return f"'{doubled}'"
    return str(value)


def key_of(published: Published, company: Company, row: Record, quirks: NavQuirks) -> list[str]:
    """The literals of a row's key, in order."""
    page = published.page
    properties = published.entity_set.type.by_name
    return [
        key_literal(properties[page.control(name).wire_name(quirks.pages)].value_of(company, row))
        for name in page.key
    ]


def key_values(published: Published, key: Key, quirks: NavQuirks) -> tuple[Any, ...]:
    """What a key predicate names, in the order of the page's key, as the page's rows have it.

    Raises:
        NavError: When it is not the page's key.
    """
    page = published.page
    names = [page.control(name).wire_name(quirks.pages) for name in page.key]
    if len(key.values) != len(names) or not set(key.names) <= {"", *names}:
        raise malformed()
    if "" in key.names and any(key.names):
        raise malformed()
    given = dict(zip(key.names if any(key.names) else names, key.values, strict=True))
    if len(given) != len(names):
        raise malformed()
    return tuple(_key_value(published.controls[name], given[name], quirks) for name in names)


def _key_value(control: Control, literal: str, quirks: NavQuirks) -> Any:  # noqa: ANN401
    if control.kind is Kind.OPTION:
        try:
            return captions.meant(control, literal, quirks.odata_v4.language)
        except NavError:
            return None  # no row has such an option
    if control.kind is Kind.CODE:
        return literal.strip().upper()
    item = Property(control.name, control.kind)
    if control.kind is Kind.INTEGER:
        if not re.fullmatch(r"-?\d+", literal):
            raise malformed()
        return int(literal)
    return from_wire(item, literal)


def find(
    published: Published, company: Company, values: tuple[Any, ...], parent: Record | None
) -> Record | None:
    """The row with this key, below a parent if there is one."""
    page = published.page
    candidates: Iterable[Any] = ()
    if parent is not None:
        candidates = published.entity_set.rows(company, parent)
    elif published.around is not None and published.part is not None:
        # A part's key begins with the key of the page around it.
        around = find(published.around, company, values[: len(published.around.page.key)], None)
        candidates = () if around is None else published.part.rows(company, around)
    else:
        wanted = dict(zip(page.key, values, strict=True))
        by_index = next((name for name in wanted if name in page.look_ups), None)
        candidates = (
            page.look_ups[by_index](company, wanted[by_index])
            if by_index is not None
            else page.rows(company)
        )
    return next((row for row in candidates if page.key_values(company, row) == values), None)
