"""Who gets alerts in tests: a webhook and a mail server on loopback."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from expense_sandbox.http import Request, Response, SandboxServer

USER, PASSWORD = "alerts@northwind.example", "mail-s3cret"
KEY = "T0000-B0000-hook-s3cret"
"""The part of a webhook's address that nobody else may know."""


@dataclass
class Webhook:
    """A webhook and what it got."""

    url: str
    answer: Response = field(default_factory=lambda: Response(200))
    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Webhook]:
    made = Webhook("")

    def take(request: Request) -> Response:
        made.requests.append(request)
        made.messages.append(json.loads(request.body))
        return made.answer

    server = SandboxServer(take, name="webhook")
    made.url = f"{server.url}/services/{KEY}"
    server.start()
    try:
        yield made
    finally:
        server.stop()


@dataclass
class Mailbox:
    """A mail server and the letters it took."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    refuse: str | None = None

    async def handle_DATA(  # noqa: N802 - named by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.refuse is not None:
            return self.refuse
        letter = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticator(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        known = (USER.encode(), PASSWORD.encode())
        return AuthResult(success=(data.login, data.password) == known, handled=False)


@contextmanager
def mailbox(tls: ssl.SSLContext | None = None, *, login: bool = False) -> Iterator[Mailbox]:
    """A mail server.

    Args:
        tls: With it, the server offers STARTTLS.
        login: Whether it wants one.
    """
    box = Mailbox(_free_port())
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        tls_context=tls,
        authenticator=box.authenticator,
        auth_required=login,
        auth_require_tls=True,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def _free_port() -> int:
    """A port that the system chooses; aiosmtpd has to be told one."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port: int = listener.getsockname()[1]
        yield port
