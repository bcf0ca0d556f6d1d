"""What the page dialects need to know beyond address and login."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class PostPolicy(str, Enum):
    """What to do where a server may have no way to post."""

    REQUIRED = "required"
    """A run does not begin without one."""
    IF_POSSIBLE = "if_possible"
    """Without one, verified drafts are left for a person to post."""
    NEVER = "never"
    """Drafts are left even where a way exists."""


DEFAULT_POSTING_SERVICE = "ExpensePosting"
DEFAULT_JOURNAL_TEMPLATE = "GENERAL"


@dataclass(frozen=True)
class PageSettings:
    """Settings of the dialects that write through published pages.

    Attributes:
        services: Service name by purpose, where it is not the usual one.
        option_captions: Option text of the server's language by the English one, where it is not English.
        post: What to do where the server may have no way to post.
        posting_service: Service name of the published codeunit that posts.
        posting_actions: Action by document stream, where it is not a function of that codeunit: `NAV.<name>` for one
            bound to the document's page, else the name of an unbound action.
        journal_template: Journal template whose batches are written.
    """

    services: Mapping[str, str] = field(default_factory=dict)
    option_captions: Mapping[str, str] = field(default_factory=dict)
    post: PostPolicy = PostPolicy.REQUIRED
    posting_service: str = DEFAULT_POSTING_SERVICE
    posting_actions: Mapping[str, str] = field(default_factory=dict)
    journal_template: str = DEFAULT_JOURNAL_TEMPLATE


class Captions:
    """Option texts: what the domain calls English, in the server's language and back.

    OData writes options as texts of the service's language. A text that is not known is never taken for "something
    else": it ends the run, as a blocked vendor would otherwise pass for one that is not.
    """

    def __init__(self, translated: Mapping[str, str]) -> None:
        """Take the server's texts by the English ones."""
        self._local = dict(translated)
        self._english = {text: english for english, text in translated.items()}

    def local(self, english: str) -> str:
        """An option as the server writes it; blank is one space."""
        return self._local.get(english, english) or " "

    def english(self, value: object, expected: frozenset[str], field_name: str) -> str:
        """An option as the domain names it; blank is "".

        Args:
            value: As the server wrote it.
            expected: English texts there are.
            field_name: NAV's field, for the error.

        Raises:
            ConfigurationError: The text is none of those expected.
        """
        text = str(value or "").strip()
        english = self._english.get(text, text).strip()
        if english not in expected:
            known = ", ".join(sorted(option for option in expected if option))
            raise ConfigurationError(
                f'NAV writes "{text}" in the field {field_name}, which is none of the options {known}.',
                code="option_text_unknown",
                hint="The server writes options in another language: set option_captions to its words, "
                'for example {"Posting": "Konto"}; or set ServicesLanguage of the server instance to en-US.',
                field="option_captions",
                value=text,
            )
        return english
