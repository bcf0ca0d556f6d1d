r"""From Expensify's policies to our records. Pure: no input or output.

The sections of a policy come from one `get policy` job for many policies. Keys without a value are absent; a policy
without taxes has `{}`; tags are a list of tags, or a list of levels that hold tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from tap_expensify.errors import ProtocolError
from tap_expensify.records import FieldReader, Record, Wire, objects
from tap_expensify.values import boolean, integer, split_tag, text, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NO_LIMIT: Final = 10_000_000_000
"""Expensify's way to say that an amount has no limit."""


def policy_record(wire: Wire) -> Record:
    """Turns one item of Expensify's policy list into a record of stream `policies`.

    Raises:
        ProtocolError: The id is missing, or a value cannot be read.
    """
    policy_id = text(wire.get("id"))
    if policy_id is None:
        raise ProtocolError(
            "A policy in Expensify's list of policies has no id.", code="policy_without_id"
        )
    read = FieldReader(wire, f"policy {policy_id}")
    return {
        "policy_id": policy_id,
        "policy_name": read("name", text),
        "type": read("type", text),
        "role": read("role", text),
        "output_currency": read("outputCurrency", text),
        "owner_email": read("owner", text),
        "created_at": read("created", timestamp),
    }


def category_records(policy_id: str, section: object) -> Iterator[Record]:
    """Records of stream `policy_categories` from a section `categories`."""
    for item, read, name in _named(policy_id, "category", section):
        yield {
            "policy_id": policy_id,
            "name": name,
            "enabled": read("enabled", boolean),
            "gl_code": read("glCode", text),
            "payroll_code": read("payrollCode", text),
            "comments_required": read("areCommentsRequired", boolean),
            "comment_hint": text(item.get("commentHint")),
            "max_expense_amount": read("maxExpenseAmount", _limited),
        }


def tag_records(policy_id: str, section: object) -> Iterator[Record]:
    r"""Records of stream `policy_tags` from a section `tags`, of whichever shape.

    A flat tag may be `Parent:Child`; a colon that belongs to a name is written `\:` in both shapes.
    """
    levels = 0
    for item in objects(section):
        if "tags" in item:
            levels += 1
            for record in _tags(policy_id, item["tags"], levels, text(item.get("name"))):
                yield {**record, "path": [_unescaped(record["name"])]}
        else:
            for record in _tags(policy_id, [item], 1, None):
                yield {**record, "path": split_tag(record["name"])}


def _tags(policy_id: str, items: object, level: int, level_name: str | None) -> Iterator[Record]:
    for _, read, name in _named(policy_id, "tag", items):
        yield {
            "policy_id": policy_id,
            "level": level,
            "name": name,
            "level_name": level_name,
            "enabled": read("enabled", boolean),
            "gl_code": read("glCode", text),
        }


def report_field_records(policy_id: str, section: object) -> Iterator[Record]:
    """Records of stream `policy_report_fields` from a section `reportFields`."""
    for item, read, name in _named(policy_id, "report field", section):
        values = item.get("values")
        yield {
            "policy_id": policy_id,
            "name": name,
            "custom_field": re.sub(r"[^0-9A-Za-z]", "_", name),
            "type": read("type", text),
            "values": [str(value) for value in values] if isinstance(values, list) else [],
        }


def tax_rate_records(policy_id: str, section: object) -> Iterator[Record]:
    """Records of stream `policy_tax_rates` from a section `tax`, which is `{}` without taxes."""
    if not isinstance(section, Mapping):
        return
    default = text(section.get("default"))
    for wire in objects(section.get("rates")):
        rate_id = text(wire.get("rateID"))
        if rate_id is None:
            raise _without(policy_id, "tax rate")
        read = FieldReader(wire, f"tax rate {rate_id} of policy {policy_id}")
        yield {
            "policy_id": policy_id,
            "rate_id": rate_id,
            "name": read("name", text),
            "rate": read("rate", text),
            "tax_name": text(section.get("name")),
            "is_default": rate_id == default,
        }


def employee_records(policy_id: str, section: object) -> Iterator[Record]:
    """Records of stream `policy_employees` from a section `employees`."""
    for wire in objects(section):
        read = FieldReader(wire, f"an employee of policy {policy_id}")
        email = read("email", text)
        if email is None:
            raise _without(policy_id, "employee")
        yield {
            "policy_id": policy_id,
            "email": email,
            "role": read("role", text),
            "employee_id": read("employeeID", text),
            "submits_to": read("submitsTo", text),
            "forwards_to": read("forwardsTo", text),
            "approval_limit": read("approvalLimit", _limited),
            "over_limit_forwards_to": read("overLimitForwardsTo", text),
            "custom_field_1": read("customField1", text),
            "custom_field_2": read("customField2", text),
        }


SECTIONS: Final[Mapping[str, Callable[[str, object], Iterator[Record]]]] = {
    "categories": category_records,
    "tags": tag_records,
    "reportFields": report_field_records,
    "tax": tax_rate_records,
    "employees": employee_records,
}
"""How each section of a policy is read."""


def _named(policy_id: str, what: str, section: object) -> Iterator[tuple[Wire, FieldReader, str]]:
    for wire in objects(section):
        name = text(wire.get("name"))
        if name is None:
            raise _without(policy_id, what)
        yield wire, FieldReader(wire, f"{what} {name} of policy {policy_id}"), name


def _without(policy_id: str, what: str) -> ProtocolError:
    return ProtocolError(
        f"In Expensify's policy {policy_id} a {what} has no name or id.",
        code="policy_item_without_id",
    )


def _limited(value: Any) -> int | None:  # noqa: ANN401 - whatever is on the wire
    amount = integer(value)
    return None if amount is None or amount >= NO_LIMIT else amount


def _unescaped(name: str) -> str:
    return name.replace("\\:", ":")
