"""What a page is to a web service: its controls in order, its rows, and who may write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.edm import Kind, snake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.quirks import PageQuirks

    Read = Callable[[Company, Any], Any]
    Rows = Callable[[Company], Iterable[Any]]
    Look = Callable[[Company, Any], Iterable[Any]]

SHORTCUT = re.compile(r"ShortcutDimCode\[(\d)\]")


def external_name(name: str) -> str:
    """A control's name on the wire: `Buy-from Vendor No.` is `Buy_from_Vendor_No`."""
    name = re.sub(r"[.()<>]", "", name.replace("%", "Percent"))
    name = re.sub(r'[ ,:;?&"/-]', "_", name).replace("'", "_x0027_")
    return name.replace("[", "_x005B_").replace("]", "_x005D_")


def option_name(caption: str) -> str:
    """An option as SOAP names it, in any language: `G/L Account` is `G_L_Account`."""
    if not caption.strip():
        return "_blank_"
    words = re.sub(r"[^0-9A-Za-z']+", "_", caption).strip("_")
    return words.replace("'", "_x0027_")


@dataclass(frozen=True)
class Control:
    """One control of a page, bound to a field of its table or to a variable.

    Attributes:
        name: Its name in NAV, e.g. `Buy-from Vendor No.`.
        kind: Its type.
        length: Longest text allowed; 0 is any.
        options: Captions of an option in English; "" is the blank one.
        editable: Whether the page lets it be written.
        attribute: The record's attribute it shows.
        read: How its value is found when no attribute holds it.
        on_page: False for a primary key field without a control: OData has it, SOAP doesn't.
        only_if: The switch of `PageQuirks` that must be on for the page to have it; "" for always.
    """

    name: str
    kind: Kind = Kind.TEXT
    length: int = 0
    options: tuple[str, ...] = ()
    editable: bool = False
    attribute: str = ""
    read: Read | None = None
    on_page: bool = True
    only_if: str = ""

    def wire_name(self, quirks: PageQuirks) -> str:
        """Its name in addresses and messages, as this server spells shortcut dimensions."""
        shortcut = SHORTCUT.fullmatch(self.name)
        if shortcut is not None and quirks.shortcut_dimension_names == "numbered":
            return f"ShortcutDimCode{shortcut[1]}"
        return external_name(self.name)

    def longest(self, quirks: PageQuirks) -> int:
        """Longest text allowed in this version; 0 is any."""
        return quirks.description_length if self.name == "Description" else self.length

    def value(self, company: Company, row: Any) -> Any:  # noqa: ANN401 - any row, any value
        """What it shows of a row; None is an empty date, "" any other emptiness."""
        if self.read is not None:
            return self.read(company, row)
        return getattr(row, self.attribute or snake(external_name(self.name)))


@dataclass(frozen=True)
class Writes:
    """What the page lets a client do to its rows, and what happens then.

    All of them work on rows that are not in the table yet, or no longer as they are there: only
    `insert`, `change` and `delete` write.

    Attributes:
        start: A new row below a parent (None for pages that are no part), with its defaults.
        validate: The row after one control got a value, with all that follows from it.
        insert: Puts a new row into its table.
        change: Puts a changed row in the place of the one before.
        delete: Takes a row out of its table; None when the page forbids it.
    """

    start: Callable[[Company, Any], Any]
    validate: Callable[[Company, Any, Control, Any], Any]
    insert: Callable[[Company, Any], Any]
    change: Callable[[Company, Any, Any], Any]
    delete: Callable[[Books, Company, Any], None] | None = None


@dataclass(frozen=True)
class Part:
    """A page within a page.

    Attributes:
        name: The part's name, e.g. `PurchLines`.
        page: The page shown there.
        rows: Its rows below a row of the page around it, in primary key order.
    """

    name: str
    page: Page
    rows: Callable[[Company, Any], Iterable[Any]]


@dataclass(frozen=True)
class Page:
    """One page object.

    Attributes:
        object_id: Its number.
        name: Its name, e.g. `Purch. Invoice Subform`.
        table: Name of its source table, as messages have it.
        controls: Its controls in order; key fields without a control come first.
        key: Names of the controls that make the primary key, in order.
        rows: Every row it shows, in primary key order.
        writes: How it writes; None for pages that only show.
        parts: Pages within it.
        look_ups: By control name: finds rows by an index when a filter names one value. Those
            that leave fewest rows come first.
        key_fixed: Key fields whose value the page itself decides, e.g. the document type.
        line_type: Name of its rows' type within a document's SOAP service.
        variables: Controls bound to no row but to a variable of the page: which of the rows SOAP
            sees depends on them.
        parent_of: What the values of those variables, by control name, choose: new rows are
            started below it.
        rows_below: The page's rows below that, in primary key order.
    """

    object_id: int
    name: str
    table: str
    controls: tuple[Control, ...]
    key: tuple[str, ...]
    rows: Rows
    writes: Writes | None = None
    parts: tuple[Part, ...] = ()
    look_ups: Mapping[str, Look] = field(default_factory=dict)
    key_fixed: Mapping[str, str] = field(default_factory=dict)
    line_type: str = ""
    variables: tuple[Control, ...] = ()
    parent_of: Callable[[Company, Mapping[str, str]], Any] | None = None
    rows_below: Callable[[Company, Any], Iterable[Any]] | None = None

    def control(self, name: str) -> Control:
        """The control of this NAV name.

        Raises:
            KeyError: When there is none.
        """
        return next(control for control in self.controls if control.name == name)

    def by_wire_name(self, quirks: PageQuirks) -> dict[str, Control]:
        """Its controls by their names on the wire, in order."""
        return {
            control.wire_name(quirks): control
            for control in self.controls
            if not control.only_if or getattr(quirks, control.only_if)
        }

    def key_values(self, company: Company, row: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any row
        """The row's primary key."""
        return tuple(self.control(name).value(company, row) for name in self.key)

    def identification(self, company: Company, row: Any, *, quoted: bool) -> str:  # noqa: ANN401
        """The primary key as messages spell it: `Document Type=Invoice, No.=1001`, or quoted."""
        pairs = zip(self.key, self.key_values(company, row), strict=True)
        if quoted:
            return ",".join(f"{name}='{value}'" for name, value in pairs)
        return ", ".join(f"{name}={value}" for name, value in pairs)
