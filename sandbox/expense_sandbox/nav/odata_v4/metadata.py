"""`$metadata` and the service document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from expense_sandbox.nav.edm import Access, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expense_sandbox.nav.codeunits import Codeunit
    from expense_sandbox.nav.edm import EntityType, Property
    from expense_sandbox.nav.odata_v4.entities import Published
    from expense_sandbox.nav.quirks import NavQuirks

NAMESPACE = "NAV"
EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
_EDM_TYPES: Mapping[Kind, str] = {
    Kind.GUID: "Edm.Guid",
    Kind.DATE: "Edm.Date",
    Kind.DATETIME: "Edm.DateTimeOffset",
    Kind.DECIMAL: "Edm.Decimal",
    Kind.INTEGER: "Edm.Int32",
    Kind.BOOLEAN: "Edm.Boolean",
}
ET.register_namespace("edmx", EDMX)


def edm_type(kind: Kind) -> str:
    """The primitive type of a kind of field; options are strings."""
    return _EDM_TYPES.get(kind, "Edm.String")


def document(
    company_type: EntityType,
    sets: Mapping[str, Published],
    codeunits: Mapping[str, Codeunit],
    actions: Mapping[str, Sequence[str]],
    quirks: NavQuirks,
) -> bytes:
    """The EDMX document.

    Args:
        company_type: The type of companies.
        sets: Entity sets by name.
        codeunits: Published codeunits by service name.
        actions: Names of the bound actions by entity set.
        quirks: How this server behaves.
    """
    edmx = ET.Element(f"{{{EDMX}}}Edmx", {"Version": "4.0"})
    services = ET.SubElement(edmx, f"{{{EDMX}}}DataServices")
    schema = ET.SubElement(services, "Schema", {"Namespace": NAMESPACE, "xmlns": EDM})
    container = ET.Element("EntityContainer", {"Name": NAMESPACE})
    _entity_type(schema, company_type, ("Name",), frozenset())
    _entity_set(container, company_type)
    for name, published in sets.items():
        page = published.page
        key = tuple(page.control(field).wire_name(quirks.pages) for field in page.key)
        _entity_type(schema, published.entity_set.type, key, frozenset(key))
        _entity_set(container, published.entity_set.type)
        for action in actions.get(name, ()):
            bound = ET.SubElement(schema, "Action", {"Name": action, "IsBound": "true"})
            attributes = {"Name": "bindingParameter", "Type": f"{NAMESPACE}.{name}"}
            ET.SubElement(bound, "Parameter", attributes)
    for service_name, codeunit in codeunits.items():
        for procedure in codeunit.procedures:
            full_name = f"{service_name}_{procedure.name}"
            action_element = ET.SubElement(schema, "Action", {"Name": full_name})
            for parameter in procedure.parameters:
                attributes = {"Name": parameter.name, "Type": edm_type(parameter.kind)}
                ET.SubElement(action_element, "Parameter", attributes)
            if procedure.returns is not None:
                ET.SubElement(action_element, "ReturnType", {"Type": edm_type(procedure.returns)})
            attributes = {"Name": full_name, "Action": f"{NAMESPACE}.{full_name}"}
            ET.SubElement(container, "ActionImport", attributes)
    schema.append(container)
    text = ET.tostring(edmx, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def _entity_set(container: ET.Element, entity_type: EntityType) -> None:
    attributes = {"Name": entity_type.entity_set, "EntityType": f"{NAMESPACE}.{entity_type.name}"}
    element = ET.SubElement(container, "EntitySet", attributes)
    for navigation in entity_type.navigations:
        attributes = {"Path": navigation.name, "Target": navigation.entity_set}
        ET.SubElement(element, "NavigationPropertyBinding", attributes)


def _entity_type(
    schema: ET.Element, entity_type: EntityType, key: Sequence[str], settable: frozenset[str]
) -> None:
    element = ET.SubElement(schema, "EntityType", {"Name": entity_type.name})
    key_element = ET.SubElement(element, "Key")
    for name in key:
        ET.SubElement(key_element, "PropertyRef", {"Name": name})
    for item in entity_type.properties:
        _property(element, item, nullable=item.name not in key, settable=item.name in settable)
    for navigation in entity_type.navigations:
        attributes = {
            "Name": navigation.name,
            "Type": f"Collection({NAMESPACE}.{navigation.entity_set})",
            "ContainsTarget": "true",
        }
        ET.SubElement(element, "NavigationProperty", attributes)


def _property(element: ET.Element, item: Property, *, nullable: bool, settable: bool) -> None:
    attributes = {"Name": item.name, "Type": edm_type(item.kind)}
    if not nullable:
        attributes["Nullable"] = "false"
    if item.length:
        attributes["MaxLength"] = str(item.length)
    if item.kind is Kind.DECIMAL:
        attributes["Scale"] = "Variable"
    node = ET.SubElement(element, "Property", attributes)
    editable = item.access is Access.ALWAYS
    annotations = {
        "NAV.NavType": item.kind.value,
        "NAV.AllowEdit": str(editable).lower(),
        "NAV.AllowEditOnCreate": str(editable or settable).lower(),
    }
    for term, value in annotations.items():
        ET.SubElement(node, "Annotation", {"Term": term, "String": value})


def service_document(base_url: str, names: Sequence[str]) -> dict[str, Any]:
    """What there is, for clients that look around."""
    return {
        "@odata.context": f"{base_url}/$metadata",
        "value": [{"name": name, "kind": "EntitySet", "url": name} for name in names],
    }
