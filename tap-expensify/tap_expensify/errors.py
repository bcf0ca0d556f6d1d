"""Every error of the tap, ordered by what to do next.

```
TapError
├── RetryLaterError          the same request may be sent again: all the tap does is read
│   ├── RateLimitedError     too many requests; wait as long as told, else longer each time
│   ├── UnavailableError     no answer, or one that is not Expensify's (network, proxy, 5xx)
│   └── IncompleteError      an answer came, but not whole: no file yet, cut off, count does not match
├── ConfigurationError       a setting, a file or a bookmark is wrong: a person corrects it
├── CredentialsError         Expensify does not accept the credentials, or they lack the right
├── RequestRefusedError      Expensify understood the request and refuses it
│   └── NotFoundError        because it does not know, or does not show, what was named
└── ProtocolError            an answer that should not exist, or a value we cannot read: nothing is guessed
```

Messages are plain sentences for accountants and hold neither secrets nor personal data; `code` is stable. Any of
these ends the run with exit code 1; a `RetryLaterError` only after the retries are used up.
"""

from __future__ import annotations


class TapError(Exception):
    """Base of all errors of the tap.

    Attributes:
        code: Stable snake_case identifier.
        message: One plain sentence.
        hint: What to do next, or None.
        field: The setting or field at fault, or None.
        value: Its value where that is neither secret nor personal, or None.
    """

    default_code = "error"
    default_hint: str | None = None
    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        field: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.hint = hint or self.default_hint
        self.field = field
        self.value = value

    def sentence(self) -> str:
        """The message, what to do next, and the code, on one line."""
        parts = [self.message, self.hint, f"[{self.code}]"]
        return " ".join(part for part in parts if part)


class RetryLaterError(TapError):
    """The same request may be sent again, now or in a later run."""

    default_code = "try_again_later"

    def __init__(
        self, message: str, *, retry_after: float | None = None, **details: str | None
    ) -> None:
        """Create the error.

        Args:
            message: One plain sentence.
            retry_after: Seconds the server asked us to wait, or None.
            **details: `code`, `hint`, `field`, `value` as in `TapError`.
        """
        super().__init__(message, **details)
        self.retry_after = retry_after


class RateLimitedError(RetryLaterError):
    """Expensify limits the number of requests."""

    default_code = "rate_limited"
    default_hint = (
        "Does something else use the same credentials? Run again later; nothing was lost."
    )


class UnavailableError(RetryLaterError):
    """Expensify, or the way to it, does not work at the moment."""

    default_code = "expensify_unavailable"
    default_hint = "Check base_url and the network, then run again; nothing was lost."


class IncompleteError(RetryLaterError):
    """An answer came but was not whole."""

    default_code = "export_incomplete"
    default_hint = "Nothing was passed on. Run again later."


class ConfigurationError(TapError):
    """A setting, a file given on the command line or a bookmark is wrong."""

    default_code = "configuration"


class CredentialsError(TapError):
    """The credentials are not accepted or lack the right to do what was asked."""

    default_code = "credentials_refused"
    default_hint = (
        "Check partner_user_id and partner_user_secret; a new pair is made at "
        "https://www.expensify.com/tools/integrations/ and replaces the old one."
    )


class RequestRefusedError(TapError):
    """Expensify refuses the request as we sent it."""

    default_code = "request_refused"
    default_hint = "Check the settings policy_ids, report_states, start_date and end_date."


class NotFoundError(RequestRefusedError):
    """Expensify does not know, or does not show, what was named."""

    default_code = "not_found"


class ProtocolError(TapError):
    """An answer or a value that does not fit what is known of Expensify."""

    default_code = "protocol"
    default_hint = "Nothing was guessed. Please report this to the makers of tap-expensify."
