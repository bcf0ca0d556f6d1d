"""What a check of a NAV server finds, whatever the dialect: the interface between `doctor` and the dialects.

Each dialect has an `Inspector`: `ApiV2Inspector`, `OdataV4Inspector`, `SoapInspector` (`nav/<dialect>_inspection.py`),
made by `factory.build_inspector`. `inspect(company)` yields findings in the order in which a person would mend things,
each one clear line, and only reads: address, encryption, credentials, company, then each service with the fields that
are needed of it, the way to post, journals. It never raises a TargetError: it begins with one request, whose end
`reached` turns into findings; `finding_of` does so for the error of a later one. What cannot be looked at because of
something missing is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from target_dynamics_nav.errors import (
    CredentialsError,
    OutageError,
    RetryLaterError,
    StopRunError,
    TargetError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION_EXIT_CODE = 78


class Verdict(str, Enum):
    """What a finding means for a run."""

    OK = "ok"
    LIMITED = "limited"
    """A run works, with less: the finding says what is left out."""
    MISSING = "missing"
    """A run does not work before this is mended."""


@dataclass(frozen=True)
class Finding:
    """One line of the check.

    Attributes:
        check: What was looked at, snake_case and stable.
        verdict: What it means for a run.
        message: What is there or not, one plain sentence.
        hint: What to do, where something is to be done.
        exit_code: What the check ends with when this is the first that is missing.
    """

    check: str
    verdict: Verdict
    message: str
    hint: str | None = None
    exit_code: int = CONFIGURATION_EXIT_CODE


class Inspector(Protocol):
    """Looks at a NAV server without changing anything."""

    def inspect(self, company: str) -> Iterator[Finding]:
        """Findings, in order; stops where nothing further can be looked at.

        Args:
            company: Name or id of the company that documents go to.
        """

    def close(self) -> None:
        """Release connections."""


def finding_of(check: str, error: TargetError) -> Finding:
    """What an error means as a finding: something is missing, with NAV's own words and what to do."""
    message = error.message
    if error.nav_message and error.nav_message not in message:
        message = f"{message} NAV says: {error.nav_message}"
    code = error.exit_code if isinstance(error, StopRunError) else OutageError.exit_code
    return Finding(check, Verdict.MISSING, message, error.hint, code)


def reached(base_url: str, error: TargetError | None = None) -> Iterator[Finding]:
    """Findings on address, encryption and credentials, from how the first request ended.

    Args:
        base_url: What was asked.
        error: What the first request ended with; None when it was answered well.
    """
    encrypted = base_url.startswith("https:")
    address = Finding("address", Verdict.OK, f"{base_url} answers.")
    encryption = (
        Finding("encryption", Verdict.OK, "The connection is encrypted, the certificate trusted.")
        if encrypted
        else Finding(
            "encryption",
            Verdict.LIMITED,
            "The connection is not encrypted.",
            "Give the server a certificate and switch SSL on for its web services.",
        )
    )
    if isinstance(error, (OutageError, RetryLaterError)):
        yield finding_of("address", error)
        return
    if error is not None and error.code == "certificate_not_trusted":
        yield address
        yield finding_of("encryption", error)
        return
    if error is not None and error.code in _NO_NAV_THERE:
        yield finding_of("address", error)
        return
    yield address
    yield encryption
    if isinstance(error, CredentialsError):
        yield finding_of("credentials", error)
        return
    if error is not None and error.code.endswith("services_off"):
        yield finding_of("web_services", error)
        return
    if error is not None:
        yield finding_of("server", error)
        return
    yield Finding("credentials", Verdict.OK, "The server accepts the credentials.")


_NO_NAV_THERE = frozenset({"nav_address_not_found", "not_an_api", "redirected", "token_endpoint"})
