"""The Singer face of the tap: settings, streams, command line."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream, Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)

from tap_expensify.client import ExpensifyClient
from tap_expensify.command_line import TapCommand, checked_json_file, settings_from_environment
from tap_expensify.configuration import CONFIGURATION
from tap_expensify.errors import ConfigurationError
from tap_expensify.policy_streams import (
    CardTransactionsStream,
    DomainCardsStream,
    PoliciesStream,
    PolicyCategoriesStream,
    PolicyEmployeesStream,
    PolicyReportFieldsStream,
    PolicySectionStream,
    PolicyTagsStream,
    PolicyTaxRatesStream,
    read_policy_list,
    read_policy_sections,
)
from tap_expensify.settings import Settings
from tap_expensify.streams import (
    ApprovedReportsStream,
    ExpensesStream,
    ReportActionsStream,
    ReportApproversStream,
    ReportsStream,
    bookmark_of,
    read_approved_reports,
)
from tap_expensify.values import moment_of, timestamp_of
from tap_expensify.watching import still_to_watch, watched_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    import click
    from singer_sdk.plugin_base import _ConfigInput

    from tap_expensify.records import Record, Wire
    from tap_expensify.spool import ReportSpool


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

    config_jsonschema: ClassVar[dict[str, Any]] = CONFIGURATION

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
        return read_approved_reports(self, self._report_streams())

    def _report_streams(self) -> list[ApprovedReportsStream]:
        """The selected streams that the export of reports serves."""
        selected = [stream for stream in self.streams.values() if stream.selected]
        return [stream for stream in selected if isinstance(stream, ApprovedReportsStream)]

    def keeps_watch(self, stream: ApprovedReportsStream) -> bool:
        """Whether the state of this stream holds the reports to read again: the last of the run, mostly `reports`."""
        if not self.settings.recheck_days or self.settings.report_ids:
            return False
        selected = self._report_streams()
        return bool(selected) and stream is selected[-1]

    def reports_to_watch(self) -> dict[str, str]:
        """The reports that later runs have to read again by id, with their approval times."""
        oldest = moment_of(self.started_at()) - timedelta(days=self.settings.recheck_days)
        return still_to_watch(self.approved_reports().not_final(timestamp_of(oldest)))

    def optional_columns(self) -> dict[str, bool]:
        """Which columns settings ask for; known before the settings are complete, for discovery."""
        return {
            "attendees": self.config.get("include_attendees") is True,
            "receipt_urls": self.config.get("include_receipt_urls") is True,
        }

    def policy_list(self) -> list[Record]:
        """The policies the credentials can see; read from Expensify at the first call."""
        return self._policy_list

    @cached_property
    def _policy_list(self) -> list[Record]:
        return read_policy_list(self.client)

    def policy_sections(self) -> Mapping[str, Wire]:
        """The sections the selected streams need, by policy; read from Expensify at the first call."""
        return self._policy_sections

    @cached_property
    def _policy_sections(self) -> Mapping[str, Wire]:
        policy_ids = self.settings.policy_ids or [
            policy["policy_id"] for policy in self.policy_list()
        ]
        sections = [
            stream.section
            for stream in self.streams.values()
            if isinstance(stream, PolicySectionStream) and stream.selected
        ]
        return read_policy_sections(
            self.client, policy_ids, sections, all_needed=bool(self.settings.policy_ids)
        )

    def discover_streams(self) -> Sequence[Stream]:
        """The streams; they are always the same, but for columns that settings ask for."""
        return [
            ReportsStream(self),
            ExpensesStream(self),
            ReportApproversStream(self),
            ReportActionsStream(self),
            PoliciesStream(self),
            PolicyCategoriesStream(self),
            PolicyTagsStream(self),
            PolicyReportFieldsStream(self),
            PolicyTaxRatesStream(self),
            PolicyEmployeesStream(self),
            DomainCardsStream(self),
            CardTransactionsStream(self),
        ]

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes over the state of the last run.

        Raises:
            ConfigurationError: A bookmark is not a date-time.
        """
        for stream in (ReportsStream, ExpensesStream, ReportApproversStream, ReportActionsStream):
            bookmark_of(stream.name, state)
        watched_in(state)
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
