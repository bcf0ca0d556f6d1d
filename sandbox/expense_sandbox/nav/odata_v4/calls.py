"""One request with all that its address means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from expense_sandbox.nav.odata_v4.addresses import COMPANY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.http import Request
    from expense_sandbox.nav.codeunits import Codeunit
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.odata_v4.addresses import Address
    from expense_sandbox.nav.odata_v4.entities import Published
    from expense_sandbox.nav.store import Record


@dataclass(frozen=True)
class Catalogue:
    """What is published at the moment."""

    sets: Mapping[str, Published]
    codeunits: Mapping[str, Codeunit]


@dataclass(frozen=True)
class Call:
    """One request with all that its address means.

    Attributes:
        request: As it came.
        address: Read from its path and query.
        company: The company it is about.
        base_url: The server's idea of where `ODataV4` is.
        catalogue: What is published.
    """

    request: Request
    address: Address
    company: Company
    base_url: str
    catalogue: Catalogue

    @property
    def company_url(self) -> str:
        """The company's address."""
        name = quote(self.company.name.replace("'", "''"), safe="'")
        return f"{self.base_url}/{COMPANY}('{name}')"

    @property
    def context(self) -> str:
        """The beginning of the context of everything in the company."""
        return self.company_url.replace(f"/{COMPANY}(", f"/$metadata#{COMPANY}(")


@dataclass(frozen=True)
class Target:
    """An entity set, with the entity or the parent an address names."""

    published: Published
    row: Record | None = None
    parent: Record | None = None
