"""Which way a server has to post each kind of document. Pure.

A published codeunit's function (an unbound action) or a function of the published page itself (a bound one), as
`$metadata` lists them, or as the setting `posting_actions` names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.nav.odata_v4_codeunit import POST_FUNCTIONS, Codeunit
from target_dynamics_nav.nav.odata_v4_settings import PostPolicy
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.odata_v4_services import Services
    from target_dynamics_nav.nav.odata_v4_settings import PageSettings

BOUND_PREFIX = "NAV."
_BOUND_NAMES = ("Post", "PostDocument")


@dataclass(frozen=True)
class Way:
    """An action; `bound` to the document's page, or the function of a codeunit."""

    action: str
    bound: bool


def served_kinds(services: Services) -> list[DocumentKind]:
    """Kinds of documents that the server's pages can hold."""
    kinds = [DocumentKind.PURCHASE_INVOICE]
    if services.credit_memos:
        kinds.append(DocumentKind.PURCHASE_CREDIT_MEMO)
    if services.journals:
        kinds.append(DocumentKind.JOURNAL_ENTRY)
    return kinds


def ways_to_post(
    settings: PageSettings, services: Services, codeunit: Codeunit
) -> Mapping[DocumentKind, Way]:
    """The way of each kind that has one, whatever the setting `post` says."""
    found: dict[DocumentKind, Way] = {}
    for kind in served_kinds(services):
        named = settings.posting_actions.get(kind.value)
        if named:
            bound = named.startswith(BOUND_PREFIX)
            found[kind] = Way(named.removeprefix(BOUND_PREFIX), bound)
            continue
        unbound = codeunit.action(POST_FUNCTIONS[kind])
        if unbound is not None:
            found[kind] = Way(unbound, bound=False)
            continue
        page = services.pages.get(kind.value)
        if page is not None:
            bound_names = [name for name in _BOUND_NAMES if name in page.actions]
            if bound_names:
                found[kind] = Way(bound_names[0], bound=True)
    return found


def permitted_ways(
    settings: PageSettings, services: Services, codeunit: Codeunit
) -> Mapping[DocumentKind, Way]:
    """The ways that the setting `post` lets a run use.

    Raises:
        ConfigurationError: `post` is `required`, and a kind of document has none.
    """
    if settings.post is PostPolicy.NEVER:
        return {}
    ways = ways_to_post(settings, services, codeunit)
    missing = [kind for kind in served_kinds(services) if kind not in ways]
    if missing and settings.post is PostPolicy.REQUIRED:
        names = ", ".join(kind.value.replace("_", " ") for kind in missing)
        raise ConfigurationError(
            f"This NAV server has no way to post {names} that this program could use.",
            code="no_way_to_post",
            hint=how_to_publish(settings, missing)
            + " Or set post to if_possible, which leaves verified drafts for a person to post.",
            field="post",
            value=settings.post.value,
        )
    return ways


def how_to_publish(settings: PageSettings, kinds: list[DocumentKind]) -> str:
    """What a customer does so that these kinds of documents can be posted."""
    functions = ", ".join(POST_FUNCTIONS[kind] for kind in kinds)
    return (
        "Import the codeunit of the folder publish and publish it on NAV's page Web Services as "
        f"{settings.posting_service} (function {functions}); on NAV 2017 and before, post with dialect soap."
    )
