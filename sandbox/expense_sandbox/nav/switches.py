"""Switches of a running server: `/_sandbox/quirks` and `/_sandbox/authentication`."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin, get_type_hints

from expense_sandbox.http import Request, Response, json_response
from expense_sandbox.nav.auth import CredentialType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expense_sandbox.nav.auth import Gatekeeper
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.quirks import NavQuirks

GROUPS: Final = ("pages", "odata_v4", "soap")
"""The groups of quirks that can be changed while the server runs."""


def answer_control(
    books: Books, gatekeeper: Gatekeeper, request: Request, path: Sequence[str]
) -> Response | None:
    """Answer `/_sandbox/quirks` and `/_sandbox/authentication`; None for anything else."""
    match (request.method, *path):
        case ("GET", "quirks"):
            return json_response(_shown(books))
        case ("POST", "quirks"):
            return _change_quirks(books, _json_object(request.body))
        case ("GET", "authentication"):
            return json_response(_authentication(gatekeeper))
        case ("POST", "authentication"):
            return _change_authentication(gatekeeper, _json_object(request.body))
    return None


def _shown(books: Books) -> dict[str, Any]:
    return {group: asdict(getattr(books.quirks, group)) for group in GROUPS}


def _change_quirks(books: Books, wanted: dict[str, Any]) -> Response:
    try:
        changed = changed_quirks(books.quirks, wanted)
    except ValueError as error:
        return json_response({"error": str(error)}, 400)
    with books.lock:
        books.set_quirks(changed)
    return json_response(_shown(books))


def changed_quirks(quirks: NavQuirks, wanted: Mapping[str, Any]) -> NavQuirks:
    """The quirks with other values.

    Args:
        quirks: As they are.
        wanted: By group, the switches' values by name.

    Raises:
        ValueError: When there is no such group or switch, or the value is none of its values.
    """
    changed = {}
    for group, values in wanted.items():
        if group not in GROUPS or not isinstance(values, dict):
            raise ValueError(f"Groups of switches are {' and '.join(GROUPS)}.")
        before = getattr(quirks, group)
        hints = get_type_hints(type(before))
        known = {item.name for item in fields(before)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no switch {group}.{name}.")
            converted = tuple(value) if isinstance(value, list) else value
            if not _fits(converted, hints[name]):
                raise ValueError(f"{group}.{name} can't be {value!r}.")
            before = replace(before, **{name: converted})
        changed[group] = before
    return replace(quirks, **changed)


def quirks_from_text(quirks: NavQuirks, settings: Iterable[str]) -> NavQuirks:
    """The quirks with values from texts like `odata_v4.page_size=50`.

    What is no JSON value is a text.

    Raises:
        ValueError: As `changed_quirks`, or when a text has another form.
    """
    for setting in settings:
        name, equals, text = setting.partition("=")
        group, dot, switch = name.partition(".")
        if not equals or not dot:
            raise ValueError(f"Write GROUP.NAME=VALUE, not {setting!r}.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        quirks = changed_quirks(quirks, {group: {switch: value}})
    return quirks


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - a type hint
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint in {bool, int, str, date}:
        return type(value) is hint
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_fits(item, get_args(hint)[0]) for item in value)
    return any(
        value is None if option is type(None) else _fits(value, option) for option in get_args(hint)
    )


def _authentication(gatekeeper: Gatekeeper) -> dict[str, Any]:
    return {
        "credential_type": gatekeeper.credential_type,
        "ntlm": gatekeeper.takes_ntlm,
    }


def _change_authentication(gatekeeper: Gatekeeper, wanted: dict[str, Any]) -> Response:
    credential_type = wanted.get("credential_type", gatekeeper.credential_type)
    takes_ntlm = wanted.get("ntlm", gatekeeper.takes_ntlm)
    unknown = set(wanted) - {"credential_type", "ntlm"}
    if (
        unknown
        or not isinstance(takes_ntlm, bool)
        or not gatekeeper.set_credential_type(credential_type)
    ):
        types = ", ".join(get_args(CredentialType))
        error = f'Send {{"credential_type": one of {types}, "ntlm": true or false}}.'
        return json_response({"error": error}, 400)
    gatekeeper.takes_ntlm = takes_ntlm
    return json_response(_authentication(gatekeeper))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
