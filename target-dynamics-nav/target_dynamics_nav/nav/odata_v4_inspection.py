"""What a check finds of a server that is used through OData V4 page services. Only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.errors import TargetError
from target_dynamics_nav.nav.inspection import Finding, Verdict, finding_of, reached
from target_dynamics_nav.nav.odata import query
from target_dynamics_nav.nav.odata_v4_codeunit import (
    DRAFT_DIMENSIONS,
    LEDGER_DIMENSIONS,
    POST_FUNCTIONS,
    POSTED_DIMENSIONS,
    SET_DIMENSION,
    Codeunit,
)
from target_dynamics_nav.nav.odata_v4_master_data import MasterDataReader, resolve_company
from target_dynamics_nav.nav.odata_v4_metadata import parse_metadata
from target_dynamics_nav.nav.odata_v4_posting import (
    BOUND_PREFIX,
    how_to_publish,
    served_kinds,
    ways_to_post,
)
from target_dynamics_nav.nav.odata_v4_services import SPECS, resolve_services
from target_dynamics_nav.nav.odata_v4_settings import Captions, PostPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.nav.odata_v4_http import PageHttp
    from target_dynamics_nav.nav.odata_v4_metadata import Metadata
    from target_dynamics_nav.nav.odata_v4_services import Services
    from target_dynamics_nav.nav.odata_v4_settings import PageSettings
    from target_dynamics_nav.nav.port import Company, DocumentKind

_OTHER_FUNCTIONS = {
    SET_DIMENSION: "dimensions that the pages have no field for, and all but two on the vendor's entry",
    DRAFT_DIMENSIONS: "comparing every dimension of a draft before it is posted",
    POSTED_DIMENSIONS: "comparing every dimension of what is posted",
    LEDGER_DIMENSIONS: "comparing every dimension of posted journals",
}


class OdataV4Inspector:
    """`Inspector` for the dialect `odata_v4`."""

    def __init__(
        self, http: PageHttp, settings: PageSettings, *, username: str | None = None
    ) -> None:
        """Take over `http`; `close` closes it."""
        self._http = http
        self._settings = settings
        self._username = username

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def inspect(self, company: str) -> Iterator[Finding]:
        """Findings, in order; stops where nothing further can be looked at."""
        try:
            self._http.rows(None, "Company")
        except TargetError as error:
            yield from reached(self._http.root, error)
            return
        yield from reached(self._http.root)
        try:
            found = resolve_company(self._http, company)
        except TargetError as error:
            yield finding_of("company", error)
            return
        yield Finding("company", Verdict.OK, f'The company "{found.name}" is there.')
        try:
            metadata = parse_metadata(self._http.metadata())
            services = resolve_services(metadata, self._settings.services)
        except TargetError as error:
            yield finding_of("metadata", error)
            return
        yield from self._services(found, services)
        if all(shortage.spec.without for shortage in services.shortages):
            yield from self._master_data(found, services)
        yield from self._posting(services, metadata)

    def _services(self, company: Company, services: Services) -> Iterator[Finding]:
        """One line for each purpose: whether its page is published, complete, and may be read."""
        shortages = {shortage.spec.purpose: shortage for shortage in services.shortages}
        for spec in SPECS:
            shortage = shortages.get(spec.purpose)
            if shortage is not None and spec.without:
                message = f"{shortage.message} A run does without {spec.without}."
                yield Finding(spec.purpose, Verdict.LIMITED, message, shortage.hint)
                continue
            if shortage is not None:
                yield Finding(spec.purpose, Verdict.MISSING, shortage.message, shortage.hint)
                continue
            page = services.pages[spec.purpose]
            try:
                self._http.rows(company.name, page.entity_set + query(top="1"))
            except TargetError as error:
                yield finding_of(spec.purpose, error)
                continue
            unseen = [name for name in spec.better_with if not page.has(name)]
            yield Finding(
                spec.purpose,
                Verdict.LIMITED if unseen else Verdict.OK,
                f"{page.entity_set} is published and can be read."
                + (f" It does not show {', '.join(unseen)}; NAV judges by it." if unseen else ""),
                f"Publish {spec.pages}." if unseen else None,
            )

    def _master_data(self, company: Company, services: Services) -> Iterator[Finding]:
        """Whether what is read makes sense: above all, options in a language that is known."""
        reader = MasterDataReader(
            self._http, services, Captions(self._settings.option_captions), company
        )
        try:
            setup = reader.setup()
            data = reader.read(setup, self._username)
        except TargetError as error:
            yield finding_of("master_data", error)
            return
        yield Finding(
            "master_data",
            Verdict.OK,
            f"{len(data.accounts)} accounts, {len(data.vendors)} vendors, "
            f"{len(data.dimension_values)} dimension values.",
        )
        others = sorted(data.dimensions - set(setup.shortcuts.values()))
        yield Finding(
            "shortcut_dimensions",
            Verdict.LIMITED if others else Verdict.OK,
            f"Fields of the pages hold {', '.join(setup.shortcuts.values()) or 'no dimension'}"
            + (f"; not {', '.join(others)}." if others else "."),
            "If documents have the others: make them shortcut dimensions in General Ledger Setup, or publish the "
            "codeunit."
            if others
            else None,
        )

    def _posting(self, services: Services, metadata: Metadata) -> Iterator[Finding]:
        codeunit = Codeunit(self._http, metadata.actions, self._settings.posting_service)
        ways = ways_to_post(self._settings, services, codeunit)
        for kind in served_kinds(services):
            check = f"posting_{kind.value}"
            way = ways.get(kind)
            if way is None:
                yield self._no_way(check, kind)
                continue
            name = f"{BOUND_PREFIX}{way.action}" if way.bound else way.action
            listed = not self._settings.posting_actions.get(kind.value)
            yield Finding(
                check,
                Verdict.OK if listed else Verdict.LIMITED,
                f"{name} is published."
                if listed
                else f"{name} is used because posting_actions says so; it shows only when something is posted.",
            )
        for function, purpose in _OTHER_FUNCTIONS.items():
            if codeunit.action(function) is not None:
                yield Finding("codeunit", Verdict.OK, f"{function} is published.")
            else:
                yield Finding(
                    "codeunit",
                    Verdict.LIMITED,
                    f"The function {function} is not published. A run does without {purpose}.",
                    f"Publish the codeunit of the folder publish as {self._settings.posting_service}.",
                )

    def _no_way(self, check: str, kind: DocumentKind) -> Finding:
        required = self._settings.post is PostPolicy.REQUIRED
        return Finding(
            check,
            Verdict.MISSING if required else Verdict.LIMITED,
            f"There is no way to post {kind.value.replace('_', ' ')}: no published function {POST_FUNCTIONS[kind]}."
            + ("" if required else " Verified drafts are left for a person to post."),
            how_to_publish(self._settings, [kind])
            + (" Or set post to if_possible." if required else ""),
        )
