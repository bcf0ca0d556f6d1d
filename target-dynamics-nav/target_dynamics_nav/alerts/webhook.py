"""Sends an alert to a webhook: one POST, one attempt."""

from __future__ import annotations

import logging
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from target_dynamics_nav.alerts.failure import NotSentError
from target_dynamics_nav.nav.transport import is_loopback_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.alerts.settings import Webhook

TIMEOUT_SECONDS = (5.0, 10.0)

_posting = threading.local()


def _is_no_alert(record: logging.LogRecord) -> bool:
    """Drops what the HTTP library tells of an alert when everything is logged: it would tell the address."""
    del record
    return not getattr(_posting, "now", False)


logging.getLogger("urllib3.connectionpool").addFilter(_is_no_alert)


def post(webhook: Webhook, message: Mapping[str, Any]) -> None:
    """Send a message as JSON.

    Redirects are not followed: the message, and the key in the address, are for the place that was named. What is
    answered beyond the status is not read.

    Raises:
        NotSentError: It was not taken, or nobody knows; without the address, which is a secret.
    """
    _posting.now = True
    try:
        with requests.Session() as session:
            session.trust_env = not is_loopback_address(webhook.url)  # no proxy to this machine
            answer = session.post(
                webhook.url,
                json=message,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
                auth=_unsigned,
            )
            status = answer.status_code
    except requests.Timeout as error:
        raise NotSentError("it did not answer in time") from error
    except requests.exceptions.SSLError as error:
        raise NotSentError("its certificate is not trusted, or it does not speak TLS") from error
    except (requests.RequestException, ValueError) as error:
        raise NotSentError("it could not be reached") from error
    finally:
        _posting.now = False
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotSentError(f"it answered {status}")


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending credentials out of a .netrc file."""
    return request
