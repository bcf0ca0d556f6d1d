"""Reads Singer messages without ever showing one: a broken line may hold personal data."""

from __future__ import annotations

from typing import Any

from singer_sdk.io_base import SingerMessageType, SingerReader
from singer_sdk.singerlib.json import deserialize_json

from target_dynamics_nav.errors import ContractError

_HINT = "Look at what runs before this target; it may print something else on its standard output."


class DiscreetReader(SingerReader):
    """The SDK's reader, except that a line it cannot use is not printed."""

    @staticmethod
    def assert_line_requires(line_dict: dict[str, Any], requires: set[str]) -> None:
        """Check that a message, or its schema, has all of its parts.

        Raises:
            ContractError: With the names of the missing parts.
        """
        missing = sorted(requires - set(line_dict))
        if missing:
            kind = line_dict.get("type")
            name = f"{kind} message" if kind in set(SingerMessageType) else "message"
            raise ContractError(
                f"A {name} of the input lacks {', '.join(missing)}.",
                code="input_unreadable",
                hint=_HINT,
            )

    def _process_unknown_message(self, message_dict: dict[str, Any]) -> None:
        """Refuse a message that Singer does not know.

        Raises:
            ContractError: Always.
        """
        del message_dict
        raise ContractError(
            "A message of the input has a type that Singer does not know.",
            code="input_unreadable",
            hint=_HINT,
        )

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """Parse a line; numbers become Decimal, never float.

        Raises:
            ContractError: If the line is not a JSON object.
        """
        try:
            message = deserialize_json(line)
        except ValueError as error:
            position = getattr(error, "pos", 0)
            message = None
            reason = f"it stops being JSON at character {position + 1}"
        else:
            reason = "it is not a JSON object"
        if not isinstance(message, dict):
            raise ContractError(
                f"A line of the input is not a Singer message: {reason} of {len(line)}.",
                code="input_unreadable",
                hint=_HINT,
            )
        return message
