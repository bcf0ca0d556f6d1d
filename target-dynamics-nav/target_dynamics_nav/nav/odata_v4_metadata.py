"""`$metadata` of the OData V4 page services: which services there are, what fields they have, what can be called. Pure.

NAV's metadata is CSDL in XML: an entity type for each published page, an entity set of the service's name, and one for
each part of a page (its name is the service's followed by the part's). Published codeunits appear as unbound actions,
`<service>_<function>`; functions of a page object as actions bound to its entity type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from target_dynamics_nav.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DOCUMENT_TYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SHORTCUT = re.compile(r"ShortcutDimCode(?:_x005B_)?([3-8])(?:_x005D_)?")
_GLOBAL = {
    1: ("Shortcut_Dimension_1_Code", "Global_Dimension_1_Code"),
    2: ("Shortcut_Dimension_2_Code", "Global_Dimension_2_Code"),
}
_COLLECTION = re.compile(r"Collection\((.*)\)")


@dataclass(frozen=True)
class Page:
    """A published page, or a part of one, as an entity set.

    Attributes:
        entity_set: Name of the entity set; for a page, the service's name.
        type_name: Name of its entity type, without the namespace.
        fields: Longest text of each field by name; None where there is no limit.
        key: Names of the fields of its primary key, in order.
        parts: Entity sets of its parts by navigation property.
        actions: Names of the actions bound to it.
    """

    entity_set: str
    type_name: str
    fields: Mapping[str, int | None]
    key: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    actions: frozenset[str] = frozenset()

    def has(self, *names: str) -> bool:
        """Whether it has all these fields."""
        return all(name in self.fields for name in names)

    @property
    def dimension_fields(self) -> dict[int, str]:
        """Its fields for shortcut dimensions by position, 1 to 8, in either of NAV's spellings."""
        found = {
            position: name
            for position, names in _GLOBAL.items()
            for name in reversed(names)
            if name in self.fields
        }
        for name in self.fields:
            hit = _SHORTCUT.fullmatch(name)
            if hit:
                found[int(hit[1])] = name
        return dict(sorted(found.items()))

    def fitting(self, name: str, text: str) -> str:
        """The text, cut to what the field takes."""
        limit = self.fields.get(name)
        return text if limit is None else text[:limit].rstrip()


@dataclass(frozen=True)
class Metadata:
    """What a server publishes.

    Attributes:
        pages: By entity set.
        actions: Parameters of unbound actions by name: {parameter: type}.
    """

    pages: Mapping[str, Page]
    actions: Mapping[str, Mapping[str, str]]

    def lines_of(self, page: Page) -> Page | None:
        """The part that holds a document's lines, whatever it is called."""
        candidates = [self.pages[name] for name in page.parts.values() if name in self.pages]
        if not candidates:  # a server that lists the parts' entity sets without navigation to them
            candidates = [
                other
                for name, other in self.pages.items()
                if name.startswith(page.entity_set) and other is not page
            ]
        lines = [part for part in candidates if part.has("Line_No", "No", "Type")]
        return lines[0] if lines else None


def parse_metadata(document: bytes) -> Metadata:
    """The metadata of a server.

    Raises:
        ProtocolError: It is no CSDL, or holds what could make a parser read other files.
    """
    if _DOCUMENT_TYPE.search(document):
        raise _not_metadata("it holds a document type definition")
    try:
        root = ET.fromstring(document)  # noqa: S314 - no entities: refused above
    except ET.ParseError as error:
        raise _not_metadata(str(error)) from error
    types = {str(node.get("Name")): node for node in root.iterfind(".//{*}EntityType")}
    bound = list(_bound_actions(root))
    sets = {
        str(node.get("Name")): _local(node.get("EntityType"))
        for node in root.iterfind(".//{*}EntityContainer/{*}EntitySet")
    }
    if not types or not sets:
        raise _not_metadata("it names no services")
    by_type: dict[str, str] = {}
    for name, type_name in sets.items():
        by_type.setdefault(type_name, name)
    bindings = {
        (str(node.get("Name")), str(binding.get("Path"))): _local(binding.get("Target"))
        for node in root.iterfind(".//{*}EntityContainer/{*}EntitySet")
        for binding in node.iterfind("{*}NavigationPropertyBinding")
    }
    pages = {
        name: Page(
            entity_set=name,
            type_name=type_name,
            fields=_fields(types[type_name]),
            key=tuple(
                str(node.get("Name")) for node in types[type_name].iterfind("{*}Key/{*}PropertyRef")
            ),
            parts={
                part: bindings.get((name, part)) or by_type.get(part_type, part)
                for part, part_type in _navigations(types[type_name])
            },
            actions=frozenset(action for owner, action in bound if owner == type_name),
        )
        for name, type_name in sets.items()
        if type_name in types
    }
    return Metadata(pages, _unbound_actions(root))


def _fields(entity_type: ET.Element) -> dict[str, int | None]:
    return {
        str(node.get("Name")): _length(node.get("MaxLength"))
        for node in entity_type.iterfind("{*}Property")
    }


def _length(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() and int(text) > 0 else None


def _navigations(entity_type: ET.Element) -> Iterator[tuple[str, str]]:
    for node in entity_type.iterfind("{*}NavigationProperty"):
        yield str(node.get("Name")), _local(node.get("Type"))


def _bound_actions(root: ET.Element) -> Iterator[tuple[str, str]]:
    for node in root.iterfind(".//{*}Schema/{*}Action"):
        if node.get("IsBound") == "true":
            first = node.find("{*}Parameter")
            if first is not None:
                yield _local(first.get("Type")), str(node.get("Name"))


def _unbound_actions(root: ET.Element) -> dict[str, dict[str, str]]:
    actions = {
        str(node.get("Name")): {
            str(parameter.get("Name")): str(parameter.get("Type"))
            for parameter in node.iterfind("{*}Parameter")
        }
        for node in root.iterfind(".//{*}Schema/{*}Action")
        if node.get("IsBound") != "true"
    }
    imported = {
        str(node.get("Name")): actions.get(_local(node.get("Action")), {})
        for node in root.iterfind(".//{*}EntityContainer/{*}ActionImport")
    }
    return {**actions, **imported}


def _local(name: str | None) -> str:
    """`Collection(NAV.Vendor_List)` is `Vendor_List`."""
    text = name or ""
    hit = _COLLECTION.fullmatch(text)
    return (hit[1] if hit else text).rpartition(".")[2]


def _not_metadata(reason: str) -> ProtocolError:
    return ProtocolError(
        f"The server's $metadata cannot be read: {reason}.",
        code="metadata_unreadable",
        hint="Check that base_url leads to the NAV server instance, without a proxy that answers in its place.",
        field="base_url",
    )
