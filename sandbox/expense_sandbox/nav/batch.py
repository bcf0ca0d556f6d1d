"""JSON `$batch`: many calls in one request, with NAV's own idea of a transaction."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expense_sandbox.faults import ENVELOPE_KINDS, PART_KINDS
from expense_sandbox.http import ConnectionBrokenError, Response, status_answer
from expense_sandbox.nav.batch_envelope import Part, multipart, parts_of, reported
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.rival import RivalClient
from expense_sandbox.nav.wire import error_response, odata_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from expense_sandbox.faults import Fault, FaultPlan
    from expense_sandbox.nav.api_v2 import Api, Call
    from expense_sandbox.nav.pace import Pace

FIRST_ERROR_STATUS = 400


class _StoppedError(Exception):
    """Ends a batch in the middle; what it committed so far stays."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class _RolledBackError(Exception):
    """Takes a snapshot batch's writes back on its way out."""


class Batches:
    """Answers `$batch` requests.

    Args:
        api: Answers each part.
        faults: Faults for parts (`PART_KINDS`) and for the whole answer (`ENVELOPE_KINDS`).
        describe: The operation label of a part, from its method and path.
        pace: How long each part takes.
    """

    def __init__(
        self, api: Api, faults: FaultPlan, describe: Callable[[str], str], pace: Pace
    ) -> None:
        self._pace = pace
        self._rival = RivalClient(api)
        self._api = api
        self._quirks = api.books.quirks
        self._faults = faults
        self._describe = describe

    def answer(self, call: Call) -> Response:
        """Answer one batch; refusals are answers too."""
        try:
            parts = parts_of(call, self._quirks)
        except NavError as error:
            return error_response(error)
        go_on = "odata.continue-on-error" in call.headers.get("Prefer", "").lower()
        run = (
            self._run if call.headers.get("Isolation", "").lower() != "snapshot" else self._snapshot
        )
        cuts: list[Fault] = []
        try:
            answers = run(parts, go_on=go_on, cuts=cuts)
        except _StoppedError as stopped:
            return status_answer(stopped.fault)
        operations = len(answers)
        answers = self._disturbed(answers)
        if "application/json" not in call.headers.get("Accept", "").lower():
            response = multipart(answers)
        else:
            response = odata_response({"responses": answers})
        response.cut = cuts[0] if cuts else None
        response.operations = operations
        return response

    def _disturbed(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for fault in self._faults.take("POST $batch", ENVELOPE_KINDS):
            if fault.kind == "drop_batch_part":
                answers = [item for index, item in enumerate(answers) if index != fault.part]
            elif fault.kind == "null_batch_ids":
                answers = [{**item, "id": None} for item in answers]
            else:
                answers = answers[::-1]
        return answers

    def _snapshot(
        self, parts: list[Part], *, go_on: bool, cuts: list[Fault]
    ) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        try:
            with self._api.books.transaction():
                answers = self._run(parts, go_on=go_on, cuts=cuts)
                _roll_back_if_any_failed(answers)
        except _RolledBackError:
            # What was taken back is still reported as done: NAV does the same.
            return answers
        return answers

    def _run(self, parts: list[Part], *, go_on: bool, cuts: list[Fault]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        created: dict[str, str] = {}
        failed: set[str] = set()
        pace = self._pace.request()
        for part in parts:
            call = self._referring(part.call, created)
            description = f"{call.method} $batch/{call.path} {self._describe(call.path)}"
            faults = self._faults.take(description, PART_KINDS)
            with pace.operation():
                response = self._answer_part(call, faults, waits=self._waits(part, failed))
            cuts += [fault for fault in faults if fault.kind == "truncate"]
            if not any(fault.kind == "omit_answer" for fault in faults):
                answers.append(reported(part.id, response))
            _, found, path = response.headers.get("Location", "").partition(call.base_url)
            if found:
                created[part.id or ""] = path.strip("/")
            if response.status >= FIRST_ERROR_STATUS:
                failed.add(part.id or "")
                if not go_on:
                    break
        return answers

    def _waits(self, part: Part, failed: set[str]) -> bool:
        return self._quirks.batch_depends_on == "honoured" and bool(failed & set(part.depends_on))

    def _referring(self, call: Call, created: dict[str, str]) -> Call:
        name, slash, rest = call.path.partition("/")
        if not self._quirks.batch_references or name[1:] not in created or name[:1] != "$":
            return call
        return replace(call, path=f"{created[name[1:]]}{slash}{rest}")

    def _answer_part(self, call: Call, faults: tuple[Fault, ...], *, waits: bool) -> Response:
        if waits:
            return error_response(NavError("BadRequest", "A request it depends on failed.", 424))
        first = {fault.kind: fault for fault in reversed(faults)}
        if "delay" in first:
            time.sleep(first["delay"].delay_seconds)
        _break_off(first.get("reset_before"), first.get("stop_before"))
        if "before" in first:
            return status_answer(first["before"])
        if "rival" in first:
            self._rival.act(first["rival"].rival, call)
        response = self._api.answer(call)
        if "delay_after" in first:
            time.sleep(first["delay_after"].delay_seconds)
        _break_off(first.get("reset_after"), first.get("stop_after"))
        return status_answer(first["after"]) if "after" in first else response


def _break_off(reset: Fault | None, stop: Fault | None) -> None:
    if reset is not None:
        raise ConnectionBrokenError
    if stop is not None:
        raise _StoppedError(stop)


def _roll_back_if_any_failed(answers: list[dict[str, Any]]) -> None:
    if any(answer["status"] >= FIRST_ERROR_STATUS for answer in answers):
        raise _RolledBackError
