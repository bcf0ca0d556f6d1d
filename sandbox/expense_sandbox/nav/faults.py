"""The faults of a NAV service, ready to add to a `FaultPlan`, one by one or at random.

`match` is searched in `"METHOD path operation"`. A plain request's path begins with the service's,
that of a batch's part with `$batch/`; both end with the operation: `" purchaseInvoices$"` is every
look-up and create, `" purchaseInvoices post$"` every posting, wherever they come.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Final, Literal

from expense_sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expense_sandbox.faults import FaultKind, Rival

BATCH: Final = r" \$batch$"
_CORRELATION: Final = "  CorrelationId:  00000000-0000-0000-0000-000000000000."


def refused(
    code: str,
    message: str,
    status: int,
    *,
    match: str = "",
    times: int = 1,
    skip: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """An error in NAV's form; the request is not done."""
    body = json.dumps({"error": {"code": code, "message": message + _CORRELATION}})
    return Fault("before", match, times, skip, status, dict(headers or {}), body)


def too_many_requests(
    retry_after: str | None = None, *, match: str = "", times: int = 1, skip: int = 0
) -> Fault:
    """429; `retry_after` is seconds or an HTTP date, None is no such header."""
    return refused(
        "Application_TooManyRequests",
        "Too many requests reached. Actual (101). Maximum (100).",
        429,
        match=match,
        times=times,
        skip=skip,
        headers={} if retry_after is None else {"Retry-After": retry_after},
    )


def unavailable(
    retry_after: str | None = "1", *, match: str = "", times: int = 1, skip: int = 0
) -> Fault:
    """503, as during an update of the service."""
    return refused(
        "Internal_TenantUnavailable",
        "The tenant is not accessible.",
        503,
        match=match,
        times=times,
        skip=skip,
        headers={} if retry_after is None else {"Retry-After": retry_after},
    )


def gateway_timeout(*, after: bool, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """504 with a page of HTML from the gateway, before or after NAV committed."""
    page = "<html><head><title>504 Gateway Time-out</title></head><body></body></html>"
    kind: FaultKind = "after" if after else "before"
    return Fault(kind, match, times, skip, 504, {"Content-Type": "text/html"}, page)


def operation_timeout(*, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """408: NAV cancelled the session and took its transaction back."""
    return refused(
        "Unknown", "The operation has timed out.", 408, match=match, times=times, skip=skip
    )


def connection_reset(*, after: bool, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """A reset before NAV did anything, or after it committed."""
    return Fault("reset_after" if after else "reset_before", match, times, skip)


def truncated(
    keep_bytes: int | None = None,
    *,
    silent: bool = False,
    match: str = "",
    times: int = 1,
    skip: int = 0,
) -> Fault:
    """An answer that breaks off; `silent` hides it from HTTP itself."""
    return Fault("truncate", match, times, skip, keep_bytes=keep_bytes, silent=silent)


def slow(
    seconds: float, *, after: bool = False, match: str = "", times: int = 1, skip: int = 0
) -> Fault:
    """An answer that takes its time; `after`: NAV is done long before it."""
    return Fault("delay_after" if after else "delay", match, times, skip, delay_seconds=seconds)


def deadlock(
    form: Literal["409", "400", "locked"] = "409",
    *,
    match: str = "",
    times: int = 1,
    skip: int = 0,
) -> Fault:
    """The victim of a deadlock or of a lock's time-out, in the forms NAV has for it; rolled back."""
    texts = {
        "locked": "The operation could not complete because a record in the Purchase Header table "
        "was locked by another user. Please retry the activity.",
    }
    text = texts.get(
        form,
        "The activity was deadlocked with another user who was modifying the Purchase Header "
        "table. Please retry the activity.",
    )
    code = "Internal_ServerError" if form == "409" else "Application_DialogException"
    status = 409 if form == "409" else 400
    return refused(code, text, status, match=match, times=times, skip=skip)


def server_error(*, after: bool = False, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """500: NAV lost its database, before or after the commit."""
    fault = refused(
        "Internal_ServerError",
        "Cannot establish a connection to the SQL Server/Database.",
        500,
    )
    kind: FaultKind = "after" if after else "before"
    return Fault(kind, match, times, skip, 500, fault.headers, fault.body)


def entity_changed(
    status: Literal[409, 412] = 409, *, match: str = "", times: int = 1, skip: int = 0
) -> Fault:
    """The etag is stale, NAV says; nobody changed anything."""
    return refused(
        "Request_EntityChanged",
        "Another user has already changed the record.",
        status,
        match=match,
        times=times,
        skip=skip,
    )


def tokens_expired(*, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """From this request on no access token given before is good."""
    return Fault("expire_tokens", match, times, skip)


def no_permission(*, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """A permission set that lacks a table."""
    return refused(
        "Authorization_RequestDenied",
        "Sorry, the current permissions prevented the action. (TableData 38 Purchase Header "
        "Insert: Base Application)",
        403,
        match=match,
        times=times,
        skip=skip,
    )


def rival(what: Rival, *, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """Another client is a moment faster than the request: between look-up and create, say."""
    return Fault("rival", match, times, skip, rival=what)


def batch_stopped(
    *,
    after: bool,
    status: int = 504,
    reset: bool = False,
    match: str = "",
    times: int = 1,
    skip: int = 0,
) -> Fault:
    """A batch that ends in the middle, before or after the matching part was committed.

    What came before it in the batch stays, unless the batch is a snapshot; the answer is `status`
    for all of it, or a reset.
    """
    if reset:
        return connection_reset(after=after, match=_in_batch(match), times=times, skip=skip)
    kind: FaultKind = "stop_after" if after else "stop_before"
    return Fault(kind, match, times, skip, status)


def answer_omitted(*, match: str = "", times: int = 1, skip: int = 0) -> Fault:
    """A part of a batch that is done, and of which the batch's answer says nothing."""
    return Fault("omit_answer", match, times, skip)


def null_ids(*, times: int = 1, skip: int = 0) -> Fault:
    """A batch's answers without their ids."""
    return Fault("null_batch_ids", BATCH, times, skip)


def reversed_answers(*, times: int = 1, skip: int = 0) -> Fault:
    """A batch's answers in another order than its requests."""
    return Fault("reverse_batch_answers", BATCH, times, skip)


def outage(
    first: int,
    last: int,
    *,
    kind: Literal["reset", "unavailable"] = "unavailable",
    match: str = "",
) -> Fault:
    """The service is away from one HTTP request to another, counted from 0, both included."""
    times = last - first + 1
    if kind == "reset":
        return connection_reset(after=False, match=match, times=times, skip=first)
    return unavailable(None, match=match, times=times, skip=first)


def _in_batch(match: str) -> str:
    return rf"\$batch/.*(?:{match})"


SINGLE: Final[Mapping[str, Callable[[str, int], Fault]]] = {
    "429": lambda match, skip: too_many_requests(match=match, skip=skip),
    "429_retry_after": lambda match, skip: too_many_requests("0", match=match, skip=skip),
    "503_retry_after": lambda match, skip: unavailable("0", match=match, skip=skip),
    "504_before": lambda match, skip: gateway_timeout(after=False, match=match, skip=skip),
    "504_after": lambda match, skip: gateway_timeout(after=True, match=match, skip=skip),
    "500_before": lambda match, skip: server_error(match=match, skip=skip),
    "500_after": lambda match, skip: server_error(after=True, match=match, skip=skip),
    "408": lambda match, skip: operation_timeout(match=match, skip=skip),
    "reset_before": lambda match, skip: connection_reset(after=False, match=match, skip=skip),
    "reset_after": lambda match, skip: connection_reset(after=True, match=match, skip=skip),
    "truncated": lambda match, skip: truncated(match=match, skip=skip),
    "truncated_silently": lambda match, skip: truncated(silent=True, match=match, skip=skip),
}
"""Faults of the way to the service, for any request and any part: built from `match` and `skip`."""

WRITES: Final[Mapping[str, Callable[[str, int], Fault]]] = {
    "deadlock_409": lambda match, skip: deadlock("409", match=match, skip=skip),
    "deadlock_400": lambda match, skip: deadlock("400", match=match, skip=skip),
    "locked": lambda match, skip: deadlock("locked", match=match, skip=skip),
    "entity_changed": lambda match, skip: entity_changed(match=match, skip=skip),
    "rival_same": lambda match, skip: rival("same", match=match, skip=skip),
    "rival_post": lambda match, skip: rival("post", match=match, skip=skip),
    "rival_change": lambda match, skip: rival("change", match=match, skip=skip),
    "rival_delete": lambda match, skip: rival("delete", match=match, skip=skip),
}
"""Faults of writing, where others write too."""

PARTS: Final[Mapping[str, Callable[[str, int], Fault]]] = {
    "stopped_before": lambda match, skip: batch_stopped(after=False, match=match, skip=skip),
    "stopped_after": lambda match, skip: batch_stopped(after=True, match=match, skip=skip),
    "answer_omitted": lambda match, skip: answer_omitted(match=match, skip=skip),
}
"""Faults only a part of a batch can have."""

ENVELOPES: Final[Mapping[str, Callable[[str, int], Fault]]] = {
    "null_ids": lambda _match, skip: null_ids(skip=skip),
    "reversed_answers": lambda _match, skip: reversed_answers(skip=skip),
    "tokens_expired": lambda match, skip: tokens_expired(match=match, skip=skip),
    "outage": lambda match, skip: outage(skip, skip + 2, match=match),
    "outage_resets": lambda match, skip: outage(skip, skip + 2, kind="reset", match=match),
}
"""Faults of whole HTTP requests."""

OPERATIONS: Final = (
    "^GET .* purchaseInvoices$",
    "^POST .* purchaseInvoices$",
    " purchaseInvoices post$",
    "^GET .* purchaseCreditMemos$",
    "^POST .* purchaseCreditMemos$",
    " purchaseCreditMemos post$",
    "^GET .* journals$",
    "^POST .* journals$",
    "^DELETE .* journals$",
    " journals post$",
    " generalLedgerEntries$",
    " dimensionSetLines$",
)
"""What a client does with documents and journals: `match` for requests and for parts of batches."""
WRITING: Final = tuple(match for match in OPERATIONS if not match.startswith("^GET"))


def random_schedule(
    seed: int, *, faults: int = 3, latest: int = 12, without: frozenset[str] = frozenset()
) -> tuple[Fault, ...]:
    """Faults drawn at random, the same for the same seed.

    Args:
        seed: Decides everything.
        faults: How many are drawn.
        latest: The most matching requests that pass before a fault.
        without: Names, from `SINGLE`, `WRITES`, `PARTS` and `ENVELOPES`, that are not drawn.
    """
    draw = random.Random(seed)
    places = (
        (SINGLE, (*OPERATIONS, BATCH)),
        (WRITES, WRITING),
        (PARTS, OPERATIONS),
        (ENVELOPES, (BATCH,)),
    )
    known = [
        (build, matches)
        for kinds, matches in places
        for name, build in kinds.items()
        if name not in without
    ]
    schedule = []
    for _ in range(faults):
        build, matches = draw.choice(known)
        schedule.append(build(draw.choice(matches), draw.randint(0, latest)))
    return tuple(schedule)
