"""The parts of many documents in few requests: look-ups asked together, reads and writes in `$batch`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, TypeVar

from target_dynamics_nav.errors import StopRunError, TargetError
from target_dynamics_nav.nav.http import rows_of
from target_dynamics_nav.nav.odata import Json, code
from target_dynamics_nav.nav.parts import LookUp, Part, Pause, Read, Upload, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_dynamics_nav.nav.http import NavHttp
    from target_dynamics_nav.nav.transport import Answer

T = TypeVar("T")

KEYS_IN_ONE_LOOK_UP = 20
"""So many comparisons stay below the hundred nodes that an OData filter may have."""
LARGEST_BATCH_BYTES = 4_000_000
"""A document of 150 lines takes some 50 kB; a proxy or NAV may refuse very large requests."""


class Round:
    """Carries out parts of many documents, once."""

    def __init__(self, http: NavHttp, operations: int) -> None:
        """`operations` is how many parts go into one `$batch`; with 1 every part is a request of its own."""
        self._http = http
        self._operations = operations
        self._stopped_by: StopRunError | None = None

    def perform(self, parts: Sequence[Part]) -> list[Any]:
        """Carry out each part once, as far as anyone can know.

        Args:
            parts: Of any number of documents. Writes are carried out in their order.

        Returns:
            The answer of each part (see `parts.py`), or the TargetError that belongs to it. Once an error says that
            the run has to stop, nothing more is sent, and what was not sent gets this error.
        """
        answers: list[Any] = [None] * len(parts)
        if pause := max((part.seconds for part in parts if isinstance(part, Pause)), default=0.0):
            self._http.clock.sleep(pause)
        writes = [(n, part) for n, part in enumerate(parts) if isinstance(part, Write)]
        for chunk in self._chunks(writes):
            some = [part for _, part in chunk]
            for (number, _), answer in zip(
                chunk, self._unless_stopped(self._write, some), strict=True
            ):
                answers[number] = answer
        for number, part in enumerate(parts):
            if isinstance(part, Upload):
                (answers[number],) = self._unless_stopped(self._upload, [part])
        for number, answer in self._questions(parts):
            answers[number] = answer
        return answers

    def _chunks(self, writes: Sequence[tuple[int, Write]]) -> Iterator[list[tuple[int, Write]]]:
        chunk: list[tuple[int, Write]] = []
        size = 0
        for number, part in writes:
            length = len(part.body_text or "")
            if chunk and (len(chunk) == self._operations or size + length > LARGEST_BATCH_BYTES):
                yield chunk
                chunk, size = [], 0
            chunk.append((number, part))
            size += length
        if chunk:
            yield chunk

    def _unless_stopped(
        self, send: Callable[[Sequence[T]], Sequence[Any]], what: Sequence[T]
    ) -> Sequence[Any]:
        if self._stopped_by is None:
            try:
                answers = send(what)
            except TargetError as error:
                answers = [copy.copy(error) for _ in what]
            self._stopped_by = next(
                (answer for answer in answers if isinstance(answer, StopRunError)), None
            )
            return answers
        return [copy.copy(self._stopped_by) for _ in what]

    def _write(self, parts: Sequence[Write]) -> list[Answer | TargetError]:
        if len(parts) > 1:
            return self._http.write_parts(parts)
        (part,) = parts
        return [self._http.write_part(part)]

    def _upload(self, parts: Sequence[Upload]) -> list[Answer]:
        return [self._http.upload(part.url, part.content) for part in parts]

    def _questions(self, parts: Sequence[Part]) -> Iterator[tuple[int, Any]]:
        """Every question with its rows; the same look-up of several documents is one question."""
        urls: list[str] = []
        asked: list[list[tuple[int, LookUp | None]]] = []
        groups: dict[tuple[str, str, str], dict[str, list[tuple[int, LookUp]]]] = {}
        for number, part in enumerate(parts):
            if isinstance(part, Read):
                urls.append(part.url)
                asked.append([(number, None)])
            elif isinstance(part, LookUp):
                group = groups.setdefault((part.entity_set, part.key_field, part.expand), {})
                group.setdefault(part.value, []).append((number, part))
        for by_value in groups.values():
            values = list(by_value)
            for start in range(0, len(values), KEYS_IN_ONE_LOOK_UP):
                some = values[start : start + KEYS_IN_ONE_LOOK_UP]
                urls.append(by_value[some[0]][0][1].url_for(some))
                asked.append([one for value in some for one in by_value[value]])
        for start in range(0, len(urls), self._operations):
            pages = self._unless_stopped(self._read, urls[start : start + self._operations])
            for who, rows in zip(asked[start : start + self._operations], pages, strict=True):
                for number, look_up in who:
                    yield number, _share(rows, look_up)

    def _read(self, urls: Sequence[str]) -> list[list[Json] | TargetError]:
        if len(urls) == 1:
            return [self._http.get_all(urls[0], fresh=True) or []]
        return [self._whole_list(page) for page in self._http.read_parts(urls)]

    def _whole_list(self, page: Json | TargetError) -> list[Json] | TargetError:
        if isinstance(page, TargetError):
            return page
        try:
            following = page.get("@odata.nextLink")
            rest = self._http.get_all(following, fresh=True) if following else None
            return rows_of(page) + (rest or [])
        except TargetError as error:
            return error


def _share(rows: list[Json] | TargetError, look_up: LookUp | None) -> list[Json] | TargetError:
    """What of an answer belongs to one document; an error is everybody's, each with one of its own."""
    if isinstance(rows, TargetError):
        return copy.copy(rows)
    if look_up is None:
        return rows
    return [row for row in rows if code(row.get(look_up.key_field)) == code(look_up.value)]
