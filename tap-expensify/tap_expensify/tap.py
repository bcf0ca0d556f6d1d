"""The Singer face of the tap: settings, streams, command line."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)

from tap_expensify import settings as defaults
from tap_expensify.client import ExpensifyClient
from tap_expensify.command_line import TapCommand, checked_json_file, settings_from_environment
from tap_expensify.errors import ConfigurationError
from tap_expensify.settings import Settings
from tap_expensify.streams import (
    ExpensesStream,
    PoliciesStream,
    ReportsStream,
    bookmark_of,
    read_approved_reports,
)
from tap_expensify.values import timestamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    import click
    from singer_sdk.plugin_base import _ConfigInput

    from tap_expensify.spool import ReportSpool


_LIST = th.CustomType({"type": ["array", "string", "null"], "items": {"type": "string"}})


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
            _LIST,
            title="Policy ids",
            description="Only reports of these policies; array, or text separated by commas. "
            "All policies if empty",
        ),
        th.Property(
            "report_states",
            _LIST,
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

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes over the state of the last run.

        Raises:
            ConfigurationError: A bookmark is not a date-time.
        """
        for stream in (ReportsStream, ExpensesStream):
            bookmark_of(stream.name, state)
        super().load_state(state)

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
        for path in value:
            if path != "ENV":
                try:
                    with Path(path).open(encoding="utf-8") as file:
                        checked_json_file(file, "--config")
                except OSError as error:
                    raise ConfigurationError(
                        f"The configuration file {path} cannot be read: {error.strerror}.",
                        code="file_unreadable",
                        field="--config",
                    ) from error
        return super().cb_config(ctx, param, value)

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
            state=checked_json_file(state, "--state"),
            catalog=checked_json_file(catalog, "--catalog"),
            **options,
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
