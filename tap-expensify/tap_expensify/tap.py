"""The Singer face of the tap: settings, streams, command line."""

from __future__ import annotations

import io
import json
import os
import sys
from datetime import datetime, timezone
from functools import cached_property
from typing import IO, Any, ClassVar, TYPE_CHECKING

from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from singer_sdk.plugin_base import SingerCommand, _ConfigInput

from tap_expensify import settings as defaults
from tap_expensify.client import ExpensifyClient
from tap_expensify.errors import ConfigurationError, TapError
from tap_expensify.settings import Settings
from tap_expensify.streams import (
    ExpensesStream,
    PoliciesStream,
    ReportsStream,
    read_approved_reports,
)
from tap_expensify.values import timestamp_of

if TYPE_CHECKING:
    import click
    from tap_expensify.spool import ReportSpool
    from types import FrameType
    from collections.abc import Mapping, Sequence

LIST_SETTINGS = ("policy_ids", "report_states")
NUMBER_SETTINGS = ("lookback_days", "request_timeout")
ENVIRONMENT_PREFIX = "TAP_EXPENSIFY_"


class TapCommand(SingerCommand):
    """The command line; an expected error ends it with one sentence and exit code 1."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in click
        """Runs the command, `--discover` and `--test` included."""
        try:
            return super().main(*args, **kwargs)
        except TapError as error:
            self._report(error)
        except BrokenPipeError:
            # The reader of our output is gone; Python would complain once more when it closes it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self.logger.error("The program that reads the tap's output has ended. [output_closed]")  # noqa: TRY400
        except OSError as error:
            self.logger.error("A file could not be read or written: %s. [file]", error.strerror)  # noqa: TRY400
        sys.exit(1)

    def _report(self, error: TapError) -> None:
        self.logger.error("%s", error.sentence(), extra={"code": error.code, "field": error.field})


class TapExpensify(Tap):
    """Reads approved expense reports from Expensify, one record a report; changes nothing there."""

    name = "tap-expensify"

    # BATCH is missing on purpose: targets that do not know it lose the records without a word.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "partner_user_id",
            th.StringType(min_length=1),
            required=True,
            title="Partner user id",
            description="Expensify's partnerUserID, made at "
            "https://www.expensify.com/tools/integrations/",
        ),
        th.Property(
            "partner_user_secret",
            th.StringType(min_length=1),
            required=True,
            secret=True,
            title="Partner user secret",
            description="Expensify's partnerUserSecret, shown once with the id",
        ),
        th.Property(
            "base_url",
            th.StringType,
            default=defaults.DEFAULT_BASE_URL,
            title="Base URL",
            description="Whole address of Expensify's Integration Server; https, "
            "or http on this machine",
        ),
        th.Property(
            "start_date",
            th.DateTimeType,
            required=True,
            title="Start date",
            description="Reports approved before it are never read (date or date-time, UTC)",
        ),
        th.Property(
            "end_date",
            th.DateTimeType,
            title="End date",
            description="Reports approved after it are not read; a date means its whole day",
        ),
        th.Property(
            "policy_ids",
            th.CustomType(
                {
                    "anyOf": [
                        {"type": "array", "items": {"type": "string"}},
                        {"type": ["string", "null"]},
                    ]
                }
            ),
            title="Policy ids",
            description="Only reports of these policies; array, or text separated by commas. "
            "All policies if empty",
        ),
        th.Property(
            "report_states",
            th.CustomType(
                {
                    "anyOf": [
                        {"type": "array", "items": {"type": "string"}},
                        {"type": ["string", "null"]},
                    ]
                }
            ),
            default=list(defaults.DEFAULT_REPORT_STATES),
            title="Report states",
            description="States asked for, among OPEN, SUBMITTED, APPROVED, REIMBURSED and "
            "ARCHIVED; array, or text separated by commas. Reports that were never approved "
            "are left out in any case",
        ),
        th.Property(
            "lookback_days",
            th.IntegerType(minimum=0, maximum=3660),
            default=defaults.DEFAULT_LOOKBACK_DAYS,
            title="Lookback days",
            description="How many days before the bookmark each run reads again",
        ),
        th.Property(
            "request_timeout",
            th.IntegerType(minimum=1, maximum=3600),
            default=defaults.DEFAULT_REQUEST_TIMEOUT,
            title="Request timeout",
            description="Seconds to wait for Expensify, which renders an export before it answers",
        ),
    ).to_dict()

    def __init__(
        self,
        *,
        config: Mapping[str, Any] | None = None,
        parse_env_config: bool = False,
        validate_config: bool = True,
        **kwargs: Any,  # noqa: ANN401 - as in the SDK
    ) -> None:
        """Create the tap.

        Args:
            config: Settings. What is missing there is taken from the environment (`TAP_EXPENSIFY_…`), so that the
                secret need not be in a file.
            parse_env_config: The environment goes before `config`.
            validate_config: Whether missing and wrong settings raise.
            **kwargs: Passed on to the SDK.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        given = dict(config or {})
        environment = settings_from_environment(self.config_jsonschema)
        merged = {**given, **environment} if parse_env_config else {**environment, **given}
        if validate_config:
            # Before the SDK does: its message would show a secret that is not text.
            Settings.from_config(merged)
        try:
            super().__init__(config=merged, validate_config=validate_config, **kwargs)
        except ConfigValidationError as error:
            raise ConfigurationError(
                f"The configuration is not valid: {'; '.join(error.errors)}.", code="setting_wrong"
            ) from error

    @cached_property
    def settings(self) -> Settings:
        """The settings, checked.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        return Settings.from_config(self.config)

    @cached_property
    def client(self) -> ExpensifyClient:
        """The connection to Expensify, made when first needed."""
        return ExpensifyClient(
            self.settings.base_url,
            self.settings.credentials,
            timeout=self.settings.request_timeout,
        )

    def started_at(self) -> str:
        """When this run began, written as in records."""
        return timestamp_of(datetime.fromtimestamp(self.initialized_at / 1000, tz=timezone.utc))

    def approved_reports(self) -> ReportSpool:
        """All approved reports the selected streams need; read from Expensify at the first call."""
        return self._approved_reports

    @cached_property
    def _approved_reports(self) -> ReportSpool:
        return read_approved_reports(self, self.streams.values())

    def discover_streams(self) -> Sequence[Stream]:
        """The streams; they are always the same."""
        return [ReportsStream(self), ExpensesStream(self), PoliciesStream(self)]

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Ends at once, and not as if all had been read.

        The last STATE is out already; writing one here could fall into the middle of another message.
        """
        self.logger.info("Stopped by signal %d.", signum)
        sys.exit(128 + signum)

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        """Reads the configuration files.

        Raises:
            ConfigurationError: A file is missing or is not a JSON object.
        """
        try:
            return super().cb_config(ctx, param, value)
        except FileNotFoundError as error:
            raise ConfigurationError(
                "A configuration file was not found.", code="config_file", field="--config"
            ) from error
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                "A configuration file is not a JSON object.", code="config_file", field="--config"
            ) from error

    @classmethod
    def invoke(
        cls,
        *,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        **options: Any,  # noqa: ANN401 - as in the SDK
    ) -> None:
        """Runs the tap.

        Raises:
            ConfigurationError: The state or the catalog is not a JSON object.
        """
        super().invoke(
            state=_json_file(state, "--state"), catalog=_json_file(catalog, "--catalog"), **options
        )

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The SDK's command, with errors in plain sentences."""
        made = super().get_singer_command()
        return TapCommand(
            name=made.name,
            callback=made.callback,
            params=made.params,
            help=made.help,
            context_settings=made.context_settings,
            logger=cls.logger,
        )


def settings_from_environment(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Settings found in environment variables `TAP_EXPENSIFY_…`, or in a `.env` file as the SDK looks for it.

    Args:
        schema: The tap's configuration schema.

    Raises:
        ConfigurationError: A variable holds no number where one is needed.
    """
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


def _json_file(file: IO[str] | None, option: str) -> IO[str] | None:
    """The same text, known to be a JSON object."""
    if file is None:
        return None
    content = file.read()
    try:
        valid = isinstance(json.loads(content), dict)
    except ValueError:
        valid = False
    if not valid:
        raise ConfigurationError(
            f"The file given with {option} is not a JSON object.", code="json_file", field=option
        )
    return io.StringIO(content)
