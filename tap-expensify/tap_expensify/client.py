"""One job in, one answer out: Expensify's Integration Server over HTTP.

Expensify has one URL. A job is a form field with JSON; HTTP status and content type of the answer mean little, errors
come as HTTP 200 with a `responseCode` in the body. Everything here reads, so every request may be sent again; what is
worth sending again is decided in `answers.py`.
"""

from __future__ import annotations

import json
import logging
import random
import time
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests import exceptions as http_errors
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from tap_expensify.answers import Answer, export_file_name, job_result, raise_unless_file
from tap_expensify.errors import (
    IncompleteError,
    ProtocolError,
    RateLimitedError,
    RetryLaterError,
    UnavailableError,
)
from tap_expensify.pacing import Pacer
from tap_expensify.settings import Credentials, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from tenacity.wait import wait_base

logger = logging.getLogger("tap-expensify.client")

T = TypeVar("T")

CONNECT_TIMEOUT = 30.0
ATTEMPTS = 5
LONGEST_WAIT = 120.0
LARGEST_JSON_ANSWER = 64 * 1024 * 1024
_CHUNK = 64 * 1024


def _doubling_from(seconds: float) -> wait_base:
    return wait_exponential(multiplier=seconds, max=LONGEST_WAIT) + wait_random(0, seconds)


_WAITS: tuple[tuple[type[RetryLaterError], wait_base], ...] = (
    # The window of a rate limit has to pass; a file that is not there yet takes as long as Expensify's own script
    # gives it. The first that fits counts.
    (RateLimitedError, _doubling_from(10.0)),
    (IncompleteError, _doubling_from(5.0)),
    (RetryLaterError, _doubling_from(1.0)),
)


class ExpensifyClient:
    """Talks to Expensify with one pair of credentials, one request at a time."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        timeout: float,
        pacer: Pacer | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Create the client; nothing is sent yet.

        Args:
            base_url: Expensify's endpoint, whole, already checked.
            credentials: Partner user id and secret.
            timeout: Seconds to wait for Expensify to answer.
            pacer: Keeps to the rate limits; by default those of Expensify.
            sleep: How to wait before a repetition.
        """
        self._base_url = base_url
        self._host = urlsplit(base_url).netloc
        self._credentials = credentials
        self._timeout = timeout
        self._pacer = pacer or Pacer()
        self._sleep = sleep
        self._session = requests.Session()
        if is_loopback(urlsplit(base_url).hostname or ""):
            # A proxy named by the environment would be sent the secret in clear.
            self._session.trust_env = False

    def __enter__(self) -> ExpensifyClient:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()

    def get(self, input_settings: Mapping[str, Any]) -> dict[str, Any]:
        """Runs a `get` job.

        Args:
            input_settings: e.g. `{"type": "policyList"}`.

        Returns:
            The whole JSON answer.

        Raises:
            TapError: Expensify refuses, or does not answer after all retries.
        """
        job = {"type": "get", "inputSettings": dict(input_settings)}
        return self._retried(lambda: job_result(self._send(job)))

    def submit_export(self, input_settings: Mapping[str, Any], template: str) -> str:
        """Runs an export job; Expensify answers when the file is rendered.

        The job never carries `onFinish`: it changes nothing in Expensify, so it may be repeated.

        Args:
            input_settings: Type, states and filters.
            template: FreeMarker source.

        Returns:
            The name of the file to download.

        Raises:
            TapError: Expensify refuses, or does not answer after all retries.
        """
        job = {
            "type": "file",
            "onReceive": {"immediateResponse": ["returnRandomFileName"]},
            "inputSettings": dict(input_settings),
            "outputSettings": {"fileExtension": "json"},
        }
        return self._retried(lambda: export_file_name(self._send(job, template=template)))

    def submit_reconciliation(self, input_settings: Mapping[str, Any], template: str) -> str:
        """Runs a reconciliation job, which renders transactions of company cards; it changes nothing either.

        Args:
            input_settings: Domain, feed, dates and type.
            template: FreeMarker source.

        Returns:
            The name of the file to download from file system `reconciliation`.

        Raises:
            TapError: Expensify refuses, or does not answer after all retries.
        """
        job = {
            "type": "reconciliation",
            "inputSettings": {**input_settings, "async": False},
            "outputSettings": {"fileExtension": "json"},
        }
        return self._retried(lambda: export_file_name(self._send(job, template=template)))

    def download(
        self, file_name: str, destination: IO[bytes], *, file_system: str = "integrationServer"
    ) -> None:
        """Downloads a file into an empty, seekable one; waits for it where it is not there yet.

        Args:
            file_name: As `submit_export` or `submit_reconciliation` returned it.
            destination: Emptied before each attempt.
            file_system: Where it lies: `integrationServer` or `reconciliation`.

        Raises:
            TapError: Expensify refuses, or does not answer after all retries.
        """
        job = {"type": "download", "fileName": file_name, "fileSystem": file_system}

        def attempt() -> None:
            destination.seek(0)
            destination.truncate()
            raise_unless_file(self._send(job, destination=destination), destination)

        self._retried(attempt)

    def _send(
        self,
        job: Mapping[str, Any],
        *,
        template: str | None = None,
        destination: IO[bytes] | None = None,
    ) -> Answer:
        """Sends one request, when the pace allows it.

        Args:
            job: The job description without credentials.
            template: FreeMarker source, for export jobs.
            destination: Takes the body of the answer; without it the body is in the answer itself.

        Raises:
            UnavailableError: No answer.
            ProtocolError: An endless answer.
        """
        description = {
            **job,
            "credentials": {
                "partnerUserID": self._credentials.user_id,
                "partnerUserSecret": self._credentials.user_secret,
            },
        }
        form = {"requestJobDescription": json.dumps(description)}
        if template is not None:
            form["template"] = template
        self._pacer.wait()
        try:
            # A redirect would carry the secret to another address: never followed.
            with self._session.post(
                self._base_url,
                data=form,
                timeout=(min(CONNECT_TIMEOUT, self._timeout), self._timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = bytearray()
                for chunk in response.iter_content(_CHUNK):
                    if destination is not None:
                        destination.write(chunk)
                    elif len(body) + len(chunk) > LARGEST_JSON_ANSWER:
                        raise ProtocolError("Expensify's answer has no end.")
                    else:
                        body += chunk
                return Answer(
                    response.status_code, dict(response.headers), bytes(body), self._secrets()
                )
        except http_errors.SSLError as error:
            raise UnavailableError(
                f"No trusted encrypted connection to Expensify at {self._host} could be made.",
                code="tls_failed",
            ) from error
        except http_errors.Timeout as error:
            raise UnavailableError(
                f"Expensify at {self._host} did not answer within {self._timeout:g} seconds.",
                code="expensify_timeout",
            ) from error
        except http_errors.ChunkedEncodingError as error:
            raise IncompleteError(
                f"The connection to Expensify at {self._host} broke off during an answer.",
                code="connection_broken",
            ) from error
        except http_errors.RequestException as error:
            raise UnavailableError(f"Expensify at {self._host} could not be reached.") from error
        finally:
            self._pacer.count()

    def _retried(self, attempt: Callable[[], T]) -> T:
        """Runs an attempt until it succeeds, fails for good, or all attempts are used up."""
        retrying = Retrying(
            retry=retry_if_exception_type(RetryLaterError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait_before_retry,
            before_sleep=_log_retry,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt)

    def _secrets(self) -> tuple[str, ...]:
        return (self._credentials.user_secret, self._credentials.user_id)


def _wait_before_retry(state: RetryCallState) -> float:
    """Seconds: what the server asked for, else doubling, with jitter, from the first wait of its kind."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryLaterError) and error.retry_after is not None:
        return min(error.retry_after, LONGEST_WAIT) + random.uniform(0.0, 1.0)  # noqa: S311 - no secret
    return next(wait for kind, wait in _WAITS if isinstance(error, kind))(state)


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    wait = state.next_action.sleep if state.next_action else 0.0
    if isinstance(error, RetryLaterError):
        logger.warning(
            "%s Trying again in %.0f seconds (attempt %d of %d).",
            error.message,
            wait,
            state.attempt_number + 1,
            ATTEMPTS,
            extra={"code": error.code},
        )
