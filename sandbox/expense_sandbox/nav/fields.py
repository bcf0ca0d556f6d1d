"""Short forms for writing entity types down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.edm import Access, Kind, Property

if TYPE_CHECKING:
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import Read


def _access(write: bool) -> Access:  # noqa: FBT001 - one bit, one place
    return Access.ALWAYS if write else Access.READ_ONLY


def guid(
    name: str, *, write: bool = False, attribute: str = "", read: Read | None = None
) -> Property:
    """An `Edm.Guid`."""
    return Property(name, Kind.GUID, 0, _access(write), (), attribute, read)


def code(
    name: str,
    length: int,
    *,
    write: bool = False,
    attribute: str = "",
    read: Read | None = None,
) -> Property:
    """Text that is upper-cased and trimmed when written."""
    return Property(name, Kind.CODE, length, _access(write), (), attribute, read)


def text(
    name: str,
    length: int = 0,
    *,
    write: bool = False,
    attribute: str = "",
    read: Read | None = None,
) -> Property:
    """Text."""
    return Property(name, Kind.TEXT, length, _access(write), (), attribute, read)


def loose(name: str, length: int, *, kind: Kind = Kind.TEXT) -> Property:
    """Text nothing here depends on: kept in the record's `texts` as it was written."""

    def read(_company: Company, record: Any) -> str:  # noqa: ANN401 - any row with texts
        return str(record.texts.get(name, ""))

    return Property(name, kind, length, Access.ALWAYS, (), f"texts.{name}", read)


def constant(name: str, kind: Kind, value: object) -> Property:
    """A read-only property that says the same for every record."""
    return Property(name, kind, read=lambda _company, _record: value)


def enum(
    name: str,
    members: tuple[str, ...],
    *,
    write: bool = False,
    attribute: str = "",
    read: Read | None = None,
) -> Property:
    """An enum; its members are the captions, "" for the blank one."""
    return Property(name, Kind.ENUM, 0, _access(write), members, attribute, read)


def day(
    name: str, *, write: bool = False, attribute: str = "", read: Read | None = None
) -> Property:
    """An `Edm.Date`."""
    return Property(name, Kind.DATE, 0, _access(write), (), attribute, read)


def number(
    name: str, *, write: bool = False, attribute: str = "", read: Read | None = None
) -> Property:
    """An `Edm.Decimal`."""
    return Property(name, Kind.DECIMAL, 0, _access(write), (), attribute, read)


def whole(
    name: str, *, write: bool = False, attribute: str = "", read: Read | None = None
) -> Property:
    """An `Edm.Int32`."""
    return Property(name, Kind.INTEGER, 0, _access(write), (), attribute, read)


def flag(
    name: str, *, write: bool = False, attribute: str = "", read: Read | None = None
) -> Property:
    """An `Edm.Boolean`."""
    return Property(name, Kind.BOOLEAN, 0, _access(write), (), attribute, read)


ID = guid("id")
MODIFIED = Property("lastModifiedDateTime", Kind.DATETIME, attribute="modified_at")
