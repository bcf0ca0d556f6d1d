"""The WSDL of a page service, made from the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.pages.model import option_name
from expense_sandbox.nav.soap import names
from expense_sandbox.nav.soap.values import SCHEMA_TYPES
from expense_sandbox.nav.soap.wsdl import Element, Operation, complex_type, document
from expense_sandbox.nav.soap.xml import joined, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from expense_sandbox.nav.pages.model import Control, Page
    from expense_sandbox.nav.pages.quirks import PageQuirks
    from expense_sandbox.nav.services import Service

MANY: Final = "unbounded"


def page_wsdl(service: Service, page: Page, quirks: PageQuirks, location: str) -> str:
    """The WSDL of a page published as a service."""
    writer = _Writer(service, page, quirks)
    return document(
        names.page_namespace(service),
        types=joined(writer.types()),
        operations=list(writer.operations()),
        service_name=f"{service.name}_Service",
        binding_name=f"{service.name}_Binding",
        port_name=f"{service.name}_Port",
        location=location,
    )


def operation_names(page: Page) -> tuple[str, ...]:
    """Operations the page allows."""
    read = ("Read", "ReadByRecId", "ReadMultiple", "IsUpdated", "GetRecIdFromKey")
    if page.writes is None:
        return read
    write = ["Create", "CreateMultiple", "Update", "UpdateMultiple"]
    if page.writes.delete is not None:
        write.append("Delete")
    parts = [
        f"Delete_{part.name}"
        for part in page.parts
        if part.page.writes is not None and part.page.writes.delete is not None
    ]
    return (*read, *write, *parts)


class _Writer:
    """Writes one page's types and operations."""

    def __init__(self, service: Service, page: Page, quirks: PageQuirks) -> None:
        self._name = service.name
        self._page = page
        self._quirks = quirks

    def types(self) -> Iterator[str]:
        """Every named type: options, the row, its list, its fields, its filter."""
        yield from self._option_types()
        for part in self._page.parts:
            line_type = part.page.line_type
            yield complex_type(line_type, self._row_elements(part.page))
            yield complex_type(
                names.line_list(part), [Element(line_type, f"tns:{line_type}", 1, MANY)]
            )
        parts = [Element(part.name, f"tns:{names.line_list(part)}", 0) for part in self._page.parts]
        yield complex_type(self._name, [*self._row_elements(self._page), *parts])
        row = Element(self._name, f"tns:{self._name}", 1, MANY)
        yield complex_type(f"{self._name}_List", [row])
        yield _enumeration(f"{self._name}_Fields", names.controls_on_page(self._page, self._quirks))
        yield complex_type(
            f"{self._name}_Filter",
            [Element("Field", f"tns:{self._name}_Fields"), Element("Criteria", "xsd:string")],
        )

    def _option_types(self) -> Iterator[str]:
        pages = [self._page, *(part.page for part in self._page.parts)]
        written = set()
        for page in pages:
            for name, control in names.controls_on_page(page, self._quirks).items():
                if control.kind is Kind.OPTION and name not in written:
                    written.add(name)
                    options = dict.fromkeys(option_name(option) for option in control.options)
                    yield _enumeration(name, options)

    def _row_elements(self, page: Page) -> list[Element]:
        controls = names.controls_on_page(page, self._quirks)
        shown = [Element(name, _type_of(name, control), 0) for name, control in controls.items()]
        return [Element("Key", "xsd:string", 0), *shown]

    def operations(self) -> Iterator[Operation]:
        """Every operation with what it takes and gives."""
        for name in operation_names(self._page):
            taken, given = self._shape(name)
            yield Operation(name, taken, given)

    def _variables(self) -> list[Element]:
        return [
            Element(control.wire_name(self._quirks), _type_of("", control))
            for control in self._page.variables
        ]

    def _shape(self, name: str) -> tuple[list[Element], list[Element]]:
        """What an operation takes and gives."""
        row = Element(self._name, f"tns:{self._name}")
        found = [Element(self._name, f"tns:{self._name}", 0)]
        rows = Element(f"{self._name}_List", f"tns:{self._name}_List")
        listed = [Element("ReadMultiple_Result", rows.type, 0)]
        key = Element("Key", "xsd:string")
        read_multiple = [
            Element("filter", f"tns:{self._name}_Filter", 1, MANY),
            Element("bookmarkKey", "xsd:string", 0),
            Element("setSize", "xsd:int"),
        ]
        by_key = [
            Element(key_name, _key_type(control))
            for key_name, control in names.key_parameters(self._page, self._quirks).items()
        ]
        variables = self._variables()
        shapes = {
            "Read": ([*variables, *by_key], found),
            "ReadByRecId": ([*variables, Element("recId", "xsd:string")], found),
            "ReadMultiple": ([*variables, *read_multiple], listed),
            "Create": ([*variables, row], [row]),
            "Update": ([*variables, row], [row]),
            "CreateMultiple": ([*variables, rows], [rows]),
            "UpdateMultiple": ([*variables, rows], [rows]),
            "Delete": ([*variables, key], [Element("Delete_Result", "xsd:boolean")]),
            "GetRecIdFromKey": ([key], [Element("GetRecIdFromKey_Result", "xsd:string")]),
            "IsUpdated": ([key], [Element("IsUpdated_Result", "xsd:boolean")]),
        }
        if name in shapes:
            return shapes[name]
        part_key = Element(f"{name.removeprefix('Delete_')}_Key", "xsd:string")
        return [part_key], [Element(f"{name}_Result", "xsd:boolean")]


def _type_of(name: str, control: Control) -> str:
    return f"tns:{name}" if control.kind is Kind.OPTION else SCHEMA_TYPES[control.kind]


def _key_type(control: Control) -> str:
    # An option in a primary key is a filter here, and so text.
    return "xsd:string" if control.kind is Kind.OPTION else SCHEMA_TYPES[control.kind]


def _enumeration(name: str, values: Iterable[str]) -> str:
    members = joined(tag("xsd:enumeration", value=value) for value in values)
    return tag("xsd:simpleType", tag("xsd:restriction", members, base="xsd:string"), name=name)
