"""Entity types: what their properties are, how they are read from JSON and written to it."""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.store import Record

    Read = Callable[[Company, Any], Any]
    Column = tuple[str, Read, Callable[[Any], Any] | None]

NO_ID = "00000000-0000-0000-0000-000000000000"
NO_DATE = "0001-01-01"


class Kind(Enum):
    """NAV's field types, as far as they make a difference on the wire."""

    GUID = "Guid"
    CODE = "Code"
    TEXT = "Text"
    OPTION = "Option"
    ENUM = "Enum"
    DATE = "Date"
    DATETIME = "DateTime"
    DECIMAL = "Decimal"
    INTEGER = "Integer"
    BOOLEAN = "Boolean"


class Access(Enum):
    """Who may write a property."""

    READ_ONLY = "read only"
    ALWAYS = "always"


def snake(name: str) -> str:
    """`postingDate` to `posting_date`, `shipToAddressLine1` to `ship_to_address_line1`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True)
class Property:
    """One property of an entity type.

    Attributes:
        name: Its name on the wire.
        kind: Its type.
        length: Longest text allowed; 0 is any.
        access: Who may write it.
        members: The captions of an enum or option.
        attribute: The record's attribute it shows, and the name its values are written under.
        read: How its value is found when no attribute holds it.
        key: The attribute's name.
    """

    name: str
    kind: Kind = Kind.TEXT
    length: int = 0
    access: Access = Access.READ_ONLY
    members: tuple[str, ...] = ()
    attribute: str = ""
    read: Read | None = None
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.attribute or snake(self.name))

    def value_of(self, company: Company, record: Record) -> Any:  # noqa: ANN401 - any kind
        """The record's value, as Python has it."""
        if self.read is not None:
            return self.read(company, record)
        return getattr(record, self.key)


def _attribute(key: str) -> Read:
    get = attrgetter(key)
    return lambda _company, record: get(record)


@dataclass(frozen=True)
class Navigation:
    """A navigation property to many entities of another type."""

    name: str
    entity_set: str


@dataclass(frozen=True)
class EntityType:
    """A type with its properties in page order.

    Attributes:
        name: Singular, without namespace.
        entity_set: The set its entities live in.
        properties: In page order.
        navigations: Parts, in page order.
        has_etag: Whether entities carry `@odata.etag`.
        media: Name of the stream entities have beside their properties; "" for none.
    """

    name: str
    entity_set: str
    properties: tuple[Property, ...]
    navigations: tuple[Navigation, ...] = ()
    has_etag: bool = True
    media: str = ""
    by_name: dict[str, Property] = field(init=False, repr=False, compare=False)
    navigation_by_name: dict[str, Navigation] = field(init=False, repr=False, compare=False)
    _columns: dict[tuple[tuple[str, ...], bool], tuple[Column, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {item.name: item for item in self.properties})
        object.__setattr__(
            self, "navigation_by_name", {item.name: item for item in self.navigations}
        )

    @property
    def full_name(self) -> str:
        """Name with namespace."""
        return f"Microsoft.NAV.{self.name}"

    def columns(self, select: tuple[str, ...], *, decimals_as_text: bool) -> tuple[Column, ...]:
        """How to write the selected properties, all of them when none is named."""
        key = (select, decimals_as_text)
        if key not in self._columns:
            convert = _AS_TEXT if decimals_as_text else _TO_WIRE
            self._columns[key] = tuple(
                (item.name, item.read or _attribute(item.key), convert.get(item.kind))
                for item in self.properties
                if not select or item.name in select
            )
        return self._columns[key]


@lru_cache(maxsize=1024)
def encoded(member: str) -> str:
    """An enum caption as a member name: `G/L Account` is `G_x002F_L_x0020_Account`."""
    if member == "":
        member = " "
    return re.sub(r"[^A-Za-z0-9_]", lambda match: f"_x{ord(match[0]):04X}_", member)


def decoded(name: str) -> str:
    """The caption an encoded member name stands for; plain captions come back as they are."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), name)


def etag_of(record: Record) -> str:
    """The weak etag of a row."""
    content = f"'20;{record.version:020d}1;00;'"
    return f'W/"{base64.b64encode(content.encode()).decode()}"'


def moment(value: datetime) -> str:
    """A UTC time as OData writes it."""
    text = value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    text = text.rjust(19, "0")  # the year 1 comes without its zeros on some platforms
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    return f"{text}{fraction}Z"


def _plain(value: Decimal | int) -> Decimal | int:
    if isinstance(value, int) or value == value.to_integral_value():
        return int(value)
    return value.normalize()


# Values as JSON shows them; blanks are never null. Kinds that are not named go as they are.
_TO_WIRE: dict[Kind, Callable[[Any], Any]] = {
    Kind.ENUM: encoded,
    Kind.GUID: lambda value: value or NO_ID,
    Kind.DATE: lambda value: NO_DATE if value is None else value.isoformat(),
    Kind.DATETIME: moment,
    Kind.DECIMAL: _plain,
}
_AS_TEXT = {**_TO_WIRE, Kind.DECIMAL: lambda value: format(Decimal(_plain(value)), "f")}


def from_wire(item: Property, value: Any, *, decimals_as_text: bool = False) -> Any:  # noqa: ANN401
    """A value sent by a client, as Python has it; null is the type's blank.

    Raises:
        NavError: When the value does not fit the property.
    """
    if value is None:
        return blank(item)
    if item.kind in _TEXTS:
        return _text(item, value)
    if item.kind is Kind.ENUM:
        return member_of(item, value)
    if item.kind is Kind.DECIMAL and decimals_as_text and isinstance(value, str):
        value = Decimal(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else value
    if item.kind in _FROM_JSON:
        # `bool` is an `int` to Python, not to OData.
        if type(value) not in _FROM_JSON[item.kind]:
            raise mismatch(item, value)
        return Decimal(value) if item.kind is Kind.DECIMAL else value
    return _from_text(item, value)


_TEXTS = (Kind.TEXT, Kind.CODE, Kind.OPTION)
_FROM_JSON: dict[Kind, tuple[type, ...]] = {
    Kind.BOOLEAN: (bool,),
    Kind.INTEGER: (int,),
    Kind.DECIMAL: (int, Decimal),
}


def blank(item: Property) -> Any:  # noqa: ANN401 - any kind
    """The blank value of a property's type."""
    if item.kind is Kind.ENUM:
        return "" if "" in item.members else item.members[0]
    blanks: dict[Kind, Any] = {
        Kind.GUID: NO_ID,
        Kind.DECIMAL: Decimal(0),
        Kind.INTEGER: 0,
        Kind.BOOLEAN: False,
        Kind.DATE: None,
        Kind.DATETIME: None,
    }
    return blanks.get(item.kind, "")


def mismatch(item: Property, value: object) -> NavError:
    """The refusal of a value of another type."""
    return NavError(
        "BadRequest",
        f"Unable to convert value to {item.kind.value}. Property: {item.name}, value: {value}",
    )


def _text(item: Property, value: object) -> str:
    if not isinstance(value, str):
        raise mismatch(item, value)
    text = value.strip().upper() if item.kind is Kind.CODE else value
    if item.length and len(text) > item.length:
        raise NavError(
            "Application_StringExceededLength",
            f"The length of the string is {len(text)}, but it must be less than or equal to "
            f"{item.length} characters. Value: {text}",
        )
    return text


def member_of(item: Property, value: object) -> str:
    """The caption of an enum member given plain or encoded.

    Raises:
        NavError: When the enum has no such member.
    """
    if not isinstance(value, str):
        raise mismatch(item, value)
    caption = decoded(value)
    caption = "" if caption == " " else caption
    for member in item.members:
        if member.lower() == caption.lower():
            return member
    options = ",".join(member or " " for member in item.members)
    raise NavError("Unknown", f"'{value}' is not an option. The existing options are: {options}")


def _from_text(item: Property, value: object) -> Any:  # noqa: ANN401 - any kind
    if not isinstance(value, str):
        raise mismatch(item, value)
    try:
        if item.kind is Kind.DATE:
            return None if value == NO_DATE else date.fromisoformat(value)
        if item.kind is Kind.DATETIME:
            return datetime.fromisoformat(value.replace("Z", "+00:00"))
        if len(value) == len(NO_ID):
            return str(uuid.UUID(value))
    except ValueError as error:
        raise mismatch(item, value) from error
    raise mismatch(item, value)


def written(
    entity: EntityType, body: Mapping[str, Any], *, decimals_as_text: bool = False
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """What a client wants written.

    Returns:
        Values by attribute in the order sent, and the parts' bodies by navigation name in page
        order.

    Raises:
        NavError: When a property is unknown, read-only or of another type.
    """
    values: dict[str, Any] = {}
    parts: dict[str, list[Any]] = {}
    for name, value in body.items():
        if name.startswith("@odata.") or "@odata." in name:
            continue
        if name in entity.navigation_by_name and isinstance(value, list):
            parts[name] = value
            continue
        item = entity.by_name.get(name)
        if item is None:
            raise NavError(
                "BadRequest",
                f"The property '{name}' does not exist on type '{entity.full_name}'. Make sure to "
                "only use property names that are defined by the type.",
            )
        if item.access is Access.READ_ONLY:
            raise NavError("BadRequest", f"Control '{name}' is read-only.")
        values[item.key] = from_wire(item, value, decimals_as_text=decimals_as_text)
    order = [navigation.name for navigation in entity.navigations]
    return values, {name: parts[name] for name in order if name in parts}
