"""SOAP faults → our errors. Pure.

NAV answers every refusal with HTTP 500 and a fault whose code names the exception that stopped it. The exception's name
corresponds to the error codes of NAV's other dialects, so one table of refusals serves them all.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import (
    ConfigurationError,
    DocumentError,
    ProtocolError,
    RetryLaterError,
    TargetError,
)
from target_dynamics_nav.nav.error_table import NavProblem, classify, clean

if TYPE_CHECKING:
    from collections.abc import Collection

_EXCEPTION = re.compile(r"(?:Nav)?(?:NCL|CSide)?(?P<name>\w+?)Exception$")
_CODES = {
    "RecordNotFound": "Internal_RecordNotFound",
    "DuplicateKey": "Internal_EntityWithSameKeyExists",
    "ValidateTableRelation": "Internal_InvalidTableRelation",
    "TestField": "Application_FieldValidationException",
    "StringLengthExceeded": "Application_StringExceededLength",
    "CallbackNotAllowed": "Application_CallbackNotAllowed",
    "Permission": "Authorization_PermissionDenied",
    "CompanyNotFound": "Internal_CompanyNotFound",
}
CALLBACK_WORDS = re.compile(r"client callback|Callback functions are not allowed", re.IGNORECASE)
_CHANGED = re.compile(
    r"\b(?:other|another) user has (?:already )?(?:modified|changed)", re.IGNORECASE
)
_SERVICE_MISSING = re.compile(r'Service "(?P<service>[^"]+)" was not found', re.IGNORECASE)
_COMPANY_MISSING = re.compile(
    r"^The company .{0,80}(?:does not exist|cannot be found)|default company cannot be found",
    re.IGNORECASE,
)
_DYNAMIC_EDITABLE = re.compile(
    r'Property "Editable" for .+ is invalid|Control .+ is read-only|^The .+ is read-?only',
    re.IGNORECASE,
)
_TOO_LONG = re.compile(r"must be less than or equal to (?P<limit>\d+)")


def fault_problem(code: str, message: str) -> NavProblem:
    """A fault in the terms of NAV's other dialects, so that their table applies.

    Args:
        code: The fault's code, e.g. `a:Microsoft.Dynamics.Nav.Types.Exceptions.NavNCLDialogException`.
        message: The fault's text.
    """
    text = clean(message)
    last = code.rpartition(":")[2].rpartition(".")[2]
    if _CHANGED.search(text):
        return NavProblem(HTTPStatus.CONFLICT, "Request_EntityChanged", text)
    if _SERVICE_MISSING.search(text):
        return NavProblem(HTTPStatus.NOT_FOUND, "BadRequest_ResourceNotFound", text)
    if _COMPANY_MISSING.search(text):
        return NavProblem(HTTPStatus.NOT_FOUND, "Internal_CompanyNotFound", text)
    if "Timeout" in last:
        return NavProblem(HTTPStatus.REQUEST_TIMEOUT, last, text)
    name = _EXCEPTION.search(last)
    if name is None or not last.startswith("Nav"):
        return NavProblem(HTTPStatus.BAD_REQUEST, "BadRequest", text)
    found = _CODES.get(name["name"], f"Application_{name['name']}Exception")
    return NavProblem(HTTPStatus.BAD_REQUEST, found, text)


def is_not_editable(text: str) -> bool:
    """NAV worked out whether a field may be written before it knew what the line is for."""
    return bool(_DYNAMIC_EDITABLE.search(text))


def longest_text(text: str) -> int | None:
    """How many characters NAV says it keeps of a text that was too long for it."""
    hit = _TOO_LONG.search(text)
    return int(hit["limit"]) if hit else None


def refusal(found: NavProblem, service: str) -> TargetError:
    """The error of a call that NAV refuses for good.

    Args:
        found: What NAV answered.
        service: What was called, as `Page/Purchase_Invoice`.
    """
    if found.status == HTTPStatus.NOT_FOUND and found.code != "Internal_CompanyNotFound":
        return not_published(service, found.text)
    if found.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return ConfigurationError(
            "NAV's SOAP web services are switched off.",
            code="soap_services_off",
            hint="Enable SOAP services on the NAV server instance.",
            field="base_url",
            nav_message=found.text,
        )
    error = classify(found)
    if isinstance(error, ProtocolError):
        return ProtocolError(
            f"NAV does not understand a call of {service} (HTTP {found.status}).",
            code="nav_request_not_understood",
            hint="Check that the service is the page or codeunit it is meant to be; otherwise report a bug, with NAV's "
            "words.",
            nav_message=found.text,
        )
    return error


def read_refusal(found: NavProblem, service: str) -> TargetError:
    """The error of a read that NAV refuses; a read says nothing about a document, so it never holds one."""
    error = refusal(found, service)
    if isinstance(error, (DocumentError, RetryLaterError)):
        return ProtocolError(
            f"NAV refused to read {service}: {found.text or found.status}",
            code="read_refused",
            hint="Check with NAV's administrator what stops this page from opening; otherwise report a bug, with NAV's "
            "words.",
            nav_message=found.text,
        )
    return error


def not_published(service: str, nav_message: str = "") -> ConfigurationError:
    """The error of a service that is not in NAV's page Web Services."""
    kind, _, name = service.partition("/")
    return ConfigurationError(
        f"NAV has no web service {name} of type {kind}.",
        code="service_not_published",
        hint=f"Publish it in NAV on the page Web Services, or give its name in the setting services. "
        f"It has to be of type {kind}; the company is part of the address.",
        field="services",
        value=name,
        nav_message=nav_message,
    )


def lacks(service: str, names: Collection[str], what: str) -> ConfigurationError:
    """The error of a service that is not the page or codeunit that was expected.

    Args:
        service: As `Page/Vendor_List`.
        names: What it does not have.
        what: "field" or "function".
    """
    listed = ", ".join(sorted(names))
    return ConfigurationError(
        f"The web service {service.partition('/')[2]} has no {what} {listed}.",
        code="service_lacks_field",
        hint="Check in NAV, on the page Web Services, that the right object is published under this name.",
        field="services",
        value=service.partition("/")[2],
    )


def not_soap(base_url: str, reason: str) -> ProtocolError:
    """The error of a server that is no NAV, or of an address that is not SOAP's."""
    return ProtocolError(
        "The server answers, but not as NAV's SOAP services do.",
        code="not_an_api",
        hint="Check base_url; it ends with /WS.",
        field="base_url",
        value=base_url,
        nav_message=reason,
    )
