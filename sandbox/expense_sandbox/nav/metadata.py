"""`$metadata` of an API group: its entity types, enums and actions as EDMX."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from expense_sandbox.nav.edm import Access, Kind, encoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expense_sandbox.nav.edm import EntityType, Property
    from expense_sandbox.nav.entity_sets import EntitySet

EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
NAMESPACE = "Microsoft.NAV"
PRIMITIVES = {
    Kind.GUID: "Edm.Guid",
    Kind.CODE: "Edm.String",
    Kind.TEXT: "Edm.String",
    Kind.OPTION: "Edm.String",
    Kind.DATE: "Edm.Date",
    Kind.DATETIME: "Edm.DateTimeOffset",
    Kind.DECIMAL: "Edm.Decimal",
    Kind.INTEGER: "Edm.Int32",
    Kind.BOOLEAN: "Edm.Boolean",
}


def metadata_document(company: EntityType, sets: tuple[EntitySet, ...]) -> bytes:
    """The EDMX of a group.

    Args:
        company: The type of companies, below which all sets are.
        sets: The group's sets.
    """
    root = ET.Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": EDMX})
    services = ET.SubElement(root, "edmx:DataServices")
    schema = ET.SubElement(services, "Schema", {"Namespace": NAMESPACE, "xmlns": EDM})
    types = {item.type.entity_set: item.type for item in sets}
    for entity in (company, *types.values()):
        navigations = (
            ((name, name) for name in types)
            if entity is company
            else ((item.name, item.entity_set) for item in entity.navigations)
        )
        _add_type(schema, entity, navigations, types)
    for item in sets:
        for action in item.actions:
            bound = ET.SubElement(schema, "Action", Name=action, IsBound="true")
            parameter = {"Name": "bindingParameter", "Type": f"{NAMESPACE}.{item.type.name}"}
            ET.SubElement(bound, "Parameter", parameter)
    _add_enums(schema, types.values())
    container = ET.SubElement(schema, "EntityContainer", Name="NAV")
    for entity in (company, *types.values()):
        names = {"Name": entity.entity_set, "EntityType": entity.full_name}
        ET.SubElement(container, "EntitySet", names)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add_type(
    schema: ET.Element,
    entity: EntityType,
    navigations: Iterable[tuple[str, str]],
    types: dict[str, EntityType],
) -> None:
    node = ET.SubElement(schema, "EntityType", Name=entity.name)
    key = ET.SubElement(node, "Key")
    ET.SubElement(key, "PropertyRef", Name="id")
    for item in entity.properties:
        attributes = {"Name": item.name, "Type": _type_name(entity, item)}
        if item.name == "id":
            attributes["Nullable"] = "false"
        if item.length:
            attributes["MaxLength"] = str(item.length)
        if item.kind is Kind.DECIMAL:
            attributes["Scale"] = "Variable"
        shown = ET.SubElement(node, "Property", attributes)
        if item.access is Access.READ_ONLY:
            annotation = {"Term": f"{NAMESPACE}.AllowEdit", "Bool": "false"}
            ET.SubElement(shown, "Annotation", annotation)
    if entity.media:
        ET.SubElement(node, "Property", Name=entity.media, Type="Edm.Stream")
    for name, entity_set in navigations:
        related = f"Collection({types[entity_set].full_name})"
        attributes = {"Name": name, "Type": related, "ContainsTarget": "true"}
        ET.SubElement(node, "NavigationProperty", attributes)


def _enum_name(entity: EntityType, item: Property) -> str:
    return f"{entity.name}{item.name[:1].upper()}{item.name[1:]}"


def _type_name(entity: EntityType, item: Property) -> str:
    if item.kind is Kind.ENUM:
        return f"{NAMESPACE}.{_enum_name(entity, item)}"
    return PRIMITIVES[item.kind]


def _add_enums(schema: ET.Element, types: Iterable[EntityType]) -> None:
    for entity in types:
        for item in entity.properties:
            if item.kind is not Kind.ENUM:
                continue
            node = ET.SubElement(schema, "EnumType", Name=_enum_name(entity, item))
            for value, member in enumerate(item.members):
                attributes = {"Name": encoded(member), "Value": str(value)}
                ET.SubElement(node, "Member", attributes)
