"""Reads Singer messages without ever showing one: a broken line may hold personal data."""

from __future__ import annotations

from typing import Any

from singer_sdk.io_base import SingerReader
from singer_sdk.singerlib.json import deserialize_json

from target_dynamics_nav.errors import ContractError


class DiscreetReader(SingerReader):
    """The SDK's reader, except that a line it cannot read is not printed."""

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
                hint="Look at what runs before this target; it may print something else on its standard output.",
            )
        return message
