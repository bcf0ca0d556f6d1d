"""Receipts: fetched from an address or a folder, and hung on the posted document in NAV.

Off unless the settings say otherwise. A receipt never keeps a document from being posted, and never makes it post
again: it is attached after the posting is recorded, and whatever goes wrong with it is only noted.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from target_dynamics_nav.errors import DocumentError, TargetError
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.nav.transport import is_loopback_address

if TYPE_CHECKING:
    from pathlib import Path

    from target_dynamics_nav.context import PostingContext
    from target_dynamics_nav.document import Attachment, Document
    from target_dynamics_nav.nav.port import FoundDocument, Steps

logger = logging.getLogger("target-dynamics-nav")

LONGEST_FILE_NAME = 250
TIMEOUT_SECONDS = (10.0, 60.0)
_CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class AttachmentSettings:
    """Whether receipts are attached, and from where.

    Attributes:
        wanted: Attach receipts at all.
        folder: Where `path` of an attachment counts from; None takes no files of this machine.
        largest_bytes: Larger files are left out.
    """

    wanted: bool = False
    folder: Path | None = None
    largest_bytes: int = 20_000_000


class Attachments:
    """Attaches the receipts of posted documents."""

    def __init__(self, context: PostingContext, settings: AttachmentSettings) -> None:
        self._context = context
        self._settings = settings

    def attach(self, document: Document, posted: FoundDocument) -> Steps[None]:
        """Attach what the document brings along and NAV does not have yet; nothing is raised."""
        if not self._settings.wanted:
            return
        for attachment in document.attachments:
            yield from self._try(document, posted, attachment)

    def _try(
        self, document: Document, posted: FoundDocument, attachment: Attachment
    ) -> Steps[None]:
        try:
            size = yield from self._attach_one(document, posted, attachment)
        except TargetError as error:
            # A name or an address may tell of a person; what is logged does not.
            logger.warning(
                "A receipt of %s could not be attached: %s [%s]",
                document.key,
                error.message,
                error.code,
            )
            self._context.event(
                "attachment_failed",
                document,
                {"file_name": attachment.file_name, "code": error.code},
            )
        else:
            self._context.event(
                "attached" if size is not None else "attached_before",
                document,
                {"file_name": attachment.file_name, "bytes": size},
            )

    def _attach_one(
        self, document: Document, posted: FoundDocument, attachment: Attachment
    ) -> Steps[int | None]:
        """How many bytes were sent; None when NAV has the file already."""
        if (
            not self._context.nav.capabilities.attachments
            or document.kind is DocumentKind.JOURNAL_ENTRY
        ):
            raise DocumentError(
                "This NAV takes no receipts with this kind of document.",
                code="attachment_not_offered",
                hint="Attach it in NAV by hand.",
            )
        context = self._context
        name = attachment.file_name[-LONGEST_FILE_NAME:]
        if (yield from context.nav.has_attachment(context.company, posted, name)):
            return None
        content = fetch(attachment, self._settings)
        yield from context.nav.attach(context.company, posted, name, content)
        return len(content)


def fetch(attachment: Attachment, settings: AttachmentSettings) -> bytes:
    """The file.

    Raises:
        DocumentError: It is not there, too large, or nowhere this target reads from.
    """
    if attachment.url is not None:
        return _download(attachment.url, settings.largest_bytes)
    folder = settings.folder.resolve() if settings.folder is not None else None
    file = (folder / attachment.path).resolve() if folder and attachment.path else None
    if folder is None or file is None or not file.is_relative_to(folder):
        raise DocumentError(
            "A receipt is given as a file that is not in attachment_folder.",
            code="attachment_outside_folder",
            hint="Set attachment_folder to the folder that holds the receipts.",
        )
    try:
        if file.stat().st_size > settings.largest_bytes:
            raise _too_large()
        return file.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"A receipt's file cannot be read: {error.strerror}.",
            code="attachment_unreadable",
            hint="Check attachment_folder and who may read in it.",
        ) from error


def _download(url: str, largest_bytes: int) -> bytes:
    """GET without credentials, encrypted unless it comes from this machine, following no redirect."""
    if urlsplit(url).scheme != "https" and not is_loopback_address(url):
        raise DocumentError(
            "A receipt's address is not encrypted.",
            code="attachment_address_unfit",
            hint="Receipts are fetched from addresses that begin with https://.",
        )
    content = bytearray()
    try:
        with requests.Session() as session:
            session.trust_env = not is_loopback_address(url)
            answer = session.get(
                url, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True, auth=_unsigned
            )
            if answer.status_code != requests.codes.ok:
                raise DocumentError(
                    f"A receipt's address answers {answer.status_code}.",
                    code="attachment_unreadable",
                    hint="Receipts must be readable without a login.",
                )
            for chunk in answer.iter_content(_CHUNK_BYTES):
                content += chunk
                if len(content) > largest_bytes:
                    raise _too_large()
    except requests.RequestException as error:
        raise DocumentError(
            f"A receipt could not be fetched ({type(error).__name__}).",
            code="attachment_unreadable",
            hint="Attach it in NAV by hand.",
        ) from error
    return bytes(content)


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending credentials out of a .netrc file."""
    return request


def _too_large() -> DocumentError:
    return DocumentError(
        "A receipt is larger than attachment_megabytes.",
        code="attachment_too_large",
        hint="Raise attachment_megabytes, or attach it in NAV by hand.",
    )
