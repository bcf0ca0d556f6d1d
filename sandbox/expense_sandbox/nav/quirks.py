"""What differs between real tenants, or nobody knows for sure: switches of the stand-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks
from expense_sandbox.nav.pages.quirks import PageQuirks
from expense_sandbox.nav.soap.quirks import SoapQuirks

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class NavQuirks:
    """How this NAV behaves where real ones differ; the defaults are the likeliest behaviour.

    Attributes:
        missing_record_code: Error code of a read of an id that does not exist.
        missing_record_status: Its HTTP status.
        missing_company_status: HTTP status of `Internal_CompanyNotFound`.
        duplicate_key_status: HTTP status of `Internal_EntityWithSameKeyExists`.
        expand_on_post: Whether `$expand` on a create returns the nested parts.
        field_order: Whether NAV validates a line's fields as sent (`json`) or in page order.
        leftover_blank_line: Posting a journal leaves an empty line 10000 behind.
        reports_finance: Whether the reportsFinance beta API is installed.
        prices_include_tax_writable: Whether documents take `pricesIncludeTax`.
        require_vendor_document_number: Posting needs a vendor invoice (credit memo) number.
        journal_date_code: Error code for a journal line outside the posting window.
        invoice_dimension_lead: Blocked dimension: NAV's lead text comes instead of the detail.
        replica_delay_seconds: Reads without `Data-Access-Intent: ReadWrite` are this old.
        rate_limit: Requests per 300 seconds answered; more get 429. None is no limit.
        rate_limit_counts_parts: Whether each part of a `$batch` counts.
        rate_limit_retry_after: The header of that 429: seconds or an HTTP date; None is no such
            header.
        maximum_executing: Requests answered at a time; more wait their turn. None is no limit.
        maximum_queued: How many may wait; more get 429.
        stale_etag_status: HTTP status of `Request_EntityChanged`.
        unknown_property_code: Error code of a name in `$select`, `$filter`, `$expand` or `$orderby`
            that the type does not have.
        filter_enum_captions: Whether `$filter` takes captions with special characters, such as
            'G/L Account', beside encoded members.
        exchange_rate_code: Error code for a currency without a rate on the posting date.
        maximum_attachment_bytes: The most a file may have.
        attachment_changes_document: Whether an incoming document's file changes the etag of the
            purchase document it is linked to.
        employee_journal_lines: Whether journal lines of employees are refused, or taken and shown
            or not.
        batch_access_intent: Whose `Data-Access-Intent` a part of a `$batch` obeys.
        batch_depends_on: What `dependsOn` of a part means: nothing, that it is not done after a
            failure, or a refusal of the batch.
        batch_atomicity_groups: Whether parts may share an `atomicityGroup`; it never means anything.
        batch_references: Whether a URL that begins with `$` and a part's id means what that part
            created.
        token_lifetime_seconds: Validity of access tokens.
        maximum_page_size: Entities per page at most.
        today: NAV's work date; the real date when None.
        pages: How pages behave as web services, for OData V4 and SOAP alike.
        soap: How SOAP behaves.
        odata_v4: How OData V4 behaves, below `/{instance}/ODataV4`.
    """

    missing_record_code: Literal["BadRequest_ResourceNotFound", "Internal_RecordNotFound"] = (
        "BadRequest_ResourceNotFound"
    )
    missing_record_status: Literal[400, 404] = 404
    missing_company_status: Literal[400, 404] = 404
    duplicate_key_status: Literal[400, 409] = 400
    expand_on_post: bool = True
    field_order: Literal["json", "page"] = "json"
    leftover_blank_line: bool = True
    reports_finance: bool = True
    prices_include_tax_writable: bool = True
    require_vendor_document_number: bool = True
    journal_date_code: Literal[
        "Application_FieldValidationException", "Application_DialogException"
    ] = "Application_FieldValidationException"
    invoice_dimension_lead: bool = False
    replica_delay_seconds: float = 0.0
    rate_limit: int | None = None
    rate_limit_counts_parts: bool = False
    rate_limit_retry_after: str | None = None
    maximum_executing: int | None = None
    maximum_queued: int = 95
    stale_etag_status: Literal[409, 412] = 409
    unknown_property_code: Literal["BadRequest", "BadRequest_NotFound"] = "BadRequest"
    filter_enum_captions: bool = True
    exchange_rate_code: Literal[
        "Internal_DataNotFoundFilter", "Internal_RecordNotFound", "Application_DialogException"
    ] = "Internal_DataNotFoundFilter"
    maximum_attachment_bytes: int = 350 * 1024 * 1024
    attachment_changes_document: bool = False
    employee_journal_lines: Literal["refused", "invisible", "visible"] = "refused"
    batch_access_intent: Literal["either", "outer", "inner"] = "either"
    batch_depends_on: Literal["ignored", "honoured", "refused"] = "ignored"
    batch_atomicity_groups: Literal["ignored", "refused"] = "ignored"
    batch_references: bool = False
    token_lifetime_seconds: int = 3599
    maximum_page_size: int = 20_000
    today: date | None = None
    pages: PageQuirks = field(default_factory=PageQuirks)
    soap: SoapQuirks = field(default_factory=SoapQuirks)
    odata_v4: ODataV4Quirks = field(default_factory=ODataV4Quirks)
