"""Records in: one sink a document stream, and one for streams that the target was told to ignore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import RecordSink

from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document

if TYPE_CHECKING:
    from singer_sdk.sinks.core import BaseJSONSchemaValidator

    from target_dynamics_nav.target import TargetDynamicsNav


class DocumentSink(RecordSink):
    """Hands each record of a document stream to the run, in order."""

    def __init__(self, target: TargetDynamicsNav, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(target, *arguments, **options)
        self._settling_target = target

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """No validator: one unfit record would end the run. The document collects its problems and is held."""
        return None

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Leave the record as it came: the SDK would turn dates into midnights."""
        return record

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        """Leave it to `read_document` to say that there is no document_key, in a plain sentence."""

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Take in one document.

        Args:
            record: As in the contract of the document streams.
            context: Not used.

        Raises:
            StopRunError: If the run cannot go on.
        """
        del context
        self._settling_target.run.take(read_document(DocumentKind(self.stream_name), record))


class IgnoredSink(RecordSink):
    """Takes records of streams that `ignore_streams` names, and says at the end how many there were."""

    ignored = 0

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """Nothing is done with the record, so nothing is checked."""
        return None

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Count the record."""
        del record, context
        self.ignored += 1

    def clean_up(self) -> None:
        """Say what was ignored."""
        self.logger.info(
            "%d records of stream '%s' were ignored, as ignore_streams says.",
            self.ignored,
            self.stream_name,
        )
