"""What a check finds of a server that is used through the API v2.0. Only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.errors import TargetError
from target_dynamics_nav.nav.api_v2_master_data import (
    company_path,
    read_master_data,
    resolve_company,
)
from target_dynamics_nav.nav.inspection import Finding, Verdict, finding_of, reached
from target_dynamics_nav.nav.odata import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.nav.http import NavHttp
    from target_dynamics_nav.nav.port import Company

_ENTITY_SETS = ("purchaseInvoices", "purchaseCreditMemos", "journals", "generalLedgerEntries")


class ApiV2Inspector:
    """`Inspector` for the dialect `api_v2`."""

    def __init__(self, http: NavHttp) -> None:
        """Take over `http`; `close` closes it."""
        self._http = http

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def inspect(self, company: str) -> Iterator[Finding]:
        """Findings, in order; stops where nothing further can be looked at."""
        try:
            self._http.get_all("companies")
        except TargetError as error:
            yield from reached(self._http.base_url, error)
            return
        yield from reached(self._http.base_url)
        try:
            found = resolve_company(self._http, company)
        except TargetError as error:
            yield finding_of("company", error)
            return
        yield Finding("company", Verdict.OK, f'The company "{found.name}" is there.')
        for entity_set in _ENTITY_SETS:
            yield self._entity_set(found, entity_set)
        try:
            data = read_master_data(self._http, found)
        except TargetError as error:
            yield finding_of("master_data", error)
            return
        yield Finding(
            "master_data",
            Verdict.OK,
            f"{len(data.accounts)} accounts, {len(data.vendors)} vendors, "
            f"{len(data.dimension_values)} dimension values.",
        )
        if any(value.blocked is None for value in data.dimension_values.values()):
            yield Finding(
                "dimension_values",
                Verdict.LIMITED,
                "NAV does not tell which dimension values are blocked; it refuses them when it posts.",
                "The API microsoft/reportsFinance/beta would tell, where the server has it and the user may read it.",
            )
        yield Finding(
            "posting",
            Verdict.OK,
            "Posting is part of the API; permissions show when something is posted.",
        )

    def _entity_set(self, company: Company, entity_set: str) -> Finding:
        try:
            self._http.get(f"{company_path(company)}/{entity_set}" + query(top="1"))
        except TargetError as error:
            return finding_of(entity_set, error)
        return Finding(entity_set, Verdict.OK, f"{entity_set} can be read.")
