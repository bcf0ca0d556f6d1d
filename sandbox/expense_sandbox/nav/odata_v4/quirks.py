"""What differs between NAV servers' OData V4, or nobody knows for sure: switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ODataV4Quirks:
    """How OData V4 behaves where servers differ; the defaults are the likeliest behaviour.

    Attributes:
        language: The server's ServicesLanguage: captions of options and, where a translation is
            at hand, error texts.
        page_size: ODataServicesMaxPageSize: entities in one answer at most.
        own_address: The server's idea of its address, e.g. `http://nav-internal:7048`, written to
            contexts and next links; None is the address it was asked by.
        next_link_keeps_tenant: Whether next links repeat `tenant`.
        default_company: ServicesDefaultCompany: taken silently when an address names no company.
        encoded_quotes: Whether `Company(%27…%27)` means the company, or is passed over for the
            default company.
        quoted_company_parameter: Whether `?company='…'` means the same as `?company=…`.
        tenant: The tenant every request has to name; "" on a server with one tenant.
        correlation_id: Whether error messages end with one.
        location_header: Whether an answer to a create says where the entity is.
        lines_by_navigation: Whether lines can be posted to `Header(key)/{Service}PurchLines`.
        journal_selection: Journals: lines of `all` templates and batches, which clients name; or
            only those of the batch the `page` opens with, whatever a client names (NAV 2017).
        codeunit_actions: Whether codeunits' procedures are unbound actions.
        missing_entity_status: HTTP status for a key no entity has.
        method_not_allowed_status: HTTP status of `BadRequest_MethodNotAllowed`.
        method_not_implemented_status: HTTP status of `BadRequest_MethodNotImplemented`.
        stale_etag_status: HTTP status of `Request_EntityChanged`.
        disabled_status: HTTP status of a disabled endpoint.
        company_fields: `name` only, as NAV lists companies, or more, as Business Central does.
    """

    language: Literal["en-US", "de-DE"] = "en-US"
    page_size: int = 1000
    own_address: str | None = None
    next_link_keeps_tenant: bool = True
    default_company: str = ""
    encoded_quotes: Literal["accepted", "ignored"] = "accepted"
    quoted_company_parameter: bool = True
    tenant: str = ""
    correlation_id: bool = True
    location_header: bool = True
    lines_by_navigation: bool = True
    journal_selection: Literal["all", "page"] = "all"
    codeunit_actions: bool = True
    missing_entity_status: Literal[400, 404] = 404
    method_not_allowed_status: Literal[400, 405] = 405
    method_not_implemented_status: Literal[400, 501] = 501
    stale_etag_status: Literal[409, 412] = 409
    disabled_status: Literal[404, 405] = 405
    company_fields: Literal["name", "all"] = "all"
