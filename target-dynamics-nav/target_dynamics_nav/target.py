"""Singer face of the target: settings, records in, STATE out."""

from __future__ import annotations

import copy
import fnmatch
import sys
import time
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Target
from singer_sdk.helpers.capabilities import PluginCapabilities

from target_dynamics_nav.errors import (
    ConfigurationError,
    ContractError,
    StopRunError,
    TargetError,
)
from target_dynamics_nav.ledger import Ledger
from target_dynamics_nav.nav.factory import build_client
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.posting import Mode
from target_dynamics_nav.reader import DiscreetReader
from target_dynamics_nav.run import Run, RunSettings
from target_dynamics_nav.settings import CONFIG_JSONSCHEMA
from target_dynamics_nav.sinks import DocumentSink, IgnoredSink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.sinks import Sink

SECONDS_BETWEEN_STATES = 1.0
"""Meltano stores every STATE line at once, at some milliseconds each."""

EXIT_HELD = 65
EXIT_TERMINATED = 143


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
    _terminated = False
    _busy = False
    _state_written_at = 0.0

    @cached_property
    def run(self) -> Run:
        """The run; NAV is reached and the ledger opened when the first stream is announced."""
        run = Run(
            build_client(self.config),
            Ledger(self.config["ledger_url"]),
            RunSettings(
                company=self.config["company"],
                mode=Mode(self.config["mode"]),
                nav=self.config["base_url"].rstrip("/"),
            ),
        )
        try:
            run.connect()
        except StopRunError as error:
            run.end(error.code)
            run.close()
            raise
        return run

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
        """A message is being worked on: a signal waits for it, and an error that stops the run is accounted for."""
        self._busy = True
        try:
            yield
        except StopRunError as error:
            if "run" in self.__dict__:
                self._release_state(at_once=True)
                self._end_run(error.code)
            raise
        finally:
            self._busy = False
        if self._terminated:
            self._stop_on_signal()

    def _write_state_message(self, state: dict[str, Any]) -> None:
        """What the SDK calls after draining, with the latest STATE: only the settled part of it may go."""
        del state
        self._release_state(at_once=True)

    def _release_state(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._state_written_at < SECONDS_BETWEEN_STATES:
            return
        state = self.run.gate.release()
        if state is not None:
            super()._write_state_message(copy.deepcopy(state))
            self._state_written_at = now

    def process_endofpipe(self) -> None:
        """The input ended: say what happened.

        That the input ended does not mean that the tap finished; nothing is concluded from it.
        """
        if self._terminated:
            self._stop_on_signal()
        super().process_endofpipe()
        alarm = self.run.waits_for_a_person and self.config["fail_on_held"]
        self._end_run("finished")
        if alarm:
            self.logger.error("Documents are held, and fail_on_held is set.")
            sys.exit(EXIT_HELD)

    def _end_run(self, outcome: str) -> None:
        self.run.end(outcome)
        self.run.close()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the message in hand: the SDK would acknowledge what was not done."""
        del frame
        if self._terminated:
            return
        self._terminated = True
        if self._busy:
            self.logger.warning("Signal %d: stopping after the document in hand.", signum)
        else:
            self._stop_on_signal()

    def _stop_on_signal(self) -> None:
        if "run" in self.__dict__:
            self._release_state(at_once=True)
            self._end_run("terminated")
        sys.exit(EXIT_TERMINATED)

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
    def invoke(cls, **arguments: Any) -> None:  # noqa: ANN401 - the SDK's own signature
        """Run, and end with one plain sentence and the right exit code when something stops the run."""
        try:
            super().invoke(**arguments)
        except TargetError as error:
            cls.logger.error(  # noqa: TRY400 - a traceback would bury the sentence
                "%s%s [%s]",
                error.message,
                f" What to do: {error.hint}" if error.hint else "",
                error.code,
                extra={"event_type": "run.stopped", "reason": error.code, "field": error.field},
            )
            sys.exit(error.exit_code if isinstance(error, StopRunError) else 1)


def _without_secrets(error: str) -> str:
    """A validation error of a secret setting, reduced to the name of the setting."""
    for name, schema in CONFIG_JSONSCHEMA["properties"].items():
        if schema.get("secret") and f"config['{name}']" in error:
            return f"{name} is not a text"
    return error
