"""What one document asks of a NAV that takes batches: the parts of a round. Pure.

The protocol of a document yields lists of these and is handed the answers; `batching.py` puts the parts of many
documents into few requests. A list holds either questions or writes, never both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from target_dynamics_nav.nav.odata import literal, query, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from target_dynamics_nav.nav.odata import Json


@dataclass(frozen=True)
class Read:
    """All rows behind one address. Answer: list of rows, possibly empty."""

    writes: ClassVar[bool] = False
    url: str


@dataclass(frozen=True)
class LookUp:
    """Rows of an entity set whose `key_field` is `value`. Answer: list of rows, possibly empty.

    Look-ups that differ in their value only are asked together. Values are codes, compared in upper case.
    """

    writes: ClassVar[bool] = False
    entity_set: str
    key_field: str
    value: str
    expand: str

    def url_for(self, values: Sequence[str]) -> str:
        """Address of the rows of several values; the same field throughout, as NAV refuses `or` over others."""
        condition = " or ".join(f"{self.key_field} eq {literal(value)}" for value in values)
        return self.entity_set + query(filter=condition, expand=self.expand)


@dataclass(frozen=True)
class Write:
    """One write. Answer: `Answer` of a success, or of a status in `absent`.

    Attributes:
        method: POST, PATCH or DELETE.
        url: Relative to the base.
        body: JSON object, or None for actions and DELETE.
        etag: Version the write is meant for.
        absent: Statuses that are an answer, too.
    """

    writes: ClassVar[bool] = True
    method: str
    url: str
    body: Json | None = None
    etag: str | None = None
    absent: Collection[int] = field(default=frozenset())

    @cached_property
    def body_text(self) -> str | None:
        """The body as JSON text."""
        return None if self.body is None else to_json(self.body)

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of its own."""
        headers = {"If-Match": self.etag} if self.etag else {}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers


@dataclass(frozen=True)
class Upload:
    """The content of a file, sent on its own. Answer: `Answer` of a success."""

    writes: ClassVar[bool] = True
    url: str
    content: bytes


@dataclass(frozen=True)
class Pause:
    """Wait before going on. Answer: None."""

    writes: ClassVar[bool] = False
    seconds: float


Part = Read | LookUp | Write | Upload | Pause
