"""Expensify's Integration Server behind one port: one address, form fields in, texts out."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from expense_sandbox.expensify.answers import JobRefusedError, rate_limited, refusal
from expense_sandbox.expensify.jobs import Jobs, operation_name, utc_today
from expense_sandbox.expensify.quirks import Quirks
from expense_sandbox.expensify.rate_limit import RateLimit
from expense_sandbox.expensify.reports import Reports
from expense_sandbox.http import Request, Response, SandboxServer, json_response, text_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from expense_sandbox.credentials import ExpensifyCredentials
    from expense_sandbox.faults import FaultPlan
    from expense_sandbox.http import LoggedRequest
    from expense_sandbox.world import World

ENDPOINT: Final = "/Integration-Server/ExpensifyIntegrations"


@dataclass(frozen=True)
class LoggedJob:
    """A job as it came, without credentials, and the `responseCode` it ended in (200 is good)."""

    operation: str
    description: dict[str, Any]
    has_template: bool
    code: int


class ExpensifyServer:
    """The stand-in: `start` it, point a client at `endpoint_url`, look at what the client did.

    Args:
        world: What there is to export.
        credentials: The pair that is let in.
        port: Port on 127.0.0.1; 0 lets the system choose.
        faults: Faults in force from the start; `expensify.faults` has the usual ones.
        rate_limits: Whether 5 requests in 10 s and 20 in 60 s are enforced.
        quirks: How the service behaves where nobody knows.
        today: The service's date, for the one-year rules.
        rate_limit: The limits themselves, where a test brings its own clock.

    Attributes:
        reports: The reports as they stand; tests change them between two exports.
        jobs_log: Every job that reached the service, in order.
    """

    def __init__(
        self,
        world: World,
        *,
        credentials: ExpensifyCredentials,
        port: int = 0,
        faults: FaultPlan | None = None,
        rate_limits: bool = True,
        quirks: Quirks | None = None,
        today: Callable[[], date] = utc_today,
        rate_limit: RateLimit | None = None,
    ) -> None:
        self.reports = Reports(world.reports)
        self.jobs_log: list[LoggedJob] = []
        self._quirks = quirks if quirks is not None else Quirks()
        self._jobs = Jobs(
            self.reports,
            world.policies,
            credentials=credentials,
            quirks=self._quirks,
            today=today,
        )
        self._rate_limit = (rate_limit or RateLimit()) if rate_limits else None
        self._log_lock = threading.Lock()
        self._server = SandboxServer(
            self._answer,
            name="expensify",
            port=port,
            faults=faults,
            operation=_operation,
            control=self._control,
        )

    @property
    def url(self) -> str:
        """Where the server is, without a path."""
        return self._server.url

    @property
    def endpoint_url(self) -> str:
        """The one address all jobs go to."""
        return self.url + ENDPOINT

    @property
    def faults(self) -> FaultPlan:
        """The faults in force."""
        return self._server.faults

    @property
    def requests_log(self) -> list[LoggedRequest]:
        """Every request, also those that faults kept from the service."""
        return self._server.requests_log

    @property
    def refused(self) -> dict[str, int]:
        """What a reader has no business sending (`onFinish`, `create …`), and how often it came."""
        return dict(self._jobs.refused)

    def start(self) -> None:
        """Answer requests from a daemon thread until `stop`."""
        self._server.start()

    def stop(self) -> None:
        """Close the port and every open connection."""
        self._server.stop()

    def _answer(self, request: Request) -> Response:
        if request.path != ENDPOINT or request.method not in ("GET", "POST"):
            return text_response("<html><body>HTTP Status 404</body></html>", 404)
        if self._rate_limit is not None and not self._rate_limit.admit():
            return rate_limited(self._quirks)
        fields = _form_fields(request)
        job = _job(fields)
        if job is None:
            return refusal(500, "requestJobDescription is not valid JSON")
        template = fields.get("template")
        code = 200
        try:
            return self._jobs.run(job, template)
        except JobRefusedError as error:
            code = error.code
            return refusal(error.code, error.message)
        finally:
            self._log(job, template, code)

    def _log(self, job: dict[str, Any], template: str | None, code: int) -> None:
        description = {name: value for name, value in job.items() if name != "credentials"}
        logged = LoggedJob(operation_name(job), description, template is not None, code)
        with self._log_lock:
            self.jobs_log.append(logged)

    def _control(self, request: Request) -> Response | None:
        """Control endpoints of this server: `jobs`, `refused`, `reports`, `reports/{id}`."""
        resource, _, report_id = request.path.removeprefix("/_sandbox/").strip("/").partition("/")
        if resource == "reports":
            return self._control_reports(request, report_id)
        if request.method != "GET" or report_id:
            return None
        if resource == "refused":
            return json_response(self.refused)
        if resource == "jobs":
            return json_response([vars(job) for job in list(self.jobs_log)])
        return None

    def _control_reports(self, request: Request, report_id: str) -> Response | None:
        try:
            if request.method == "GET" and not report_id:
                return json_response(self.reports.all())
            if request.method == "PATCH" and report_id:
                return json_response(self.reports.change(report_id, json.loads(request.body)))
            if request.method == "DELETE" and report_id:
                self.reports.remove(report_id)
                return Response(204)
        except KeyError:
            return json_response({"error": f"No report {report_id}."}, 404)
        except ValueError:
            return json_response({"error": "The body is not JSON."}, 400)
        return None


def _form_fields(request: Request) -> dict[str, str]:
    # As servlets do: the query string first, and then a form in the body.
    pairs = parse_qsl(request.query, keep_blank_values=True)
    content_type = request.headers.get("Content-Type", "")
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        body = request.body.decode("utf-8", errors="replace")
        pairs += parse_qsl(body, keep_blank_values=True)
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def _job(fields: dict[str, str]) -> dict[str, Any] | None:
    """The job description; empty when none was sent, None when it is not a JSON object."""
    try:
        job = json.loads(fields.get("requestJobDescription", "{}"))
    except ValueError:
        return None
    return job if isinstance(job, dict) else None


def _operation(request: Request) -> str:
    return operation_name(_job(_form_fields(request)) or {})
