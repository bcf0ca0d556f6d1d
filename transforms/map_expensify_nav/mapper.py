"""Singer face of the mapper: messages in, messages out, in order, nothing kept back.

Every `reports` record becomes its documents at once. Every other stream and every STATE passes through as the very
line it came in. Nothing is held until the end of input, because the end of input does not mean that the tap finished.
"""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

import singer_sdk.typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.mapper_base import InlineMapper
from singer_sdk.singerlib.encoding.base import SingerMessageType
from singer_sdk.singerlib.encoding.simple import (
    Message,
    RecordMessage,
    SchemaMessage,
    SimpleSingerReader,
    SimpleSingerWriter,
)
from singer_sdk.singerlib.json import deserialize_json

from map_expensify_nav.errors import InputError, MapperError
from map_expensify_nav.rule_set import load_rules
from map_expensify_nav.schemas import KEY_PROPERTIES, STREAMS, document_schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

REPORTS = "reports"
_TERMINATED = 143


_ENCODER = json.JSONEncoder(
    separators=(",", ":"), default=lambda moment: moment.isoformat(sep="T"), check_circular=False
)
"""Writes what the SDK's encoder would; documents hold no Decimals, for whose sake the SDK has a slower one."""


@dataclass(slots=True)
class UntouchedMessage(Message):
    """A message that leaves as the line it came in as."""

    line: str


class LineReader(SimpleSingerReader):
    """Reads messages and keeps the current one's line; its errors do not repeat the line, which holds people's data."""

    line = ""

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """A line as a message.

        Raises:
            InputError: If it is none.
        """
        self.line = line
        try:
            message: dict[str, Any] = deserialize_json(line)
        except ValueError as error:
            raise InputError(
                f"Standard input holds a line of {len(line.rstrip())} characters that is not JSON "
                f"({type(error).__name__}). Check what runs before the mapper."
            ) from None
        kind = message.get("type") if hasattr(message, "get") else None
        if not isinstance(kind, str) or kind not in SingerMessageType.__members__:
            raise InputError(
                "Standard input holds a line that is no Singer message. Check what runs before the mapper."
            )
        return message


class LineWriter(SimpleSingerWriter):
    """Writes messages; an untouched one as its own line."""

    def serialize_message(self, message: Message) -> str:
        """The line of a message, without its line break."""
        if isinstance(message, UntouchedMessage):
            return message.line.rstrip("\r\n")
        return _ENCODER.encode(message.to_dict())


class MapExpensifyNav(InlineMapper):
    """Turns Expensify reports into documents for Dynamics NAV, by the rules of one file."""

    name = "map-expensify-nav"
    package_name = "map-expensify-nav"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "rules_file",
            th.StringType(nullable=False),
            required=True,
            title="Rules file",
            description="Path of the rules file (YAML). For several, of which each is for some reports: a folder, a "
            'pattern like rules/*.yml, or a list like ["one.yml", "two.yml"]. A relative path starts at the working '
            "directory.",
        ),
        th.Property(
            "run_date",
            th.DateType,
            title="Day of the run",
            description="The day that `run_date` in the rules stands for; the current day where the books are kept, "
            "unless said otherwise.",
        ),
    ).to_dict()
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    message_reader_class = LineReader
    message_writer_class = LineWriter
    message_reader: LineReader

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 (the SDK's own arguments)
        self._at_work = False
        self._terminated = False
        super().__init__(**arguments)
        self.rules = load_rules(self.config["rules_file"])
        self._schemas_written = False
        self._run_date = self._day_of_the_run()

    @classmethod
    def invoke(cls, **arguments: Any) -> None:  # noqa: ANN401 (the SDK's own arguments)
        """Run; end with plain messages and an exit code instead of a traceback where a person can act."""
        for stream in (sys.stdin, sys.stdout):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8")
        try:
            super().invoke(**arguments)
        except MapperError as error:
            for message in error.messages:
                cls.logger.error("%s", message)  # noqa: TRY400 (no traceback)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            # What is left in the buffer cannot be written any more; without this, the interpreter would try again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            cls.logger.error("The program that reads the documents has ended.")  # noqa: TRY400 (no traceback)
            sys.exit(1)

    def map_schema_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """The schema of `reports` becomes those of the documents, once; any other passes."""
        if message_dict.get("stream") != REPORTS:
            yield self._untouched()
            return
        if self._schemas_written:
            return
        self._schemas_written = True
        for stream in STREAMS:
            yield SchemaMessage(stream, document_schema(stream), KEY_PROPERTIES)

    def map_record_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """A report becomes its documents; any other record passes.

        Raises:
            InputError: If a record of `reports` comes before its schema, or is no report.
        """
        if message_dict.get("stream") != REPORTS:
            yield self._untouched()
            return
        if not self._schemas_written:
            raise InputError(
                "A record of the stream 'reports' came before its SCHEMA message. Check what runs before the mapper."
            )
        report = RecordMessage.from_dict({"record": None, **message_dict})
        for document in self.rules.documents(report.record, self._run_date):
            yield RecordMessage(
                document.stream, document.record, time_extracted=report.time_extracted
            )

    def map_state_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:  # noqa: ARG002
        """STATE passes."""
        yield self._untouched()

    def map_activate_version_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """Versions pass, but not that of `reports`: documents have none."""
        if message_dict.get("stream") != REPORTS:
            yield self._untouched()

    def map_batch_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """Files of records are refused: passed on, they would be lost without a word.

        Raises:
            InputError: Always.
        """
        raise InputError(
            f"The tap sent a BATCH message for the stream '{message_dict.get('stream')}', which the mapper does not "
            "read. Remove batch_config from the tap's settings."
        )

    def _day_of_the_run(self) -> date:
        """What `run_date` stands for: one day or moment for the whole run, so that midnight changes nothing."""
        written = self.config.get("run_date")
        if written:
            return date.fromisoformat(str(written)[:10])
        return datetime.now(timezone.utc)

    def _untouched(self) -> UntouchedMessage:
        return UntouchedMessage(self.message_reader.line)

    def _write_messages(self, messages: Iterable[Message]) -> None:
        """All messages of one line that came in; a termination meanwhile waits, so that no line is cut in half."""
        self._at_work = True
        super()._write_messages(messages)
        self._at_work = False
        if self._terminated:
            sys.exit(_TERMINATED)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """End now, or after the line in hand."""
        self._terminated = True
        if not self._at_work:
            sys.exit(_TERMINATED)
