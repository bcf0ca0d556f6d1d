"""What the Integration Server does for each job that reads; the rest is refused."""

from __future__ import annotations

import hmac
import threading
import uuid
from collections import Counter, OrderedDict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from expense_sandbox.expensify.answers import JobRefusedError, envelope, text_answer
from expense_sandbox.expensify.cards import (
    checked_domain,
    domain_cards,
    domains_of,
    read_reconciliation,
    reconciliation_model,
)
from expense_sandbox.expensify.filters import read_filter
from expense_sandbox.expensify.freemarker import TemplateError, render, render_cards
from expense_sandbox.expensify.model import template_model, with_approval_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from expense_sandbox.credentials import ExpensifyCredentials
    from expense_sandbox.expensify.quirks import Quirks
    from expense_sandbox.expensify.reports import Reports
    from expense_sandbox.http import Response
    from expense_sandbox.world import Policy

_POLICY_SECTIONS: Final = ("categories", "reportFields", "tags", "tax", "employees")
_TEXT_EXTENSIONS: Final = frozenset({"csv", "txt", "json", "xml"})
_OTHER_EXTENSIONS: Final = frozenset({"xls", "xlsx", "pdf"})
_KEPT_FILES: Final = 64


def utc_today() -> date:
    """Today's date in UTC."""
    return datetime.now(timezone.utc).date()


class Jobs:
    """The jobs over one world.

    Args:
        reports: The reports as they stand.
        policies: The policies.
        credentials: The pair that is let in.
        quirks: How the service behaves where nobody knows.
        today: The service's date, for the one-year rules.

    Attributes:
        refused: What a reader has no business sending, and how often it was sent: `onFinish`,
            or a job such as `create expenses`.
    """

    def __init__(
        self,
        reports: Reports,
        policies: tuple[Policy, ...],
        *,
        credentials: ExpensifyCredentials,
        quirks: Quirks,
        today: Callable[[], date],
    ) -> None:
        self.refused: Counter[str] = Counter()
        self._reports = reports
        self._policies = {policy.policy_id: policy for policy in policies}
        self._credentials = credentials
        self._quirks = quirks
        self._today = today
        self._lock = threading.Lock()
        self._files: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def run(self, job: Mapping[str, Any], template: str | None) -> Response:
        """Do one job.

        Args:
            job: The parsed `requestJobDescription`.
            template: The form field of that name.

        Raises:
            JobRefusedError: With the envelope's code and text.
        """
        self._check_credentials(job)
        kind = job.get("type")
        if kind == "file":
            return self._export(job, template)
        if kind == "download":
            return self._download(job)
        if kind == "get":
            return self._get(job)
        if kind == "reconciliation":
            return self._reconcile(job, template)
        if kind in ("create", "update"):
            return self._refuse(operation_name(job))
        raise JobRefusedError(410, "Argument 'type' is missing or malformed")

    def _check_credentials(self, job: Mapping[str, Any]) -> None:
        given = job.get("credentials")
        given = given if isinstance(given, dict) else {}
        pairs = (
            (given.get("partnerUserID"), self._credentials.user_id),
            (given.get("partnerUserSecret"), self._credentials.user_secret),
        )
        if not all(_same(value, expected) for value, expected in pairs):
            raise JobRefusedError(401, "Authentication error")

    def _refuse(self, what: str) -> Response:
        with self._lock:
            self.refused[what] += 1
        raise JobRefusedError(403, f"The sandbox is read-only and refuses {what}")

    def _export(self, job: Mapping[str, Any], template: str | None) -> Response:
        if job.get("onFinish"):
            return self._refuse("onFinish")
        if not template:
            raise JobRefusedError(410, "No Template Submitted")
        settings = _object(job, "inputSettings")
        if settings.get("type") != "combinedReportData":
            raise JobRefusedError(410, "Argument 'inputSettings.type' is missing or malformed")
        receipt = job.get("onReceive", {"immediateResponse": ["returnRandomFileName"]})
        if receipt != {"immediateResponse": ["returnRandomFileName"]}:
            raise JobRefusedError(410, "Argument 'onReceive' is missing or malformed")
        name = _file_name(job)
        chosen = read_filter(settings, self._today())
        if chosen.employee_email is not None and not self._is_member(chosen.employee_email):
            raise JobRefusedError(
                500, f"Not authorized to authenticate as user {chosen.employee_email}"
            )
        reports = [with_approval_date(report, self._quirks) for report in self._reports.all()]
        models = [
            template_model(report, self._quirks)
            for report in chosen.select(reports, self._reports.labels())
        ]
        try:
            text = render(template, models, self._quirks)
        except TemplateError as error:
            raise JobRefusedError(500, f"Template error: {error}") from error
        self._keep("integrationServer", name, text)
        return text_answer(name)

    def _reconcile(self, job: Mapping[str, Any], template: str | None) -> Response:
        if job.get("onFinish"):
            return self._refuse("onFinish")
        if not template:
            raise JobRefusedError(410, "No Template Submitted")
        reports = self._reports.all()
        asked = read_reconciliation(_object(job, "inputSettings"), domains_of(reports))
        extension = _object(job, "outputSettings").get("fileExtension", "csv")
        if extension not in _TEXT_EXTENSIONS:
            raise JobRefusedError(410, "Argument 'fileExtension' is missing or malformed")
        try:
            text = render_cards(template, reconciliation_model(reports, asked), self._quirks)
        except TemplateError as error:
            raise JobRefusedError(
                500, "Error encountered while trying to write reconcilation report to file."
            ) from error
        name = f"is_reconciliation_{uuid.uuid4().int % 10**19}.{extension}"
        self._keep("reconciliation", name, text)
        return envelope({"filename": name, "responseMessage": "OK", "responseCode": 200})

    def _keep(self, file_system: str, name: str, text: str) -> None:
        with self._lock:
            self._files[file_system, name] = text.encode()
            while len(self._files) > _KEPT_FILES:
                self._files.popitem(last=False)

    def _is_member(self, email: str) -> bool:
        return any(
            employee["email"] == email
            for policy in self._policies.values()
            for employee in policy.employees
        )

    def _download(self, job: Mapping[str, Any]) -> Response:
        file_system = str(job.get("fileSystem", "integrationServer"))
        with self._lock:
            content = self._files.get((file_system, str(job.get("fileName"))))
        if content is None:
            raise JobRefusedError(404, "File not found")
        return text_answer(content)

    def _get(self, job: Mapping[str, Any]) -> Response:
        settings = _object(job, "inputSettings")
        if settings.get("type") == "policyList":
            return self._list_policies(settings)
        if settings.get("type") == "policy":
            return self._show_policies(settings)
        if settings.get("type") == "domainCardList":
            reports = self._reports.all()
            cards = domain_cards(reports, checked_domain(settings, domains_of(reports)))
            return envelope({"domainCardList": cards, "responseCode": 200})
        raise JobRefusedError(410, "Argument 'type' is missing or malformed")

    def _list_policies(self, settings: Mapping[str, Any]) -> Response:
        admin_only = settings.get("adminOnly") is True
        items = [
            dict(policy.listing)
            for policy in self._policies.values()
            if not admin_only or policy.listing["role"] == "admin"
        ]
        return envelope({"policyList": items, "responseCode": 200})

    def _show_policies(self, settings: Mapping[str, Any]) -> Response:
        policy_ids = _list(settings, "policyIDList")
        fields = _list(settings, "fields")
        for name in fields:
            if name not in _POLICY_SECTIONS:
                raise JobRefusedError(410, "Argument 'fields' is missing or malformed")
        known = [policy_id for policy_id in policy_ids if policy_id in self._policies]
        if len(known) < len(policy_ids) and self._quirks.unknown_policy == "not_found":
            raise JobRefusedError(404, "Policy not found")
        sections = {
            policy_id: _sections(self._policies[policy_id], frozenset(fields))
            for policy_id in known
        }
        return envelope({"responseCode": 200, "policyInfo": sections})


def operation_name(job: Mapping[str, Any]) -> str:
    """A short label for a job: `file`, `download`, `get policyList`, `create expenses`."""
    kind = str(job.get("type", ""))
    if kind not in ("get", "create", "update"):
        return kind
    settings = job.get("inputSettings")
    detail = settings.get("type", "") if isinstance(settings, dict) else ""
    return f"{kind} {detail}".strip()


def _sections(policy: Policy, fields: frozenset[str]) -> dict[str, Any]:
    everything = {
        "categories": policy.categories,
        "reportFields": policy.report_fields,
        "tags": policy.tags,
        "tax": policy.tax,
        "employees": policy.employees,
    }
    return {name: value for name, value in everything.items() if name in fields}


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def _file_name(job: Mapping[str, Any]) -> str:
    settings = job.get("outputSettings", {})
    settings = settings if isinstance(settings, dict) else {}
    extension = settings.get("fileExtension", "csv")
    if extension in _OTHER_EXTENSIONS:
        raise JobRefusedError(500, f"The sandbox makes no {extension} files, only texts")
    if extension not in _TEXT_EXTENSIONS:
        raise JobRefusedError(410, "Argument 'fileExtension' is missing or malformed")
    return f"{settings.get('fileBasename', 'export')}{uuid.uuid4()}.{extension}"


def _object(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = settings.get(name)
    if not isinstance(value, dict):
        raise JobRefusedError(410, f"Argument '{name}' is missing or malformed")
    return value


def _list(settings: Mapping[str, Any], name: str) -> list[str]:
    value = settings.get(name)
    if value is None or value == []:
        raise JobRefusedError(410, f"Required parameter '{name}' is missing")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise JobRefusedError(410, f"Argument '{name}' is missing or malformed")
    return value
