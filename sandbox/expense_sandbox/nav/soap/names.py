"""How a SOAP service names what it has: namespaces, types, operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expense_sandbox.nav.pages.model import Control, Page, Part
    from expense_sandbox.nav.pages.quirks import PageQuirks
    from expense_sandbox.nav.services import Service

SCHEMAS = "urn:microsoft-dynamics-schemas"
SYSTEM_SERVICE = "urn:microsoft-dynamics-schemas/nav/system/"


def page_namespace(service: Service) -> str:
    """Namespace of a page service: in lower case."""
    return f"{SCHEMAS}/page/{service.name.lower()}"


def codeunit_namespace(service: Service) -> str:
    """Namespace of a codeunit service: as published."""
    return f"{SCHEMAS}/codeunit/{service.name}"


def namespace(service: Service) -> str:
    """Namespace of a service."""
    return page_namespace(service) if service.kind == "Page" else codeunit_namespace(service)


def controls_on_page(page: Page, quirks: PageQuirks) -> dict[str, Control]:
    """Controls a SOAP service shows, by name; key fields without a control are left out."""
    return {name: control for name, control in page.by_wire_name(quirks).items() if control.on_page}


def key_parameters(page: Page, quirks: PageQuirks) -> dict[str, Control]:
    """What Read takes: the primary key, except for what the page itself decides."""
    by_name = {control.name: control for control in page.controls}
    return {
        by_name[name].wire_name(quirks): by_name[name]
        for name in page.key
        if name not in page.key_fixed
    }


def line_list(part: Part) -> str:
    """Name of the type that holds a part's lines."""
    return f"{part.page.line_type}_List"
