"""Every error of the target, ordered by what the caller should do next.

```
TargetError
├── RetryLaterError          nothing was written, or it is known what was: try the same again (this run or the next)
│   └── OutcomeUnknownError  a write was sent and its fate is unknown: look again before anything else
│       └── StillWorkingError    nobody waits for it any more, but NAV may still carry it out: look again later
├── DocumentError            this document cannot go on; hold it with the reason and continue with the others
│   └── DocumentRefusedError NAV refused it, in its own words
├── DraftChangedError        somebody changed the draft since it was read: read again, compare again
└── StopRunError             no document can go on: end the run with a non-zero exit
    ├── ConfigurationError   a setting is wrong or missing
    ├── CredentialsError     NAV or Entra ID does not accept who we are
    ├── OutageError          NAV does not answer, and retries are used up
    ├── ContractError        a record that is no document at all: nothing could be recorded about it
    ├── TerminatedError      a signal asked the run to end while it was waiting
    └── ProtocolError        an answer, or a request of ours, that should not exist: a bug of ours, or an unknown server
```

Messages are plain sentences for accountants and never contain secrets or personal data; `code` is stable.
"""

from __future__ import annotations


class TargetError(Exception):
    """Base of all errors of the target.

    Attributes:
        code: Stable snake_case identifier.
        message: One plain sentence.
        hint: What to do next, or None.
        nav_message: NAV's own words, cleaned of correlation ids, or None.
        exit_code: What the process ends with when this error stops the run.
    """

    default_code = "error"
    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        field: str | None = None,
        value: str | None = None,
        nav_message: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.hint = hint
        self.field = field
        self.value = value
        self.nav_message = nav_message


class RetryLaterError(TargetError):
    """Nothing half-made: the same call may be tried again."""

    default_code = "try_again_later"

    def __init__(
        self, message: str, *, retry_after: float | None = None, **details: str | None
    ) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after


class OutcomeUnknownError(RetryLaterError):
    """A write was sent and no trustworthy answer came: look the document up before doing anything else."""

    default_code = "outcome_unknown"


class StillWorkingError(OutcomeUnknownError):
    """A write was sent and no answer came in time: what a look-up does not find now may be there in a while."""


class DocumentError(TargetError):
    """This document cannot go on as it is; the others can."""

    default_code = "document_error"


class DocumentRefusedError(DocumentError):
    """NAV refused the document; `nav_message` has its words."""

    default_code = "nav_refused"


class DraftChangedError(TargetError):
    """The draft is no longer the version that was read (409 or 412)."""

    default_code = "draft_changed"


class StopRunError(TargetError):
    """The run cannot go on."""

    default_code = "run_stopped"


class ConfigurationError(StopRunError):
    """A setting is wrong or missing, or names something NAV does not have."""

    default_code = "configuration"
    exit_code = 78


class CredentialsError(StopRunError):
    """NAV or the token endpoint does not accept the credentials or lacks permissions."""

    default_code = "credentials"
    exit_code = 77


class OutageError(StopRunError):
    """NAV cannot be reached, or keeps failing after all retries."""

    default_code = "nav_unavailable"
    exit_code = 75


class ProtocolError(StopRunError):
    """Our request or the server's answer does not fit the protocol we know."""

    default_code = "protocol"
    exit_code = 70


class ContractError(StopRunError):
    """A record does not fit the contract so badly that no document can be made of it."""

    default_code = "contract"
    exit_code = 65


class TerminatedError(StopRunError):
    """A signal asked the run to end. Nothing is wrong; what was under way is looked up by the next run."""

    default_code = "terminated"
    exit_code = 143
