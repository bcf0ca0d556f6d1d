"""Sends an alert to a webhook: one POST, one attempt."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from target_dynamics_nav.alerts.failure import NotSentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.alerts.settings import Webhook

TIMEOUT_SECONDS = (5.0, 10.0)


def post(webhook: Webhook, message: Mapping[str, Any]) -> None:
    """Send a message as JSON.

    Redirects are not followed: the message, and the key in the address, are for the place that was named. What is
    answered beyond the status is not read.

    Raises:
        NotSentError: It was not taken, or nobody knows; without the address, which is a secret.
    """
    try:
        with requests.post(
            webhook.url,
            json=message,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status = answer.status_code
    except requests.Timeout as error:
        raise NotSentError("it did not answer in time") from error
    except requests.exceptions.SSLError as error:
        raise NotSentError("its certificate is not trusted, or it does not speak TLS") from error
    except (requests.RequestException, ValueError) as error:
        raise NotSentError("it could not be reached") from error
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotSentError(f"it answered {status}")
