"""OData V4 page services over HTTP: addresses of companies, pages of lists, what may be sent twice.

A company is part of every address, and every answer says which company it is about: an answer about another one ends
the run, since a server that does not understand the address falls back to a default company without a word.

A read is repeated on anything that may pass. A write is repeated only when it is certain that NAV did not carry it out:
429, or a connection that was never made. In every other case `OutcomeUnknownError` says that its fate is unknown.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from target_dynamics_nav.errors import (
    ConfigurationError,
    OutageError,
    ProtocolError,
    RetryLaterError,
    TargetError,
)
from target_dynamics_nav.nav.error_table import classify, is_transient
from target_dynamics_nav.nav.http import read_error, rows_of
from target_dynamics_nav.nav.odata import Json, to_json
from target_dynamics_nav.nav.retry import (
    RetryPolicy,
    TransientFailure,
    call_with_retries,
    retry_after_seconds,
)
from target_dynamics_nav.nav.transport import Answer, NetworkFailure, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from target_dynamics_nav.nav.retry import Clock

T = TypeVar("T")

SERVICE_PATH = "/ODataV4"
_SUCCESSES = frozenset({200, 201, 202, 204})
_JSON_BODY = {"Content-Type": "application/json"}
_TENANT_UNAVAILABLE = "Internal_TenantUnavailable"
_CONTEXT = re.compile(r"#Company\('((?:[^']|'')*)'\)")
_OPTION = re.compile(
    r"""'(?P<option>[^']+)' is not an option|value "(?P<other>[^"]+)" cannot be evaluated into type Option"""
)
_ROOT = re.compile(r"/ODataV4/", re.IGNORECASE)


class PageHttp:
    """Requests to the page services of one NAV server instance."""

    def __init__(
        self,
        server_url: str,
        transport: Transport,
        *,
        policy: RetryPolicy,
        clock: Clock,
        nav_tenant: str | None = None,
    ) -> None:
        """Take over `transport`; `close` closes it.

        Args:
            server_url: Address of the server instance, without `/ODataV4`.
            transport: Sends requests.
            policy: How long to repeat what may be repeated.
            clock: Time.
            nav_tenant: Tenant of a multi-tenant server, repeated on every address.
        """
        self.root = f"{server_url}{SERVICE_PATH}"
        self.clock = clock
        self._transport = transport
        self._policy = policy
        self._nav_tenant = nav_tenant

    def close(self) -> None:
        """Release connections."""
        self._transport.close()

    def metadata(self) -> bytes:
        """The server's `$metadata`."""
        answer = self._read(self._address(None, "$metadata"), {"Accept": "application/xml"})
        if answer.status != HTTPStatus.OK:
            raise self._local(answer, read_error(answer.problem))
        if answer.body is not None or not answer.raw.lstrip("\ufeff \r\n").startswith("<"):
            raise _no_nav(self.root, None)
        return answer.raw.lstrip("\ufeff").encode()

    def rows(
        self, company: str | None, path: str, *, absent: Collection[int] = frozenset()
    ) -> list[Json] | None:
        """All rows of an entity set, page after page; None when its status is among `absent`.

        Args:
            company: Name of the company, or None for what belongs to none.
            path: Entity set with query.
            absent: Statuses that mean "not there".

        Raises:
            OutageError: No usable answer after all retries.
            ConfigurationError: The answer is about another company.
            StopRunError: The request is refused. A read never raises a DocumentError.
        """
        rows: list[Json] = []
        address = self._address(company, path)
        read: set[str] = set()
        while True:
            read.add(address)
            answer = self._read(address, {})
            if answer.status in absent:
                return None
            page = self._object(answer)
            self._require_company(company, page)
            rows.extend(rows_of(page))
            link = page.get("@odata.nextLink")
            if not link:
                return rows
            address = self._rebased(company, urljoin(address, str(link)))
            if address in read:
                raise ProtocolError(
                    "NAV's list leads back to a page that was read already.", code="list_endless"
                )

    def row_by_query(self, path: str, spelling: str) -> Json | None:
        """One entity, with the company named in the query the way actions need it; None when it is not found so.

        Args:
            path: Entity.
            spelling: The company as it goes into the query, see `company_spellings`.
        """
        answer = self._read(self._queried(path, spelling), {})
        return answer.json if answer.status == HTTPStatus.OK else None

    def write(
        self,
        method: str,
        company: str,
        path: str,
        body: Json | None = None,
        *,
        etag: str | None = None,
        absent: Collection[int] = frozenset(),
    ) -> Answer:
        """One write, carried out at most once as far as anyone can know.

        Args:
            method: POST, PATCH or DELETE.
            company: Name of the company.
            path: Entity set, entity or bound action.
            body: JSON object, or None for DELETE.
            etag: Version the write is meant for.
            absent: Statuses to return instead of raising.

        Raises:
            OutcomeUnknownError: It was sent, and whether it was carried out is not known.
            OutageError: It could not be sent, or NAV was too busy to take it, after all retries; nothing was written.
            TargetError: NAV refused it; nothing was written.
        """
        answer = self._send_write(method, self._address(company, path), body, etag, absent)
        if answer.json is not None and answer.status in _SUCCESSES:
            self._require_company(company, answer.json, strict=False)
        return answer

    def ask(self, action: str, spelling: str, body: Json) -> Json:
        """Call an unbound action that only reads, so that it may be repeated.

        Args:
            action: Its name.
            spelling: The company as it goes into the query.
            body: Parameters.

        Raises:
            OutageError, StopRunError: As `rows`.
        """
        address = self._queried(action, spelling)
        return self._object(self._read(address, _JSON_BODY, to_json(body).encode()))

    def call(self, action: str, spelling: str, body: Json) -> Answer:
        """Call an unbound action, the function of a published codeunit.

        Args:
            action: Its name.
            spelling: The company as it goes into the query, as `row_by_query` has shown it to work.
            body: Parameters.

        Raises:
            TargetError: As `write`.
        """
        return self._send_write("POST", self._queried(action, spelling), body, None, frozenset())

    # Addresses

    def _address(self, company: str | None, path: str) -> str:
        if company is not None and "/" in company:
            return self._queried(path, company)
        prefix = "" if company is None else f"Company('{_quoted(company)}')/"
        return self._with_query(f"{self.root}/{prefix}{path}", {})

    def _queried(self, path: str, company: str) -> str:
        return self._with_query(f"{self.root}/{path}", {"company": company})

    def _with_query(self, address: str, parameters: Mapping[str, str]) -> str:
        """The address with parameters, and the tenant, that it does not have yet."""
        present = {name.lower() for name, _ in parse_qsl(urlsplit(address).query)}
        wanted = {**parameters, **({"tenant": self._nav_tenant} if self._nav_tenant else {})}
        missing = {name: value for name, value in wanted.items() if name not in present}
        if not missing:
            return address
        return address + ("&" if "?" in address else "?") + urlencode(missing, quote_via=quote)

    def _rebased(self, company: str | None, link: str) -> str:
        """A link of NAV's on our own address: a server behind a proxy writes its inner name.

        Raises:
            ProtocolError: It does not lead to page services.
        """
        parts = urlsplit(link)
        hit = _ROOT.search(parts.path)
        if hit is None:
            raise ProtocolError(
                "NAV's link to the rest of a list leads elsewhere.",
                code="foreign_link",
                hint="Check base_url.",
                field="base_url",
                value=self.root,
            )
        address = f"{self.root}/{parts.path[hit.end() :]}?{parts.query}"
        by_query = company is not None and "/" in company
        return self._with_query(address, {"company": company} if company and by_query else {})

    # Reading

    def _read(
        self, address: str, headers: Mapping[str, str], question: bytes | None = None
    ) -> Answer:
        method = "GET" if question is None else "POST"

        def attempt() -> Answer:
            try:
                answer = self._transport.exchange(method, address, headers, question)
            except NetworkFailure as failure:
                raise TransientFailure(failure.reason) from failure
            if is_transient(answer.problem):
                lost = answer.problem.code == _TENANT_UNAVAILABLE
                raise TransientFailure(
                    "NAV says that its tenant is not accessible (nav_tenant)"
                    if lost
                    else f"NAV answered {answer.status}",
                    retry_after=self._retry_after(answer),
                )
            is_json = "json" in answer.headers.get("Content-Type", "").lower()
            if answer.status == HTTPStatus.OK and answer.body is None and is_json:
                raise TransientFailure("NAV's answer was cut off")
            return answer

        return self._repeat(attempt)

    def _object(self, answer: Answer) -> Json:
        if answer.status != HTTPStatus.OK:
            raise self._local(answer, read_error(answer.problem))
        if answer.json is None:
            raise _no_nav(self.root, None)
        return answer.json

    def _require_company(self, company: str | None, body: Json, *, strict: bool = True) -> None:
        """Make sure that the answer is about the company that was meant.

        Args:
            company: Name of the company; None when the request was about none.
            body: Answer.
            strict: Whether an answer that names no company is refused too. A server that is told the company in the
                query may not repeat it.

        Raises:
            ConfigurationError: It is about another one.
        """
        if company is None:
            return
        hit = _CONTEXT.search(unquote(str(body.get("@odata.context") or "")))
        if hit is None and (not strict or "/" in company):
            return
        answered = hit[1].replace("''", "'") if hit else None
        if answered != company:
            about = f'the company "{answered}"' if answered is not None else "no company"
            raise ConfigurationError(
                f'NAV was asked for the company "{company}" and answered for {about}.',
                code="company_not_confirmed",
                hint="Nothing is written to a company that was not meant. Check the name of the company, and that no "
                "proxy changes addresses (the quotes around the name above all).",
                field="company",
                value=company,
            )

    # Writing

    def _send_write(
        self,
        method: str,
        address: str,
        body: Json | None,
        etag: str | None,
        absent: Collection[int],
    ) -> Answer:
        headers = {"If-Match": etag} if etag else {}
        data = None
        if body is not None:
            headers.update(_JSON_BODY)
            data = to_json(body).encode()

        def attempt() -> Answer:
            try:
                answer = self._transport.exchange(method, address, headers, data)
            except NetworkFailure as failure:
                if failure.unsent:
                    raise TransientFailure(failure.reason) from failure
                raise failure.of_a_write() from failure
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise TransientFailure(
                    f"NAV answered {answer.status}", retry_after=self._retry_after(answer)
                )
            return answer

        answer = self._repeat(attempt)
        if answer.status in absent or answer.status in _SUCCESSES:
            return answer
        error = self._local(answer, classify(answer.problem))
        if isinstance(error, RetryLaterError):
            error.retry_after = self._retry_after(answer)
        raise error

    def _local(self, answer: Answer, error: TargetError) -> TargetError:
        """The error in the words of page services, where those of the API would mislead."""
        if error.code == "nav_address_not_found":
            return _no_nav(self.root, error.nav_message)
        if error.code == "api_services_off":
            return ConfigurationError(
                "NAV's OData services are switched off.",
                code="odata_services_off",
                hint="Switch OData services on for the NAV server instance (ODataServicesEnabled) and restart it.",
                field="base_url",
                value=self.root,
                nav_message=error.nav_message,
            )
        hit = _OPTION.search(error.nav_message or "")
        if hit is not None:
            option = hit["option"] or hit["other"]
            return ConfigurationError(
                f'NAV does not know the option "{option}" in its language.',
                code="option_text_unknown",
                hint="The server writes options in another language: set option_captions to its words; or set "
                "ServicesLanguage of the server instance to en-US.",
                field="option_captions",
                value=option,
                nav_message=error.nav_message,
            )
        if error.code == "nav_rejected_credentials":
            offered = answer.headers.get("WWW-Authenticate", "")
            error.hint = (
                "Check auth_method, username and password. NAV logs Windows users in with auth_method ntlm; all others "
                "with basic and the web service access key of the user card, which may have expired."
                + (f" The server offers: {offered}." if offered else "")
            )
        return error

    def _repeat(self, attempt: Callable[[], T]) -> T:
        return call_with_retries(
            attempt, policy=self._policy, clock=self.clock, exhausted=_exhausted
        )

    def _retry_after(self, answer: Answer) -> float | None:
        return retry_after_seconds(answer.headers.get("Retry-After"), self.clock.now())


def company_spellings(company: str) -> tuple[str, ...]:
    """A company in a query, in the ways servers are known to take: plain, or quoted."""
    return company, "'" + company.replace("'", "''") + "'"


def _quoted(company: str) -> str:
    """A company inside `Company('…')`: apostrophes doubled and left as they are, everything else encoded."""
    return quote(company.replace("'", "''"), safe="'")


def _no_nav(root: str, nav_message: str | None) -> ConfigurationError:
    return ConfigurationError(
        "NAV does not know the address that was asked for."
        if nav_message is not None
        else "The server answers, but not as NAV's OData V4 services do.",
        code="nav_address_not_found",
        hint="Check base_url: https://<server>:7048/<server instance>; and that the page is still published.",
        field="base_url",
        value=root,
        nav_message=nav_message,
    )


def _exhausted(failure: TransientFailure) -> TargetError:
    return OutageError(
        f"NAV is not available: {failure.reason}, also after several tries.",
        hint="Check that NAV is running and that base_url is right; the next run goes on from here.",
    )
