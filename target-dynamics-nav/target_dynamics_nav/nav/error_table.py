"""NAV's error answers → our errors: by HTTP status, by NAV's error code, by text. Pure.

`classify` says what an answer means; `is_transient` and `is_lock_conflict` say what a read may simply repeat. The
refusals of single documents are in `error_rules.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
    ProtocolError,
    TargetError,
)
from target_dynamics_nav.nav.error_rules import REFUSAL_RULES, RUN_AGAIN

TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})

_CORRELATION = re.compile(r"\s*CorrelationId:\s*[0-9a-f-]*\.?\s*$", re.IGNORECASE)
_LOCK_CONFLICT = re.compile(
    r"deadlocked with another user|locked by another user|Please retry the activity"
    r"|Please try again later",
    re.IGNORECASE,
)
_PERMISSION = re.compile(
    r"current permissions prevented|do not have (?:the following )?permissions?", re.IGNORECASE
)
_CHANGED = re.compile(r"Another user has already changed the record", re.IGNORECASE)
_DATA_UPGRADE = re.compile(r"must run the data upgrade for this API page", re.IGNORECASE)
_DATA_CODES = (
    "Application_",
    "Internal_InvalidTableRelation",
    "Internal_RecordNotFound",
    "Internal_DataNotFoundFilter",
)
_NOT_OURS = {"Application_FilterErrorException", "Application_InvalidGUID"}
_LONGEST_EXCERPT = 300


@dataclass(frozen=True)
class NavProblem:
    """An error answer taken apart: HTTP status, NAV's error code ("" without one), text without correlation id."""

    status: int
    code: str
    text: str


def problem(status: int, body: object, raw: str = "") -> NavProblem:
    """Take an error answer apart.

    Args:
        status: HTTP status, of the answer or of one part of a batch.
        body: The parsed JSON, or None; NAV sends `{"error": {"code", "message"}}`, gateways send anything.
        raw: The body as text, used when it is no JSON.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        stripped = re.sub(r"<[^>]*>", " ", raw)
        return NavProblem(status, "", " ".join(stripped.split())[:_LONGEST_EXCERPT])
    return NavProblem(status, str(error.get("code") or ""), clean(str(error.get("message") or "")))


def clean(text: str) -> str:
    """NAV's words on one line, without the correlation id, which changes with every answer."""
    return " ".join(_CORRELATION.sub("", text).split())


def is_lock_conflict(found: NavProblem) -> bool:
    """A deadlock or lock time-out; NAV reports it as 409, 400 or 500, so its words decide."""
    return found.status in (400, 409, 500) and bool(_LOCK_CONFLICT.search(found.text))


def is_transient(found: NavProblem) -> bool:
    """A read that got this answer may be repeated."""
    return found.status in TRANSIENT_STATUSES or is_lock_conflict(found)


def classify(found: NavProblem) -> TargetError:
    """The error for a final answer, that is one that is not repeated.

    A 5xx, a 408 and a lock conflict come out as OutcomeUnknownError: they are final for writes only.
    """
    return (
        _access(found)
        or _address(found)
        or _uncertain(found)
        or _concurrency(found)
        or _data(found)
    )


def _access(found: NavProblem) -> TargetError | None:
    if found.status == HTTPStatus.UNAUTHORIZED:
        return CredentialsError(
            "NAV does not accept the credentials.",
            code="nav_rejected_credentials",
            hint="Check auth_method and its settings; with OAuth the application must be enabled "
            "on NAV's page Microsoft Entra Applications.",
            nav_message=found.text,
        )
    if (
        found.status == HTTPStatus.FORBIDDEN
        or found.code.startswith("Authorization_")
        or _PERMISSION.search(found.text)
    ):
        return CredentialsError(
            "NAV knows the credentials but does not permit what has to be done.",
            code="nav_permissions_missing",
            hint="Give the user or the Entra application a permission set for what is named here.",
            nav_message=found.text,
        )
    return None


def _address(found: NavProblem) -> TargetError | None:
    """Errors that say that we are at the wrong door, or that the door is not open yet."""
    if found.code == "Internal_CompanyNotFound":
        return ConfigurationError(
            "NAV does not know the company.",
            code="company_unknown",
            hint="Check the company setting.",
            field="company",
            nav_message=found.text,
        )
    if _DATA_UPGRADE.search(found.text):
        return ConfigurationError(
            "NAV's API for purchase credit memos is not ready: a data upgrade has to run first.",
            code="data_upgrade_needed",
            hint="In NAV, open the page API Data Upgrade and schedule the upgrade it names.",
            nav_message=found.text,
        )
    if found.code == "BadRequest_MethodNotAllowed":
        return _unexpected(found)
    if found.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return ConfigurationError(
            "NAV's API services are switched off.",
            code="api_services_off",
            hint="Enable API services and OData services on the NAV server instance.",
            field="base_url",
            nav_message=found.text,
        )
    if found.status == HTTPStatus.NOT_FOUND:
        return ConfigurationError(
            "NAV does not know the address that was asked for.",
            code="nav_address_not_found",
            hint="Check base_url: host, environment or server instance, and that it ends with "
            "/api/v2.0.",
            field="base_url",
            nav_message=found.text,
        )
    return None


def _uncertain(found: NavProblem) -> TargetError | None:
    if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR or found.status == (
        HTTPStatus.REQUEST_TIMEOUT
    ):
        return OutcomeUnknownError(
            f"NAV answered {found.status}; whether it carried out the write is not known.",
            hint="The document is looked up before anything else is done.",
            nav_message=found.text,
        )
    if is_lock_conflict(found):
        return OutcomeUnknownError(
            "Somebody else was working on the same records in NAV.",
            code="lock_conflict",
            hint="The document is looked up and tried again.",
            nav_message=found.text,
        )
    return None


def _concurrency(found: NavProblem) -> TargetError | None:
    if found.code == "Internal_EntityWithSameKeyExists":
        return OutcomeUnknownError(
            "NAV already has a record with the key that was to be created.",
            code="same_key_exists",
            hint="The document is looked up before anything else is done.",
            nav_message=found.text,
        )
    if (
        found.status == HTTPStatus.PRECONDITION_FAILED
        or found.code == "Request_EntityChanged"
        or _CHANGED.search(found.text)
    ):
        return DraftChangedError(
            "The draft was changed in NAV after it was read.",
            hint="It is read and compared again.",
            nav_message=found.text,
        )
    if found.status == HTTPStatus.CONFLICT:
        return OutcomeUnknownError(
            "NAV reports a conflict with another change.",
            code="conflict",
            hint="The document is looked up before anything else is done.",
            nav_message=found.text,
        )
    return None


def _data(found: NavProblem) -> TargetError:
    """What remains: the document is refused, or our request makes no sense to NAV."""
    for rule in REFUSAL_RULES:
        hit = rule.pattern.search(found.text)
        if hit:
            groups = hit.groupdict()
            return DocumentRefusedError(
                rule.message.format(**groups),
                code=rule.code,
                hint=rule.hint,
                field=rule.field,
                value=groups.get(rule.value) if rule.value else None,
                nav_message=found.text,
            )
    if found.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return DocumentRefusedError(
            "The document is larger than NAV accepts in one request.",
            code="document_too_large",
            hint="Split the document where it comes from.",
            nav_message=found.text,
        )
    if found.code == "Internal_DataNotFoundFilter":
        # after a post this may mean that the document was posted some other way: see ApiV2Client.post
        return DocumentRefusedError(
            "NAV did not find a record it needs.",
            code="record_not_found",
            hint=f"Correct what NAV names; {RUN_AGAIN}",
            nav_message=found.text,
        )
    is_data = found.code.startswith(_DATA_CODES) and found.code not in _NOT_OURS
    if found.status == HTTPStatus.BAD_REQUEST and (is_data or found.code == "Unknown"):
        return DocumentRefusedError(
            f"NAV refused the document: {found.text}",
            hint=f"Correct what NAV names; {RUN_AGAIN}",
            nav_message=found.text,
        )
    return _unexpected(found)


def _unexpected(found: NavProblem) -> ProtocolError:
    return ProtocolError(
        f"NAV does not understand a request of this program (HTTP {found.status} "
        f"{found.code or 'without a code'}).",
        code="nav_request_not_understood",
        hint="Check that base_url leads to a Business Central API v2.0; otherwise report a bug, "
        "with NAV's words.",
        nav_message=found.text,
    )
