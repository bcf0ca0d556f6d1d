"""Asks Expensify about one report that the ledger has never seen, and says why the pipeline did not read it.

A tap passes on approved reports only, so it cannot tell "not approved yet" from "deleted". Therefore this asks itself:
one export of one report by its id, whatever its state, and the download of the file; nothing is written in Expensify.
The settings are those of tap-expensify, from the environment. The address has to be named there: credentials are never
sent to a place nobody wrote down.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from target_dynamics_nav.errors import CredentialsError, OutageError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX = "TAP_EXPENSIFY_"
REQUIRED = ("BASE_URL", "PARTNER_USER_ID", "PARTNER_USER_SECRET")
REAL_ADDRESS = "https://integrations.expensify.com/Integration-Server/ExpensifyIntegrations"
TIMEOUT_SECONDS = (10.0, 60.0)
LARGEST_ANSWER = 1_000_000
READ_STATES = ("APPROVED", "REIMBURSED")

_STATES = {
    "Open": "OPEN",
    "Processing": "SUBMITTED",
    "Approved": "APPROVED",
    "Reimbursed": "REIMBURSED",
    "Closed": "ARCHIVED",
}
"""Expensify's words for states → names in its filters."""
_OK, _TOO_MANY, _DENIED = 200, 429, (401, 403)

# A value may be missing, text, or a number; every one leaves as JSON text.
_TEMPLATE = """\
<#function text value><#if value?is_string><#return value?json_string></#if>\
<#if value?is_number><#return value?c></#if><#return ""></#function>\
<#list reports as report>{"report_id":"${text(report.reportID!"")}",\
"status":"${text(report.status!"")}","policy_id":"${text(report.policyID!"")}",\
"policy_name":"${text(report.policyName!"")}","approved":"${text(report.approved!"")}",\
"submitted":"${text(report.submitted!"")}"}
</#list>{"reports":${reports?size?c}}
"""


@dataclass(frozen=True)
class Unseen:
    """Why the ledger does not know a report.

    Attributes:
        code: Stable, snake_case.
        message: One or two plain sentences.
        next_steps: What to do.
        facts: What Expensify says of it; None when it was not asked or does not know it.
    """

    code: str
    message: str
    next_steps: Sequence[str] = ()
    facts: Mapping[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "code": self.code,
            "message": self.message,
            "next_steps": list(self.next_steps),
            "facts": dict(self.facts) if self.facts else None,
        }


def why_unseen(report: str, environment: Mapping[str, str] = os.environ) -> Unseen:
    """Ask Expensify, where the environment says how, and judge.

    Args:
        report: A report id or number.
        environment: Variables `TAP_EXPENSIFY_…`.

    Raises:
        OutageError: Expensify does not answer.
        CredentialsError: It does not accept the credentials.
        ProtocolError: Its answer is none that it should give.
        ConfigurationError: The address is not one that credentials may be sent to.
    """
    missing = [
        f"{PREFIX}{name}" for name in REQUIRED if not environment.get(f"{PREFIX}{name}", "").strip()
    ]
    if missing:
        return Unseen(
            "not_asked",
            "Expensify was not asked, because the environment does not say how.",
            [
                f"Set {', '.join(missing)}; the real address is {REAL_ADDRESS}.",
                (
                    "Check the id: upper and lower case count. A document key or NAV number that the ledger does not "
                    "know is not one of its documents."
                ),
            ],
        )
    if not report.isascii() or not report.isalnum():
        return Unseen(
            "no_report_id",
            f"{report} is no report id, so Expensify cannot be asked about it.",
            ["Give the report's id (R00…) or number, as Expensify shows it."],
        )
    return judge(report, ask(report, environment), environment)


def judge(report: str, facts: Mapping[str, str] | None, environment: Mapping[str, str]) -> Unseen:
    """Why the pipeline has not read a report. Pure.

    Args:
        report: As the person named it.
        facts: What Expensify says of it; None when it does not know it.
        environment: The tap's settings.
    """
    if facts is None:
        return Unseen(
            "not_in_expensify",
            f"Expensify does not know {report}, or does not show it to these credentials: it was deleted, the id is "
            "misspelt (upper and lower case count), or its policy is closed to them.",
            ["Look it up in Expensify, and copy the id from there."],
        )
    named = f"Expensify has it, in the policy {facts['policy_name'] or facts['policy_id']}"
    states = [state.upper() for state in _listed(environment, "REPORT_STATES")] or list(READ_STATES)
    state = _STATES.get(facts["status"], facts["status"].upper())
    policies = _listed(environment, "POLICY_IDS")
    approved = facts["approved"][:10]
    first = environment.get(f"{PREFIX}START_DATE", "")[:10]
    last = environment.get(f"{PREFIX}END_DATE", "")[:10]
    if state not in states:
        return Unseen(
            "not_approved",
            f"{named}, but it is {facts['status']}; the pipeline reads {' and '.join(states)}.",
            ["Nothing here: have it approved in Expensify. The run after that reads it."],
            facts,
        )
    if policies and facts["policy_id"] not in policies:
        return Unseen(
            "other_policy",
            f"{named}, which is not among the policies the pipeline reads.",
            [f"If it belongs in NAV, add {facts['policy_id']} to the tap's setting policy_ids."],
            facts,
        )
    if not approved:
        return Unseen(
            "never_approved",
            f"{named}, {facts['status']}, but without any approval; the pipeline reads what was approved.",
            ["Have it approved in Expensify."],
            facts,
        )
    if (first and approved < first) or (last and approved > last):
        return Unseen(
            "outside_window",
            f"{named}, approved on {approved}; the pipeline reads approvals from {first or 'the start'} to "
            f"{last or 'today'}.",
            [_replay(facts), "Or change start_date or end_date of the tap."],
            facts,
        )
    return Unseen(
        "not_read_yet",
        f"{named}, {facts['status']}, approved on {approved}: the next run should read it.",
        [
            "Run the pipeline: meltano run expensify-to-nav.",
            f"If that does not bring it, its approval showed up late. {_replay(facts)}",
        ],
        facts,
    )


def _replay(facts: Mapping[str, str]) -> str:
    from target_dynamics_nav.audit.words import REPLAY  # noqa: PLC0415 - only here

    return f"To read it by its id: {REPLAY.format(report=facts['report_id'])}"


def _listed(environment: Mapping[str, str], name: str) -> list[str]:
    text = environment.get(f"{PREFIX}{name}", "").strip()
    if text.startswith("["):
        try:
            items = json.loads(text)
        except ValueError:
            return []
        return [str(item) for item in items] if isinstance(items, list) else []
    return [item.strip() for item in text.split(",") if item.strip()]


def ask(report: str, environment: Mapping[str, str]) -> dict[str, str] | None:
    """What Expensify says of a report; None when it does not know it.

    Expensify answers errors with HTTP 200 and a `responseCode` in the body. An id that it does not know, or does not
    show, is simply missing in the file.

    Raises:
        OutageError, CredentialsError, ProtocolError, ConfigurationError: See `why_unseen`.
    """
    from target_dynamics_nav.nav.transport import (  # noqa: PLC0415 - slow to load
        checked_address,
        is_loopback_address,
    )

    address = checked_address("base_url", environment[f"{PREFIX}BASE_URL"].strip())
    credentials = {
        "partnerUserID": environment[f"{PREFIX}PARTNER_USER_ID"].strip(),
        "partnerUserSecret": environment[f"{PREFIX}PARTNER_USER_SECRET"].strip(),
    }
    with requests.Session() as session:
        # A proxy named by the environment is no place for credentials to this machine.
        session.trust_env = not is_loopback_address(address)
        made = _send(
            session,
            address,
            credentials,
            {
                "type": "file",
                "onReceive": {"immediateResponse": ["returnRandomFileName"]},
                "inputSettings": {
                    "type": "combinedReportData",
                    "filters": {"reportIDList": report},
                },
                "outputSettings": {"fileExtension": "json"},
            },
            template=_TEMPLATE,
        )
        name = made.strip()
        if not name or "\n" in name or name.startswith(("{", "<")):
            raise _not_understood()
        content = _send(
            session,
            address,
            credentials,
            {"type": "download", "fileName": name, "fileSystem": "integrationServer"},
        )
    return _read(content)


def _send(
    session: requests.Session,
    address: str,
    credentials: Mapping[str, str],
    job: Mapping[str, Any],
    template: str | None = None,
) -> str:
    form = {"requestJobDescription": json.dumps({**job, "credentials": credentials})}
    if template is not None:
        form["template"] = template
    try:
        answer = session.post(address, data=form, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise OutageError(
            "Expensify could not be asked: it does not answer.",
            code="expensify_unavailable",
            hint="Try again later, or use --offline.",
        ) from error
    text = answer.content[:LARGEST_ANSWER].decode("utf-8", "replace")
    code = _response_code(text) or answer.status_code
    if code in _DENIED:
        raise CredentialsError(
            "Expensify does not accept the credentials.",
            code="expensify_credentials",
            hint=f"Check {PREFIX}PARTNER_USER_ID and {PREFIX}PARTNER_USER_SECRET.",
        )
    if code == _TOO_MANY:
        raise OutageError(
            "Expensify allows no more requests at the moment.",
            code="expensify_busy",
            hint="Wait a minute and try again.",
        )
    if code != _OK:
        raise OutageError(
            f"Expensify could not answer (code {code}).",
            code="expensify_unavailable",
            hint="Try again later, or use --offline.",
        )
    return text


def _response_code(text: str) -> int | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        code = json.loads(text).get("responseCode")
    except (ValueError, AttributeError):
        return None
    return code if isinstance(code, int) else None


def _read(content: str) -> dict[str, str] | None:
    try:
        *found, trailer = [json.loads(line) for line in content.splitlines() if line.strip()]
        if trailer["reports"] != len(found):
            raise _not_understood()
    except (ValueError, KeyError, TypeError) as error:
        raise _not_understood() from error
    return {str(name): str(value) for name, value in found[0].items()} if found else None


def _not_understood() -> ProtocolError:
    return ProtocolError(
        "Expensify's answer about the report is not whole.",
        code="expensify_answer",
        hint="Try again; --offline does without.",
    )
