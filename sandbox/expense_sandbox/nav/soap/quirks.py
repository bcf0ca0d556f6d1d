"""What differs between NAV servers' SOAP, or nobody knows for sure: switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SoapQuirks:
    """How SOAP behaves where servers differ; the defaults are the likeliest behaviour.

    Attributes:
        own_address: The server's idea of its address, e.g. `http://nav-internal:7047`, written to
            WSDLs and discovery; None is the address it was asked by.
        default_company: ServicesDefaultCompany: taken silently when an address names no company;
            "" leaves it to the only company there is, if there is only one.
        tenant: The tenant every request has to name; "" on a server with one tenant.
        field_order: Whether a record's fields are validated in the order of the WSDL (`page`) or
            in the order they were sent (`sent`).
        empty_texts: Whether answers leave out elements of empty texts, or send them empty.
        empty_texts: Literal["omitted", "sent"] = "omitted"
    unchanged_fields: A field that an Update brings as the record has it: not written
            (`skipped`), so that clients may send back all they read, or written in its turn
            (`written`), if another field changed it in the meantime.
        empty_texts: Whether answers leave out elements of empty texts, or send them empty.
        empty_texts: Literal["omitted", "sent"] = "omitted"
    unchanged_fields: Literal["skipped", "written"] = "skipped"
    unpublished: How a service that is not published answers: HTTP 404, or a fault.
        unknown_company: How a company that does not exist answers.
        fault_detail: Whether faults repeat their text in `<detail>`.
        language: ServicesLanguage: of fault texts, where a translation is at hand, and of the
            captions by which filters name options.
        callback_text: What NAV says when it would have to ask a person.
        date_criteria: Dates in filters: ISO, or as people write them in the server's culture.
        filter_may_be_absent: Whether ReadMultiple does without any `filter`.
        unknown_filter_field: A filter on a field the service doesn't have: a fault, or passed over.
        unknown_filter_field: Literal["fault", "ignored"] = "fault"
    maximum_message_bytes: SOAPServicesMaxMsgSize, for requests and answers.
        case_sensitive_service_names: Whether services must be spelled as published.
    """

    own_address: str | None = None
    default_company: str = ""
    tenant: str = ""
    field_order: Literal["page", "sent"] = "page"
    empty_texts: Literal["omitted", "sent"] = "omitted"
    unchanged_fields: Literal["skipped", "written"] = "skipped"
    unpublished: Literal["http_404", "fault"] = "http_404"
    unknown_company: Literal["http_404", "fault"] = "fault"
    fault_detail: bool = True
    language: Literal["en-US", "de-DE"] = "en-US"
    callback_text: Literal["attempted", "not_allowed"] = "attempted"
    date_criteria: Literal["iso", "en-US"] = "iso"
    filter_may_be_absent: bool = True
    unknown_filter_field: Literal["fault", "ignored"] = "fault"
    maximum_message_bytes: int = 1024 * 1024
    case_sensitive_service_names: bool = False
