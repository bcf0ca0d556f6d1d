"""The operations of a page service that read, and what those that write need as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.odata_v4 import captions
from expense_sandbox.nav.pages import filter_text
from expense_sandbox.nav.soap import names, values
from expense_sandbox.nav.soap.keys import key_of, read_key
from expense_sandbox.nav.soap.xml import joined, leaf, split_name, tag, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.model import Control, Page
    from expense_sandbox.nav.services import Service
    from expense_sandbox.nav.soap.quirks import SoapQuirks

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def unexpected(name: str) -> NavError:
    """The refusal of an element that has no place where it is."""
    return NavError("BadRequest", f"The Element <{name}> is unexpected.")


class PageReader:
    """One page, published, in one company.

    Args:
        books: Where its rows are.
        company: Whose rows.
        service: How it is published.
        page: What is published.
        quirks: How this server's SOAP behaves.
    """

    def __init__(
        self, books: Books, company: Company, service: Service, page: Page, quirks: SoapQuirks
    ) -> None:
        self._books = books
        self._company = company
        self._name = service.name
        self._namespace = names.page_namespace(service)
        self._page = page
        self._quirks = quirks
        self._pages = company.quirks.pages
        self._parent: Any = None

    def reading(self) -> dict[str, Callable[[dict[str, list[Element]]], str]]:
        """The operations by name: from their parameters to the content of their result."""
        return {
            "Read": self._read,
            "ReadByRecId": self._read_by_record_id,
            "ReadMultiple": self._read_multiple,
            "IsUpdated": self._is_updated,
            "GetRecIdFromKey": self._record_id_of_key,
        }

    def _children(self, element: Element) -> dict[str, list[Element]]:
        children: dict[str, list[Element]] = {}
        for child in element:
            namespace, name = split_name(child.tag)
            if namespace not in {"", self._namespace}:
                raise unexpected(name)
            if child.get(NIL) not in {"true", "1"}:
                children.setdefault(name, []).append(child)
        return children

    def _chosen(self, given: dict[str, list[Element]]) -> Any:  # noqa: ANN401 - any parent
        if self._page.parent_of is None:
            return None
        variables = {
            control.name: self._text(given, control.wire_name(self._pages))
            for control in self._page.variables
        }
        return self._page.parent_of(self._company, variables)

    def _text(self, given: Mapping[str, list[Element]], name: str) -> str:
        elements = given.get(name)
        return text_of(elements[0]) if elements else ""

    def _required(self, given: Mapping[str, list[Element]], name: str, operation: str) -> Element:
        elements = given.get(name)
        if not elements:
            raise NavError(
                "BadRequest",
                f"Parameter {name} in method {operation} in service {self._name} is null!",
            )
        return elements[0]

    # Reading

    def _rows(self) -> Sequence[Any]:
        if self._page.rows_below is not None:
            return list(self._page.rows_below(self._company, self._parent))
        return list(self._page.rows(self._company))

    def _row_with(self, key_values: Mapping[str, Any]) -> Any | None:  # noqa: ANN401 - any row
        """The row with these values of primary key fields, by control name."""
        rows: Sequence[Any] | None = None
        for name, value in key_values.items():
            look = self._page.look_ups.get(name)
            if look is not None and self._page.rows_below is None:
                rows = list(look(self._company, value))
                break
        controls = {name: self._page.control(name) for name in key_values}
        for row in self._rows() if rows is None else rows:
            if all(
                controls[name].value(self._company, row) == value
                for name, value in key_values.items()
            ):
                return row
        return None

    def _shown(self, row: Any | None) -> str:  # noqa: ANN401 - any row
        return "" if row is None else self.row_xml(row)

    def row_xml(self, row: Any) -> str:  # noqa: ANN401 - any row
        """A row with its parts."""
        parts = joined(
            tag(
                part.name,
                joined(
                    tag(part.page.line_type, self._controls_xml(part.page, line))
                    for line in part.rows(self._company, row)
                ),
            )
            for part in self._page.parts
        )
        return tag(self._name, self._controls_xml(self._page, row) + parts)

    def _controls_xml(self, page: Page, row: Any) -> str:  # noqa: ANN401 - any row
        shown = [leaf("Key", key_of(page, self._company, row))]
        for name, control in names.controls_on_page(page, self._pages).items():
            value = control.value(self._company, row)
            is_empty_text = value == "" and not control.options
            if is_empty_text and self._quirks.empty_texts == "omitted":
                continue
            shown.append(leaf(name, values.written(control.kind, value)))
        return joined(shown)

    def _read(self, given: dict[str, list[Element]]) -> str:
        wanted = {}
        for name, control in names.key_parameters(self._page, self._pages).items():
            text = text_of(self._required(given, name, "Read"))
            wanted[control.name] = self._criterion(control, text)
        for row in self._found(wanted):
            return self._shown(row)
        return ""

    def _read_by_record_id(self, given: dict[str, list[Element]]) -> str:
        text = text_of(self._required(given, "recId", "ReadByRecId"))
        row = next((row for row in self._rows() if self._record_id(row) == text), None)
        return self._shown(row)

    def _record_id(self, row: Any) -> str:  # noqa: ANN401 - any row
        values_shown = self._page.key_values(self._company, row)
        return f"{self._page.table}: {','.join(str(value) for value in values_shown)}"

    def _found(self, criteria: Mapping[str, filter_text.Criteria | None]) -> Sequence[Any]:
        """Rows that pass, in primary key order."""
        rows: Sequence[Any] | None = None
        # A page's look-ups are in the order of what they leave over.
        for name, look in self._page.look_ups.items():
            criterion = criteria.get(name)
            only = criterion.only if criterion is not None else None
            if only is not None and self._page.rows_below is None:
                rows = sorted(look(self._company, only), key=self._comparable)
                break
        controls = {name: self._page.control(name) for name in criteria}
        return [
            row
            for row in (self._rows() if rows is None else rows)
            if all(
                criterion is None or criterion.passes(controls[name].value(self._company, row))
                for name, criterion in criteria.items()
            )
        ]

    def _criteria(
        self, given: dict[str, list[Element]]
    ) -> list[tuple[str, filter_text.Criteria | None]]:
        controls = names.controls_on_page(self._page, self._pages)
        if not given.get("filter") and not self._quirks.filter_may_be_absent:
            self._required(given, "filter", "ReadMultiple")
        criteria = []
        for element in given.get("filter", ()):
            parts = self._children(element)
            name = self._text(parts, "Field").strip()
            if not name and not self._text(parts, "Criteria"):
                continue
            if name not in controls and self._quirks.unknown_filter_field == "ignored":
                continue
            if name not in controls:
                raise NavError("Unknown", f"'{name}' is not a field of the service {self._name}.")
            control = controls[name]
            text = self._text(parts, "Criteria")
            criteria.append((control.name, self._criterion(control, text)))
        return criteria

    def _criterion(self, control: Control, text: str) -> filter_text.Criteria | None:
        spoken = filter_text.Spoken(
            self._quirks.date_criteria,
            lambda caption: captions.shown(caption, self._quirks.language),
        )
        return filter_text.read(control, self._page.table, text, spoken)

    def _read_multiple(self, given: dict[str, list[Element]]) -> str:
        rows = list(self._rows_passing(self._criteria(given)))
        size = values.read_integer(self._text(given, "setSize"))
        bookmark = self._text(given, "bookmarkKey")
        if size < 0:
            rows.reverse()
        if bookmark:
            last = read_key(self._page, bookmark).values
            rows = [
                row
                for row in rows
                if (self._comparable(row) < last if size < 0 else self._comparable(row) > last)
            ]
        if size:
            rows = rows[: abs(size)]
        if size < 0:
            rows.reverse()
        return tag("ReadMultiple_Result", joined(map(self.row_xml, rows)))

    def _comparable(self, row: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any row
        return self._page.key_values(self._company, row)

    def _rows_passing(
        self, criteria: list[tuple[str, filter_text.Criteria | None]]
    ) -> Sequence[Any]:
        first: dict[str, filter_text.Criteria | None] = {}
        rest = []
        for name, criterion in criteria:
            if name in first:
                rest.append((name, criterion))
            else:
                first[name] = criterion
        return [
            row
            for row in self._found(first)
            if all(
                criterion is None
                or criterion.passes(self._page.control(name).value(self._company, row))
                for name, criterion in rest
            )
        ]

    # Keys

    def _row_of_key(self, page: Page, text: str, rows: Sequence[Any] | None = None) -> Any:  # noqa: ANN401
        """The row of a key, whatever its version.

        Raises:
            NavError: When the key is none, or the row is gone.
        """
        key = read_key(page, text)
        if rows is None:
            row = self._row_with(dict(zip(page.key, key.values, strict=True)))
        else:
            row = next(
                (row for row in rows if page.key_values(self._company, row) == key.values), None
            )
        if row is None:
            shown = ",".join(
                f"{name}='{value}'" for name, value in zip(page.key, key.values, strict=True)
            )
            raise NavError(
                "Internal_RecordNotFound",
                f"The {page.table} does not exist. Identification fields and values: {shown}",
            )
        return row

    def _fresh_row(self, page: Page, text: str, rows: Sequence[Any] | None = None) -> Any:  # noqa: ANN401
        """The row of a key that is not stale.

        Raises:
            NavError: When somebody wrote to the row since.
        """
        row = self._row_of_key(page, text, rows)
        if read_key(page, text).version != row.version:
            record = page.identification(self._company, row, quoted=False)
            raise NavError(
                "Request_EntityChanged", f'Other user has modified "{page.table}" "{record}".', 409
            )
        return row

    def _is_updated(self, given: dict[str, list[Element]]) -> str:
        text = text_of(self._required(given, "Key", "IsUpdated"))
        row = self._row_of_key(self._page, text)
        updated = read_key(self._page, text).version != row.version
        return leaf("IsUpdated_Result", "true" if updated else "false")

    def _record_id_of_key(self, given: dict[str, list[Element]]) -> str:
        text = text_of(self._required(given, "Key", "GetRecIdFromKey"))
        row = self._row_of_key(self._page, text)
        return leaf("GetRecIdFromKey_Result", self._record_id(row))
