"""The command line around the SDK's: settings from the environment, errors as one plain sentence."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import SingerCommand

from tap_expensify.errors import ConfigurationError, TapError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

LIST_SETTINGS = ("policy_ids", "report_states", "report_ids", "domains")
NUMBER_SETTINGS = ("lookback_days", "request_timeout", "recheck_days", "card_days")
ENVIRONMENT_PREFIX = "TAP_EXPENSIFY_"
ERROR_PAGES = "docs/errors"
"""The error catalogue, in the project that this tap comes with."""


class TapCommand(SingerCommand):
    """The command line; an expected error ends it with one sentence and exit code 1."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in click
        """Runs the command, `--discover` and `--test` included."""
        try:
            return super().main(*args, **kwargs)
        except TapError as error:
            more = f"More: {ERROR_PAGES}/{error.code}.md"
            self._report(f"{error.sentence()} {more}", error.code, error.field)
        except OSError as error:
            self._report(f"A file could not be read or written: {error.strerror}. [file]", "file")
        sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as in click
        """Runs the tap; click ends the process quietly when the reader of the output is gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            self._report(
                "The program that reads the tap's output has ended. [output_closed]",
                "output_closed",
            )
            raise

    def _report(self, sentence: str, code: str, field: str | None = None) -> None:
        self.logger.error("%s", sentence, extra={"code": code, "field": field})


def settings_from_environment(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Settings found in environment variables `TAP_EXPENSIFY_…`, or in a `.env` file as the SDK looks for it.

    Args:
        schema: The tap's configuration schema.

    Raises:
        ConfigurationError: A variable holds no number where one is needed.
    """
    # The SDK logs a line for each setting it finds, at every start; a reader of the log has no use for them.
    logging.getLogger("singer_sdk.configuration").setLevel(logging.WARNING)
    # The SDK would read "A,B" with a deprecation warning, and 0123 as a number. Ours take both forms.
    own = {name: {"type": "string"} for name in (*LIST_SETTINGS, *NUMBER_SETTINGS)}
    properties = {**schema["properties"], **own}
    found = parse_environment_config({"properties": properties}, ENVIRONMENT_PREFIX)
    found = {name: value for name, value in found.items() if value != ""}
    for name in NUMBER_SETTINGS:
        if name in found:
            try:
                found[name] = int(found[name])
            except ValueError as error:
                raise ConfigurationError(
                    f"The environment variable {ENVIRONMENT_PREFIX}{name.upper()} is not a whole "
                    "number.",
                    code="setting_wrong",
                    field=name,
                ) from error
    return found


def checked_json_file(file: IO[str] | None, option: str) -> IO[str] | None:
    """The same text, known to be a JSON object."""
    if file is None:
        return None
    content = ""
    try:
        content = file.read()
        valid = isinstance(json.loads(content), dict)
    except ValueError:
        valid = False
    if not valid:
        raise ConfigurationError(
            f"The file given with {option} is not a JSON object.", code="json_file", field=option
        )
    return io.StringIO(content)
