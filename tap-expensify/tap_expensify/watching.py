"""Which reports are not final yet and so have to be read again by id. Pure: no input or output.

Expensify tells no one that a report was reimbursed or taken back. So the state keeps the ids of approved reports that
may still change, with the time of their approval, as many and as long as the limits here allow.
"""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING, Any, Final

from tap_expensify.errors import ConfigurationError
from tap_expensify.values import UnreadableValueError, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

logger = logging.getLogger("tap-expensify.watching")

NOT_FINAL: Final = "not_final"
"""Key in a stream's bookmark: id to approval time, as in records."""

MOST_WATCHED: Final = 2000
"""So many ids make a STATE of some 90 kB and 20 exports a run; the oldest approvals go first."""

_FINAL: Final = frozenset({"reimbursed", "paid", "closed", "archived", "done"})


def is_final(status: str | None) -> bool:
    """Whether a report of that status, in any of Expensify's spellings, is done with."""
    return status is not None and status.strip().lower() in _FINAL


def watched_in(state: Mapping[str, Any]) -> dict[str, str]:
    """The reports a state says are to be read again.

    Args:
        state: Singer state, its bookmarks already known to be readable.

    Raises:
        ConfigurationError: The state is of another form.
    """
    found: dict[str, str] = {}
    for bookmark in state.get("bookmarks", {}).values():
        listed = bookmark.get(NOT_FINAL, {}) if isinstance(bookmark, dict) else {}
        try:
            for report_id, written in listed.items():
                approved_at = timestamp(written)
                if approved_at is not None:
                    found[report_id] = approved_at
        except (AttributeError, UnreadableValueError) as error:
            raise ConfigurationError(
                "The reports to read again in the state are not ids with date-times.",
                code="bookmark_wrong",
                hint="Correct the state, or clear it to read everything again.",
                field=NOT_FINAL,
            ) from error
    return found


def still_to_watch(not_final: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The reports that later runs have to read again.

    Args:
        not_final: Id and approval time of every report read that may still change, the latest approval first.

    Returns:
        Id to approval time, in order of approval; at most `MOST_WATCHED`.
    """
    found = list(itertools.islice(not_final, MOST_WATCHED + 1))
    if len(found) > MOST_WATCHED:
        logger.warning(
            "More than %d reports are not final yet; the %d approved last are read again by id. "
            "Lower recheck_days, or read everything again now and then.",
            MOST_WATCHED,
            MOST_WATCHED,
            extra={"code": "too_many_not_final", "field": "recheck_days"},
        )
    return dict(reversed(found[:MOST_WATCHED]))
