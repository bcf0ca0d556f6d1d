"""A small HTTP/1.1 server on loopback, with faults on request and a control plane."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from expense_sandbox.faults import Fault, FaultPlan

CONTROL_PREFIX = "/_sandbox/"
MAXIMUM_BODY_BYTES = 350 * 1024 * 1024


class Headers(Mapping[str, str]):
    """Request headers, looked up without regard to case."""

    def __init__(self, pairs: Mapping[str, str] | list[tuple[str, str]] = ()) -> None:  # type: ignore[assignment]
        items = pairs.items() if isinstance(pairs, Mapping) else pairs
        self._values = {name.lower(): value for name, value in items}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class Request:
    """One HTTP request; `path` is percent-encoded as sent, `query` is without its question mark.

    `connection` is what a handler wants to remember about the connection the request came by: the
    same dictionary for every request on it.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    connection: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass
class Response:
    """One HTTP answer; Content-Length and Date are added when it is sent.

    Attributes:
        status: HTTP status.
        headers: By name.
        body: What is sent.
        cut: A `truncate` fault to apply while sending it.
        operations: How many things were asked for: the parts of a batch that were done.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: Fault | None = None
    operations: int = 1


class ConnectionBrokenError(Exception):
    """Raised by a handler that breaks the connection instead of answering."""


Handler = Callable[[Request], Response]
"""Answers one request; called from many threads at once."""


@dataclass(frozen=True)
class LoggedRequest:
    """One request as it was answered; `status` is 0 when the connection was reset instead."""

    method: str
    path: str
    operation: str
    status: int
    at: datetime
    query: str = ""
    operations: int = 1
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The entry as `/_sandbox/requests` shows it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "operation": self.operation,
            "status": self.status,
            "operations": self.operations,
            "seconds": round(self.seconds, 6),
            "at": self.at.isoformat(),
        }


def json_response(
    document: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with a JSON body in UTF-8."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, {"Content-Type": "application/json", **(headers or {})}, body)


def text_response(
    text: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with a plain text body in UTF-8."""
    return Response(
        status, {"Content-Type": "text/plain; charset=utf-8", **(headers or {})}, text.encode()
    )


class SandboxServer:
    """A server for one stand-in, with faults on request and `/_sandbox/…` control endpoints.

    Args:
        handler: Answers everything outside `/_sandbox/`.
        name: What the server calls itself in `/_sandbox/health`.
        port: Port on 127.0.0.1; 0 lets the system choose.
        faults: Faults in force from the start.
        operation: Gives a request the short label by which faults and the log know it.
        control: Answers control requests this class doesn't know; None for others.
        save: Writes what the server keeps to its file; called by `POST /_sandbox/save` and `stop`.

    Attributes:
        latency_seconds: How long every request, control requests apart, waits before it is
            handled; may be changed while the server runs.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        name: str,
        port: int = 0,
        faults: FaultPlan | None = None,
        operation: Callable[[Request], str] | None = None,
        control: Callable[[Request], Response | None] | None = None,
        save: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.faults = faults if faults is not None else FaultPlan()
        self.latency_seconds = 0.0
        self.requests_log: list[LoggedRequest] = []
        self._handler = handler
        self._operation = operation
        self._control = control
        self._save = save
        self._listener = _Listener(("127.0.0.1", port), self)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port listened on; connections queue there even before `start`."""
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        """Where the server is, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Answer requests from a daemon thread until `stop`."""
        self._thread = threading.Thread(
            target=self._listener.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=f"{self.name}-sandbox",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every open connection, then save; harmless when called twice."""
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
            if self._save is not None:
                self._save()
        self._listener.server_close()
        self._listener.close_connections()

    def answer_control(self, request: Request) -> Response:
        """Answer a request below `/_sandbox/`."""
        endpoints: dict[str, Callable[[Request], Response | None]] = {
            "GET health": self._show_health,
            "GET requests": self._show_requests,
            "DELETE requests": self._forget_requests,
            "GET faults": self._show_faults,
            "POST faults": self._add_fault,
            "DELETE faults": self._clear_faults,
            "POST save": self._save_now,
        }
        name = request.path.removeprefix(CONTROL_PREFIX).strip("/")
        endpoint = endpoints.get(f"{request.method} {name}", self._control)
        answer = endpoint(request) if endpoint is not None else None
        return answer or json_response({"error": "No such control endpoint."}, 404)

    def _show_health(self, _request: Request) -> Response:
        return json_response({"name": self.name, "status": "ok", "url": self.url})

    def _show_requests(self, _request: Request) -> Response:
        return json_response([logged.to_json() for logged in list(self.requests_log)])

    def _forget_requests(self, _request: Request) -> Response:
        self.requests_log.clear()
        return Response(204)

    def _show_faults(self, _request: Request) -> Response:
        return json_response([fault.to_json() for fault in self.faults.pending()])

    def _add_fault(self, request: Request) -> Response:
        try:
            fault = Fault.from_json(json.loads(request.body))
        except (ValueError, TypeError) as error:
            return json_response({"error": str(error)}, 400)
        self.faults.add(fault)
        return json_response(fault.to_json(), 201)

    def _clear_faults(self, _request: Request) -> Response:
        self.faults.clear()
        return Response(204)

    def _save_now(self, _request: Request) -> Response:
        if self._save is not None:
            self._save()
        return Response(204)

    def exchange(self, request: Request) -> tuple[Response | None, Fault | None]:
        """Handle one request with its faults.

        Returns:
            The answer, or None for a reset, and the `truncate` fault to apply while sending it.
        """
        if request.path.startswith(CONTROL_PREFIX):
            return self.answer_control(request), None
        started = time.monotonic()
        if self.latency_seconds > 0:
            time.sleep(self.latency_seconds)
        operation = self._operation(request) if self._operation is not None else ""
        faults = self.faults.take(f"{request.method} {request.path} {operation}".rstrip())
        response = self._answer_with(faults, request)
        status = response.status if response is not None else 0
        self.requests_log.append(
            LoggedRequest(
                request.method,
                request.path,
                operation,
                status,
                datetime.now(timezone.utc),
                request.query,
                response.operations if response is not None else 1,
                time.monotonic() - started,
            )
        )
        cut = next((fault for fault in faults if fault.kind == "truncate"), None)
        if cut is None and response is not None:
            cut = response.cut
        return response, cut

    def _answer_with(self, faults: tuple[Fault, ...], request: Request) -> Response | None:
        for fault in faults:
            if fault.kind == "delay":
                time.sleep(fault.delay_seconds)
        for fault in faults:
            if fault.kind == "reset_before":
                return None
            if fault.kind == "before":
                return status_answer(fault)
        try:
            response = self._handler(request)
        except ConnectionBrokenError:
            return None
        for fault in faults:
            if fault.kind == "delay_after":
                time.sleep(fault.delay_seconds)
        for fault in faults:
            if fault.kind == "reset_after":
                return None
            if fault.kind == "after":
                return status_answer(fault)
        return response


def status_answer(fault: Fault) -> Response:
    """The answer of a fault that has a status."""
    headers = {"Content-Type": "application/json", **fault.headers}
    return Response(fault.status, headers, fault.body.encode())


_RequestSocket = socket.socket | tuple[bytes, socket.socket]
"""What `socketserver` hands round: a connection, or a datagram with its socket (never, here)."""


class _Listener(ThreadingHTTPServer):
    """The listening socket; knows its open connections so that stopping closes them."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: SandboxServer) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        # HTTPServer's own asks a name server for the host's name: slow, and of no use here.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def process_request(self, request: _RequestSocket, client_address: object) -> None:
        if isinstance(request, socket.socket):
            with self._connections_lock:
                self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: _RequestSocket) -> None:
        if isinstance(request, socket.socket):
            with self._connections_lock:
                self._connections.discard(request)
            if _resets_on_close(request):
                request.close()  # without a FIN before it: the client must see the reset
                return
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):  # gone already
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: _RequestSocket, client_address: object) -> None:
        # Clients that go away are everyday life in these tests; anything else is a bug to be seen.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def _resets_on_close(connection: socket.socket) -> bool:
    if connection.fileno() < 0:
        return False
    option = connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET_ON_CLOSE))
    return option == _RESET_ON_CLOSE


class _Connection(BaseHTTPRequestHandler):
    """One kept-alive connection."""

    protocol_version = "HTTP/1.1"
    server_version = "expense-sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self._remembered: dict[str, Any] = {}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: `/_sandbox/requests` is the log."""

    def _exchange(self) -> None:
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        headers = Headers(list(self.headers.items()))
        request = Request(self.command, path, query, headers, body, self._remembered)
        response, cut = self.server.owner.exchange(request)
        if response is None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close_connection = True
            return
        self._send(response, cut)

    def _read_body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAXIMUM_BODY_BYTES:
            self.close_connection = True
            self._send(text_response("Bad Content-Length", 400), None)
            return None
        return self.rfile.read(int(length))

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(chunks)

    def _send(self, response: Response, cut: Fault | None) -> None:
        body = response.body
        declared = len(body)
        if cut is not None:
            body = body[: len(body) // 2 if cut.keep_bytes is None else cut.keep_bytes]
            declared = len(body) if cut.silent else declared
            self.close_connection = True
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:  # noqa: PLR2004
            self.send_header("Content-Length", str(declared))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status != 204:  # noqa: PLR2004
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _exchange  # noqa: N815
