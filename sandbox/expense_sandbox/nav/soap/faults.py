"""How NAV's SOAP says no: HTTP 500 and a fault that names an exception class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from expense_sandbox.http import Response
from expense_sandbox.nav.soap.xml import leaf, tag
from expense_sandbox.nav.translations import translated

if TYPE_CHECKING:
    from expense_sandbox.nav.errors import NavError
    from expense_sandbox.nav.soap.quirks import SoapQuirks

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SERIALIZATION: Final = "http://schemas.microsoft.com/2003/10/Serialization/"
XML_TYPE: Final = "text/xml; charset=utf-8"
EXCEPTIONS: Final = "Microsoft.Dynamics.Nav.Types.Exceptions."
CLASSES: Final = {
    "Application_DialogException": f"{EXCEPTIONS}NavNCLDialogException",
    "Application_FieldValidationException": f"{EXCEPTIONS}NavTestFieldException",
    "Application_CallbackNotAllowed": f"{EXCEPTIONS}NavNCLCallbackNotAllowedException",
    "Application_EvaluateException": f"{EXCEPTIONS}NavNCLEvaluateException",
    "Application_StringExceededLength": f"{EXCEPTIONS}NavNCLStringLengthExceededException",
    "Application_FilterErrorException": f"{EXCEPTIONS}NavFilterException",
    "BadRequest_InvalidOperation": f"{EXCEPTIONS}NavNCLInvalidOperationException",
    "Internal_RecordNotFound": f"{EXCEPTIONS}NavCSideRecordNotFoundException",
    "Internal_DataNotFoundFilter": f"{EXCEPTIONS}NavCSideRecordNotFoundException",
    "Internal_EntityWithSameKeyExists": f"{EXCEPTIONS}NavCSideDuplicateKeyException",
    "Internal_InvalidTableRelation": f"{EXCEPTIONS}NavCSideValidateTableRelationException",
    "Internal_CompanyNotFound": f"{EXCEPTIONS}NavCompanyNotFoundException",
    "Application_LockTimeout": f"{EXCEPTIONS}NavCSideSQLLockTimeoutException",
    "Request_EntityChanged": "Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException",
    "BadRequest": "System.InvalidOperationException",
    "BadRequest_NotFound": "Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException",
}
OTHER_CLASS: Final = f"{EXCEPTIONS}NavNCLException"
NOT_ALLOWED: Final = "Callback functions are not allowed."


def envelope(content: str, prefix: str = "Soap") -> bytes:
    """A SOAP 1.1 message around the content of its body."""
    body = tag(f"{prefix}:Body", content)
    return tag(f"{prefix}:Envelope", body, **{f"xmlns_{prefix}": ENVELOPE}).encode()


def fault(error: NavError, quirks: SoapQuirks) -> Response:
    """The answer that tells a refusal."""
    message = error.message
    if error.code == "Application_CallbackNotAllowed" and quirks.callback_text == "not_allowed":
        message = NOT_ALLOWED
    message = translated(message, quirks.language)
    exception = CLASSES.get(error.code, OTHER_CLASS)
    content = leaf(
        "faultcode", f"a:{exception}", xmlns_a="urn:microsoft-dynamics-schemas/error"
    ) + leaf("faultstring", message, xml_lang=quirks.language)
    if quirks.fault_detail:
        content += tag("detail", leaf("string", message, xmlns=SERIALIZATION))
    return Response(500, {"Content-Type": XML_TYPE}, envelope(tag("s:Fault", content), "s"))
