"""What a check finds of a server that is used through SOAP services. Only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.errors import TargetError
from target_dynamics_nav.nav.inspection import Finding, Verdict, finding_of, reached
from target_dynamics_nav.nav.odata_v4_settings import PostPolicy
from target_dynamics_nav.nav.soap_master_data import read_master_data, resolve_company, setup_of
from target_dynamics_nav.nav.soap_services import (
    PAGES,
    POSTS_JOURNALS,
    SETS_DIMENSIONS,
    SHOWS_DIMENSIONS,
    SHOWS_LEDGER_DIMENSIONS,
    CompanyServices,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.nav.odata_v4_settings import PageSettings
    from target_dynamics_nav.nav.port import Company
    from target_dynamics_nav.nav.soap_http import SoapHttp

_POSTS_PURCHASES = ("PostPurchaseInvoice", "PostPurchaseCreditMemo")
_OTHER_FUNCTIONS = (SETS_DIMENSIONS, *SHOWS_DIMENSIONS, SHOWS_LEDGER_DIMENSIONS)


class SoapInspector:
    """`Inspector` for the dialect `soap`."""

    def __init__(self, http: SoapHttp, settings: PageSettings) -> None:
        """Take over `http`; `close` closes it."""
        self._http = http
        self._settings = settings

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def inspect(self, company: str) -> Iterator[Finding]:
        """Findings, in order; stops where nothing further can be looked at."""
        try:
            self._http.system_service()
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
        services = CompanyServices(
            self._http, found, self._settings.services, self._settings.posting_service
        )
        missing = False
        for purpose in PAGES:
            finding = self._page(services, purpose)
            missing |= finding.verdict is Verdict.MISSING
            yield finding
        if not missing:
            yield self._master_data(services, found)
        yield from self._codeunit(services)

    @staticmethod
    def _page(services: CompanyServices, purpose: str) -> Finding:
        spec = PAGES[purpose]
        try:
            if spec.without and services.optional(purpose) is None:
                return Finding(
                    purpose,
                    Verdict.LIMITED,
                    f"{spec.page} is not published. A run does without {spec.without}.",
                    f"On NAV's page Web Services, publish {spec.page} as {spec.names[0]}.",
                )
            services.page(purpose)
        except TargetError as error:
            return finding_of(purpose, error)
        return Finding(purpose, Verdict.OK, f"{spec.page} is published.")

    @staticmethod
    def _master_data(services: CompanyServices, company: Company) -> Finding:
        try:
            data = read_master_data(services, company, setup_of(services))
        except TargetError as error:
            return finding_of("master_data", error)
        return Finding(
            "master_data",
            Verdict.OK,
            f"{len(data.accounts)} accounts, {len(data.vendors)} vendors, "
            f"{len(data.dimension_values)} dimension values.",
        )

    def _codeunit(self, services: CompanyServices) -> Iterator[Finding]:
        required = self._settings.post is PostPolicy.REQUIRED
        publish = (
            "Import the codeunit of the folder publish and publish it as "
            f"{self._settings.posting_service}."
        )
        try:
            yield self._functions(
                services,
                "posting_purchases",
                _POSTS_PURCHASES,
                Verdict.MISSING if required else Verdict.LIMITED,
                publish + (" Or set post to if_possible." if required else ""),
            )
            yield self._functions(
                services, "posting_journals", POSTS_JOURNALS, Verdict.LIMITED, publish
            )
            yield self._functions(
                services, "dimensions_of_documents", _OTHER_FUNCTIONS, Verdict.LIMITED, publish
            )
        except TargetError as error:
            yield finding_of("codeunit", error)

    @staticmethod
    def _functions(
        services: CompanyServices,
        check: str,
        functions: tuple[str, ...],
        without: Verdict,
        hint: str,
    ) -> Finding:
        lacking = [function for function in functions if not services.has(function)]
        if lacking:
            return Finding(check, without, f"Not published: {', '.join(lacking)}.", hint)
        return Finding(check, Verdict.OK, f"Published: {', '.join(functions)}.")
