"""Resource paths: which entity, collection or action a URL means."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expense_sandbox.nav.entity_sets import COMPANIES, EntitySet
from expense_sandbox.nav.errors import NavError, dialog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.store import Record

GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
SEGMENT = re.compile(r"([^()]*)(?:\((.*)\))?")
NOT_VALID = (
    "The request URI is not valid. Since the segment '{}' refers to a collection, this must be "
    "the last segment in the request URI or it must be followed by an function or action that "
    "can be bound to it otherwise all intermediate segments must refer to a single resource."
)
MISSING_FOR_ACTION = {
    "purchaseInvoices": "The invoice cannot be found.",
    "purchaseCreditMemos": "The credit memo cannot be found.",
    "journals": "The General Journal Batch with ID {} cannot be found.",
}


@dataclass(frozen=True)
class Target:
    """What a path addresses.

    Attributes:
        company: None for the list of companies itself.
        entity_set: The set of the last segment that is not an action.
        parent: The entity the set was reached through.
        key: The entity's id; None for the whole collection.
        action: `post` or `cancel`, or "".
        count: Whether `/$count` ends the path.
        media: Whether the entity's stream ends the path.
    """

    company: Company | None
    entity_set: EntitySet
    parent: Record | None = None
    key: str | None = None
    action: str = ""
    count: bool = False
    media: bool = False

    def record(self, quirk_error: Callable[[str], NavError]) -> Record:
        """The entity addressed.

        Raises:
            NavError: When there is none.
        """
        key = self.key or ""
        if self.company is None:
            raise quirk_error(self.entity_set.name)
        record = self.entity_set.get(self.company, self.parent, key)
        if record is not None:
            return record
        if self.action and self.entity_set.name in MISSING_FOR_ACTION:
            raise dialog(MISSING_FOR_ACTION[self.entity_set.name].format(key))
        raise quirk_error(self.entity_set.name)


def resource_not_found(segment: str) -> NavError:
    """The refusal of a segment that names nothing."""
    return NavError(
        "BadRequest_ResourceNotFound", f"Resource not found for the segment '{segment}'.", 404
    )


def split(path: str) -> list[tuple[str, str | None]]:
    """Segments with their keys.

    Raises:
        NavError: When a segment is malformed.
    """
    segments = []
    for segment in path.strip("/").split("/"):
        match = SEGMENT.fullmatch(segment)
        if match is None or not match[1]:
            raise NavError("BadRequest_NotFound", "The request URI is not valid.", 404)
        segments.append((match[1], match[2]))
    return segments


def guid_key(segment: str, key: str) -> str:
    """A key as a GUID.

    Raises:
        NavError: When it is none.
    """
    name, _, value = key.rpartition("=")
    if name in {"", "id"} and GUID.fullmatch(value) is not None:
        return value.lower()
    raise NavError(
        "BadRequest_NotFound",
        f"The request URI is not valid. The key '{key}' of the segment '{segment}' is not a GUID.",
        404,
    )


def resolve(
    segments: Sequence[tuple[str, str | None]],
    company: Company,
    sets: Mapping[str, EntitySet],
    quirk_error: Callable[[str], NavError],
) -> Target:
    """Follow the segments below a company.

    Raises:
        NavError: When they lead nowhere.
    """
    name, key = segments[0]
    if name not in sets:
        raise resource_not_found(name)
    entity_set = sets[name]
    parent: Record | None = None
    rest = list(segments[1:])
    while rest:
        next_name, next_key = rest.pop(0)
        if next_name == "$count" and key is None and not rest:
            return Target(company, entity_set, parent, count=True)
        if key is None:
            raise NavError("BadRequest_NotFound", NOT_VALID.format(entity_set.name), 404)
        here = Target(company, entity_set, parent, guid_key(entity_set.name, key))
        if next_name == entity_set.type.media and next_key is None and not rest:
            return replace(here, media=True)
        if "." in next_name:
            return _action(here, next_name, rest)
        if next_name not in entity_set.type.navigation_by_name:
            raise resource_not_found(next_name)
        parent = here.record(quirk_error)
        entity_set, key = sets[next_name], next_key
    return Target(
        company, entity_set, parent, None if key is None else guid_key(entity_set.name, key)
    )


def _action(target: Target, name: str, rest: Sequence[tuple[str, str | None]]) -> Target:
    action = name.rpartition(".")[2].lower()
    if not target.entity_set.actions:
        raise NavError(
            "BadRequest_MethodNotImplemented", "Entity does not support bound actions", 501
        )
    if name.lower() != f"microsoft.nav.{action}" or action not in target.entity_set.actions or rest:
        raise resource_not_found(name)
    return Target(target.company, target.entity_set, target.parent, target.key, action)


def companies_target(company: Company | None, key: str | None) -> Target:
    """The list of companies, or one of them."""
    return Target(company, COMPANIES, None, key)
