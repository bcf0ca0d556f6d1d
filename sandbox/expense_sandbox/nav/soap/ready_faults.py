"""Faults of a NAV SOAP server, ready to add to a `FaultPlan`."""

from __future__ import annotations

from expense_sandbox.faults import Fault
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.soap.faults import XML_TYPE, fault
from expense_sandbox.nav.soap.quirks import SoapQuirks

LOCKED = (
    "The operation could not complete because a record in the {table} table was locked by another "
    "user. Please retry the activity."
)


def locked(match: str, *, table: str = "G/L Entry", times: int = 1) -> Fault:
    """Somebody else holds a table: nothing was done."""
    answer = fault(NavError("Application_LockTimeout", LOCKED.format(table=table)), SoapQuirks())
    headers = {"Content-Type": XML_TYPE}
    return Fault(
        "before", match, times, status=answer.status, headers=headers, body=answer.body.decode()
    )


def lost_answer(match: str, *, times: int = 1) -> Fault:
    """The server finishes what was asked; the connection breaks before it says so."""
    return Fault("reset_after", match, times)


def gateway_timeout(match: str, *, times: int = 1) -> Fault:
    """The server finishes what was asked; a proxy in front has given up by then."""
    headers = {"Content-Type": "text/html"}
    return Fault("after", match, times, status=504, headers=headers, body="<h1>504</h1>")
