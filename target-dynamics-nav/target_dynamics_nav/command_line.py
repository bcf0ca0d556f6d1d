"""The command line around the SDK's: settings from the environment, errors as one plain sentence."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import SingerCommand

from target_dynamics_nav.catalogue import docs_url_of_environment, page_of
from target_dynamics_nav.errors import ConfigurationError, StopRunError, TargetError
from target_dynamics_nav.settings import CONFIG_JSONSCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENVIRONMENT_PREFIX = "TARGET_DYNAMICS_NAV_"
_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"false", "0", "no", "off"})


class TargetCommand(SingerCommand):
    """The command line; an expected error ends it with one sentence and its exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in click
        """Run the command."""
        try:
            return super().main(*args, **kwargs)
        except TargetError as error:
            page = page_of(error.code, docs_url_of_environment())
            self.logger.error(  # noqa: TRY400 - a traceback would bury the sentence
                "%s%s%s [%s]%s",
                error.message,
                _nav_says(error),
                f" What to do: {error.hint}" if error.hint else "",
                error.code,
                f" More: {page}" if page else "",
                extra={
                    "event_type": "run.stopped",
                    "reason": error.code,
                    "field": error.field,
                    "docs": page,
                },
            )
            sys.exit(error.exit_code if isinstance(error, StopRunError) else 1)


def _nav_says(error: TargetError) -> str:
    new = error.nav_message and error.nav_message not in error.message
    return f" NAV says: {error.nav_message}" if new else ""


def settings_from_environment(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Settings found in environment variables `TARGET_DYNAMICS_NAV_…`, or in a `.env` file as the SDK looks for it.

    Args:
        schema: The target's configuration schema.

    Raises:
        ConfigurationError: A variable does not hold what its setting needs.
    """
    # The SDK logs a line for each setting it finds, at every start; a reader of the log has no use for them.
    logging.getLogger("singer_sdk.configuration").setLevel(logging.WARNING)
    # Read as text, because the SDK would take "ja" for false and show a traceback for a number that is none.
    as_text = {name: {"type": "string"} for name in schema["properties"]}
    found = parse_environment_config({"properties": as_text}, ENVIRONMENT_PREFIX)
    return {
        name: _value(name, text, schema["properties"][name])
        for name, text in found.items()
        if text != ""
    }


def target_settings(files: Sequence[Path]) -> dict[str, Any]:
    """The target's settings for other commands: defaults, then the environment, then the files, which count most.

    Raises:
        ConfigurationError: A file cannot be read, or a variable does not hold what its setting needs.
    """
    properties = CONFIG_JSONSCHEMA["properties"]
    found = {name: schema["default"] for name, schema in properties.items() if "default" in schema}
    found |= settings_from_environment(CONFIG_JSONSCHEMA)
    for path in files:
        require_json_object(str(path))
        given = json.loads(path.read_text(encoding="utf-8"))
        found |= {name: value for name, value in given.items() if value is not None}
    return found


def _value(name: str, text: str, schema: Mapping[str, Any]) -> object:
    types = schema["type"]
    try:
        if "integer" in types:
            return int(text)
        if "boolean" in types:
            return {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}[text.lower()]
        if "array" in types:
            return json.loads(text) if text.lstrip().startswith("[") else _parts(text)
        if "object" in types:
            return dict(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        wanted = next(kind for kind in _WORDS if kind in types)
        raise ConfigurationError(
            f"The environment variable {ENVIRONMENT_PREFIX}{name.upper()} is not {_WORDS[wanted]}.",
            code="setting_wrong",
            hint=f"Correct {ENVIRONMENT_PREFIX}{name.upper()}.",
            field=name,
        ) from error
    return text


_WORDS = {
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a JSON object",
}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def require_json_object(path: str) -> None:
    """Make sure that a configuration file can be read.

    Raises:
        ConfigurationError: It is missing or no JSON object. What it holds is not repeated, it may be secret.
    """
    hint = "Correct the path given with --config, or the file."
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"The configuration file {path} cannot be read: {os.strerror(error.errno or 0)}.",
            code="file_unreadable",
            hint=hint,
            field="--config",
        ) from error
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"The configuration file {path} is not a JSON object.",
            code="file_unreadable",
            hint=hint,
            field="--config",
        )
