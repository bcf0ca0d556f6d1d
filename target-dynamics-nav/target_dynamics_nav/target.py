"""Singer face of the target: settings, records in, STATE out."""

from __future__ import annotations

import fnmatch
import sys
import time
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk import Target
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.plugin_base import _ConfigInput

from target_dynamics_nav.alerts import Alarm
from target_dynamics_nav.alerts.settings import alert_settings
from target_dynamics_nav.attachments import AttachmentSettings
from target_dynamics_nav.command_line import (
    TargetCommand,
    require_json_object,
    settings_from_environment,
)
from target_dynamics_nav.context import Mode, OnChanged, PostingRules, RefusedDrafts
from target_dynamics_nav.errors import (
    ConfigurationError,
    ContractError,
    OutageError,
    StopRunError,
    TerminatedError,
)
from target_dynamics_nav.ledger import Ledger
from target_dynamics_nav.nav.factory import build_client
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.nav.retry import Clock
from target_dynamics_nav.reader import DiscreetReader
from target_dynamics_nav.run import FINISHED, Run, RunSettings
from target_dynamics_nav.settings import CONFIG_JSONSCHEMA
from target_dynamics_nav.sinks import DocumentSink, IgnoredSink

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    import click
    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.sinks import Sink

SECONDS_BETWEEN_STATES = 1.0
"""Meltano stores every STATE line at once, at some milliseconds each."""

SECONDS_TO_NOTICE_A_SIGNAL = 0.2

EXIT_HELD = 65
SIGNAL_EXIT_BASE = 128


class TargetDynamicsNav(Target):
    """Posts purchase invoices, credit memos and journal entries in Dynamics NAV / Business Central."""

    name = "target-dynamics-nav"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_JSONSCHEMA
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    default_sink_class = DocumentSink
    message_reader_class = DiscreetReader
    _terminated_by: int | None = None
    _busy = False
    _ended: str | None = None  # how
    _state_written_at = 0.0

    def __init__(
        self,
        *,
        config: Mapping[str, Any] | None = None,
        parse_env_config: bool = False,
        **options: Any,  # noqa: ANN401 - as in the SDK
    ) -> None:
        """Create the target.

        Args:
            config: Settings. What is missing there is taken from the environment (`TARGET_DYNAMICS_NAV_…`), so that
                secrets need not be in a file.
            parse_env_config: The environment goes before `config`.
            **options: Passed on to the SDK.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        given = {name: value for name, value in (config or {}).items() if value is not None}
        environment = settings_from_environment(self.config_jsonschema)
        merged = {**given, **environment} if parse_env_config else {**environment, **given}
        super().__init__(config=merged, **options)
        self._alarm = Alarm(
            alert_settings(self.config),
            company=str(self.config.get("company", "")),
            ledger_url=str(self.config.get("ledger_url", "")),
        )

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add nothing: the SDK's settings for loading tables mean nothing here."""

    @cached_property
    def run(self) -> Run:
        """The run; NAV is reached and the ledger opened when the first stream is announced."""
        run = Run(
            build_client(self.config, clock=Clock(sleep=self._wait)),
            Ledger(self.config["ledger_url"]),
            RunSettings(
                company=self.config["company"],
                nav=self.config["base_url"].rstrip("/"),
                rules=PostingRules(
                    mode=Mode(self.config["mode"]),
                    refused_drafts=RefusedDrafts(self.config["refused_drafts"]),
                    on_changed=OnChanged(self.config["on_changed"]),
                    attachments=AttachmentSettings(
                        wanted=self.config["attachments"],
                        folder=Path(folder)
                        if (folder := self.config.get("attachment_folder"))
                        else None,
                        largest_bytes=self.config["attachment_megabytes"] * 1_000_000,
                    ),
                ),
                window=self.config["window"],
                docs_url=self.config["docs_url"],
            ),
            asked_to_stop=self._asked_to_stop,
        )
        try:
            run.connect()
        except StopRunError as error:
            run.end(error.code)
            run.close()
            raise
        return run

    def _wait(self, seconds: float) -> None:
        """Wait before NAV is asked again; a signal ends that.

        Raises:
            TerminatedError: A signal came. No request is under way, so nothing is cut off.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if (stopped := self._asked_to_stop()) is not None:
                raise stopped
            time.sleep(min(left, SECONDS_TO_NOTICE_A_SIGNAL))

    def _asked_to_stop(self) -> TerminatedError | None:
        if self._terminated_by is None:
            return None
        return TerminatedError(
            "Stopped by a signal.", hint="Run again; what is posted is recorded."
        )

    def get_sink_class(self, stream_name: str) -> type[Sink]:
        """The sink of a stream.

        Raises:
            ConfigurationError: If the stream is neither a document stream nor one to ignore.
        """
        if stream_name in {kind.value for kind in DocumentKind}:
            return DocumentSink
        if any(
            fnmatch.fnmatchcase(stream_name, pattern) for pattern in self.config["ignore_streams"]
        ):
            return IgnoredSink
        raise ConfigurationError(
            f"The stream '{stream_name}' holds no NAV documents.",
            code="stream_unknown",
            field="ignore_streams",
            value=stream_name,
            hint="Put a mapper before this target that makes documents of it, deselect the stream, or name it in "
            "ignore_streams.",
        )

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Refuse BATCH: the SDK counts such records without handing them to a record sink, which loses them."""
        raise ContractError(
            f"Stream '{message_dict.get('stream')}' sent a BATCH message, which this target does not take.",
            code="batch_refused",
            hint="Remove batch_config from the tap, so that it sends records.",
        )

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        with self._in_hand():
            super()._process_schema_message(message_dict)
            # Reached now rather than at the first document, so that a wrong setting shows before long reading.
            _ = self.run

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        with self._in_hand():
            super()._process_record_message(message_dict)
            self._release_state()

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        with self._in_hand():
            super()._process_state_message(message_dict)
            self.run.gate.state_arrived(message_dict["value"])
            self._release_state()

    @contextmanager
    def _in_hand(self) -> Iterator[None]:
        """A message is being worked on: a signal waits for it."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._terminated_by is not None:
            self._stop_on_signal()

    @contextmanager
    def accounted(self) -> Iterator[None]:
        """However the input ends: what is settled is released as STATE, and the run is closed in the ledger.

        Raises:
            ContractError: The input is not what Singer asks for; instead of the SDK's own errors.
        """
        outcome = "crashed"
        try:
            yield
            outcome = FINISHED
        except (ContractError, ConfigurationError) as error:
            outcome = error.code
            self._settle_what_came_before()
            raise
        except StopRunError as error:
            outcome = error.code
            raise
        except (RecordsWithoutSchemaException, MissingKeyPropertiesError) as error:
            outcome = "input_unusable"
            self._settle_what_came_before()
            raise ContractError(
                "A record of the input came before its schema, or without its key.",
                code=outcome,
                hint="Look at the tap or mapper before this target.",
            ) from error
        except BrokenPipeError as error:
            outcome = "output_closed"
            raise OutageError(
                "The program that reads the target's output has ended, so STATE cannot be handed on.",
                code=outcome,
                hint="Run again; what is posted is recorded.",
            ) from error
        except SystemExit:
            outcome = self._ended or "stopped"
            raise
        finally:
            try:
                self._end_run(outcome)
            finally:
                self._tell(outcome)

    def _settle_what_came_before(self) -> None:
        """One unusable record does not keep the documents before it out of the books, run after run."""
        if "run" not in self.__dict__:
            return
        try:
            self.run.settle()
        except StopRunError as error:
            # the error of the input is raised all the same
            self.logger.warning("The documents before it are not settled: %s", error.message)

    def _write_state_message(self, state: dict[str, Any]) -> None:
        """What the SDK calls after draining, with the latest STATE: only the settled part of it may go."""
        del state
        self._release_state(at_once=True)

    def _release_state(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._state_written_at < SECONDS_BETWEEN_STATES:
            return
        state = self.run.releasable_state()
        if state is not None:
            super()._write_state_message(_with_floats(state))
            self._state_written_at = now

    def process_endofpipe(self) -> None:
        """The input ended: say what happened.

        That the input ended does not mean that the tap finished; nothing is concluded from it.
        """
        if "run" in self.__dict__:
            with self._in_hand():
                self.run.settle()
        self._busy = True  # nothing is left to stop: a signal from here on changes nothing
        super().process_endofpipe()
        alarm = self.run.waits_for_a_person and self.config["fail_on_held"]
        self._end_run(FINISHED)
        if alarm:
            self.logger.error(
                "Documents are held, and fail_on_held is set.",
                extra={"event_type": "run.alarm", "reason": "fail_on_held"},
            )
            sys.exit(EXIT_HELD)

    def _end_run(self, outcome: str) -> None:
        """Close the run, once; a run that never began has nothing to close."""
        if "run" not in self.__dict__ or self._ended is not None:
            return
        self._ended = outcome
        try:
            self._release_state(at_once=True)
        finally:
            try:
                self.run.end(outcome)
            finally:
                self.run.close()

    def _tell(self, outcome: str) -> None:
        """Alert people, where the settings say so. A preview is for somebody who is looking already."""
        if self.config["mode"] == Mode.PREVIEW.value:
            return
        run: Run | None = self.__dict__.get("run")
        if run is None:
            self._alarm.tell(outcome)
        else:
            self._alarm.tell(outcome, run.summary, run.run_id)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the message in hand: the SDK would acknowledge what was not done."""
        del frame
        if self._terminated_by is not None:
            return
        self._terminated_by = signum
        if self._busy:
            self.logger.warning("Signal %d: stopping after the document in hand.", signum)
        else:
            self._stop_on_signal()

    def _stop_on_signal(self) -> None:
        self._end_run("terminated")
        sys.exit(SIGNAL_EXIT_BASE + (self._terminated_by or 0))

    @property
    def max_parallelism(self) -> int:
        """One: documents are settled in the order they came."""
        return 1

    @max_parallelism.setter
    def max_parallelism(self, new_value: int) -> None:
        del new_value

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings, without ever repeating the value of a secret in the error.

        Raises:
            ConfigurationError: With the names of the settings that are wrong.
        """
        errors = super()._validate_config(raise_errors=False)
        if errors and raise_errors:
            raise ConfigurationError(
                "The settings of target-dynamics-nav are not complete: "
                + "; ".join(_without_secrets(error) for error in errors)
                + ".",
                code="settings_invalid",
                hint="See the settings table in the target's README, or run target-dynamics-nav --about.",
            )
        return errors

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        """Read the configuration files.

        Raises:
            ConfigurationError: A file is missing or is not a JSON object.
        """
        for path in value:
            if path != "ENV":
                require_json_object(path)
        return super().cb_config(ctx, param, value)

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK's own targets have it
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: IO[str] | None = None,
    ) -> None:
        """Run: the SDK's way, and account for the run however it ends.

        Raises:
            StopRunError: If something stops the run.
        """
        if about:
            cls.print_about(about_format)
            return
        cls.print_version(print_fn=cls.logger.info)
        given = config or _ConfigInput()
        target = cls(config=given.config, parse_env_config=given.parse_env)
        with target.accounted():
            target.listen(file_input)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The SDK's command, with errors in plain sentences."""
        made = super().get_singer_command()
        return TargetCommand(
            name=made.name,
            callback=made.callback,
            params=made.params,
            help="Post NAV documents that arrive as Singer messages on standard input. --about lists the settings; "
            "each may also come from an environment variable TARGET_DYNAMICS_NAV_<NAME>.",
            context_settings=made.context_settings,
            logger=cls.logger,
        )


def _with_floats(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """STATE is upstream's; the numbers in it were read as Decimal, which JSON does not know."""
    if isinstance(value, dict):
        return {name: _with_floats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_floats(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


def _without_secrets(error: str) -> str:
    """A validation error of a secret setting, reduced to the name of the setting."""
    for name, schema in CONFIG_JSONSCHEMA["properties"].items():
        if schema.get("secret") and f"config['{name}']" in error:
            return f"{name} is not a text"
    return error
