"""A dialect without batches, as steps: each step is one call, and calls are made one after the other."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.errors import DocumentError, StopRunError, TargetError
from target_dynamics_nav.nav.port import SteppedNavClient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_dynamics_nav.nav.port import (
        Company,
        DraftDocument,
        FoundDocument,
        MasterData,
        NavClient,
        Steps,
    )


@dataclass(frozen=True)
class _Call:
    make: Callable[[], Any]
    writes: bool


class OneByOne:
    """`SteppedNavClient` over a `NavClient`."""

    def __init__(self, client: NavClient) -> None:
        """Take over `client`; `close` closes it."""
        self._client = client
        self.capabilities = client.capabilities

    def resolve_company(self, name_or_id: str) -> Company:
        """See `NavClient`."""
        return self._client.resolve_company(name_or_id)

    def read_master_data(self, company: Company) -> MasterData:
        """See `NavClient`."""
        found = self._client.read_master_data(company)
        self.capabilities = self._client.capabilities  # some are known only now
        return found

    def find(self, company: Company, key: str) -> Steps[list[FoundDocument]]:
        """See `NavClient`."""
        (found,) = yield [_Call(lambda: self._client.find(company, key), writes=False)]
        return list(found)

    def create_draft(self, company: Company, draft: DraftDocument) -> Steps[FoundDocument]:
        """See `NavClient`."""
        created: FoundDocument
        (created,) = yield [_Call(lambda: self._client.create_draft(company, draft), writes=True)]
        return created

    def post(self, company: Company, document: FoundDocument) -> Steps[None]:
        """See `NavClient`."""
        yield [_Call(lambda: self._client.post(company, document), writes=True)]

    def delete_draft(self, company: Company, document: FoundDocument) -> Steps[None]:
        """See `NavClient`."""
        yield [_Call(lambda: self._client.delete_draft(company, document), writes=True)]

    def has_attachment(
        self, company: Company, document: FoundDocument, file_name: str
    ) -> Steps[bool]:
        """Never: no dialect that is asked one thing after the other takes files."""
        del company, document, file_name
        yield []
        return False

    def attach(
        self, company: Company, document: FoundDocument, file_name: str, content: bytes
    ) -> Steps[None]:
        """Raise: no such dialect takes files."""
        del company, document, file_name, content
        yield []
        raise DocumentError("This dialect takes no files.", code="attachment_not_offered")

    def perform(self, steps: Sequence[Any]) -> Sequence[Any]:
        """Make the calls, until one says that the run has to stop; the others then end with the same error."""
        answers: list[Any] = []
        for step in steps:
            stopped = isinstance(answers[-1], StopRunError) if answers else False
            answers.append(copy.copy(answers[-1]) if stopped else _answer(step))
        return answers

    def close(self) -> None:
        """See `NavClient`."""
        self._client.close()


def _answer(call: _Call) -> Any:  # noqa: ANN401 - whatever the call returns
    try:
        return call.make()
    except TargetError as error:
        return error


def stepped(client: NavClient | SteppedNavClient) -> SteppedNavClient:
    """The client itself when it goes by steps, or its calls as steps."""
    return client if isinstance(client, SteppedNavClient) else OneByOne(client)
