"""What clients write to pages: bodies to values, values validated one control after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.edm import Kind, Property, from_wire, mismatch
from expense_sandbox.nav.errors import NavError, read_only
from expense_sandbox.nav.odata_v4 import captions, entities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.odata_v4.entities import Published
    from expense_sandbox.nav.pages.model import Control, Writes
    from expense_sandbox.nav.quirks import NavQuirks
    from expense_sandbox.nav.store import Record

    Values = list[tuple[Control, Any]]


def create(
    books: Books,
    company: Company,
    published: Published,
    parent: Record | None,
    body: Mapping[str, Any],
) -> Record:
    """One more row of a page.

    Args:
        books: Where a transaction is open.
        company: Whose row.
        published: The page.
        parent: The row around it, for a part addressed below it.
        body: As sent.

    Raises:
        NavError: As NAV refuses it.
    """
    quirks = books.quirks
    writes = _writes(published)
    values = _values(published, body, quirks, creating=True)
    page = published.page
    own_key = page.key
    if parent is None and page.parent_of is not None:
        parent = page.parent_of(company, _choice(published, values, quirks))
        own_key = page.key[-1:]
    elif published.around is not None:
        parent = parent or _parent(published, company, values)
        own_key = page.key[len(published.around.page.key) :]
    row: Record = writes.start(company, parent)
    for control, value in values:
        if control.name in page.key and control.name not in own_key:
            if page.parent_of is not None and quirks.odata_v4.journal_selection == "page":
                continue  # the page has chosen
            _require_same(published, company, row, control, value)
        elif control.name in page.key_fixed:
            if value != page.key_fixed[control.name]:
                raise read_only(control.wire_name(quirks.pages))
        else:
            row = writes.validate(company, row, control, value)
    inserted: Record = writes.insert(company, row)
    return inserted


def change(
    books: Books, company: Company, published: Published, row: Record, body: Mapping[str, Any]
) -> Record:
    """A row with other values.

    Raises:
        NavError: As NAV refuses them.
    """
    writes = _writes(published)
    changed = row
    for control, value in _values(published, body, books.quirks, creating=False):
        if control.name in published.page.key:
            _require_same(published, company, row, control, value)
        else:
            changed = writes.validate(company, changed, control, value)
    stored: Record = writes.change(company, row, changed)
    return stored


def _choice(published: Published, values: Values, quirks: NavQuirks) -> dict[str, str]:
    """What a client says about the rows' place: the key before its last field, or nothing."""
    if quirks.odata_v4.journal_selection == "page":
        return {}
    names = published.page.key[:-1]
    given = {control.name: str(value) for control, value in values}
    return {name: given.get(name, "") for name in names}


def _writes(published: Published) -> Writes:
    if published.page.writes is None:
        raise AssertionError("the face asks first whether the page can be written")
    return published.page.writes


def _parent(published: Published, company: Company, values: Values) -> Record:
    """The row around a new one, named by the beginning of its key.

    Raises:
        NavError: When the body does not say which, or there is none.
    """
    around = published.around
    if around is None:
        raise AssertionError("only parts have a page around them")
    given = {control.name: value for control, value in values}
    names = published.page.key[: len(around.page.key)]
    fixed = published.page.key_fixed
    key = tuple(given.get(name, fixed.get(name, "")) for name in names)
    parent = entities.find(around, company, key, None)
    if parent is None:
        pairs = zip(around.page.key, key, strict=True)
        identification = ",".join(f"{name}='{value}'" for name, value in pairs)
        raise NavError(
            "Internal_RecordNotFound",
            f"The {around.page.table} does not exist. Identification fields and values: "
            f"{identification}",
        )
    return parent


def _require_same(
    published: Published, company: Company, row: Record, control: Control, value: object
) -> None:
    if control.value(company, row) != value:
        raise read_only(next(n for n, known in published.controls.items() if known is control))


def _values(
    published: Published, body: Mapping[str, Any], quirks: NavQuirks, *, creating: bool
) -> Values:
    """Controls with the values they are to get, in the order in which NAV validates them.

    Raises:
        NavError: When a property is unknown, read-only or of another type.
    """
    if quirks.field_order == "page":
        order = list(published.controls)
        body = dict(
            sorted(
                body.items(),
                key=lambda item: order.index(item[0]) if item[0] in order else len(order),
            )
        )
    entity_type = published.entity_set.type
    values = []
    for name, value in body.items():
        if "@odata." in name:
            continue
        if name in entity_type.navigation_by_name:
            raise NavError(
                "BadRequest",
                f"The navigation property '{name}' cannot be written together with the entity "
                f"'{entity_type.name}': deep inserts and updates are not supported by OData web "
                "services.",
            )
        control = published.controls.get(name)
        if control is None:
            raise NavError(
                "BadRequest",
                f"The property '{name}' does not exist on type '{entity_type.full_name}'. Make "
                "sure to only use property names that are defined by the type.",
            )
        # Key fields may be given at creation, and repeated later, whether the page shows them
        # or not.
        if not control.editable and control.name not in published.page.key:
            raise read_only(name)
        values.append((control, _value(entity_type.by_name[name], control, value, quirks)))
    if creating:
        key = set(published.page.key)
        values.sort(key=lambda item: item[0].name not in key)
    return values


def _value(item: Property, control: Control, value: Any, quirks: NavQuirks) -> Any:  # noqa: ANN401
    if control.kind is Kind.OPTION and value is not None:
        if not isinstance(value, str):
            raise mismatch(item, value)
        return captions.meant(control, value, quirks.odata_v4.language)
    return from_wire(item, value)
