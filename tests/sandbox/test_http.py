from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import requests

from expense_sandbox.faults import Fault
from expense_sandbox.http import Request, Response, SandboxServer, json_response

if TYPE_CHECKING:
    from collections.abc import Iterator


def echo(request: Request) -> Response:
    return json_response(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "accept": request.headers.get("aCCept"),
            "body": request.body.decode(),
        }
    )


@pytest.fixture
def saves() -> list[str]:
    return []


@pytest.fixture
def server(saves: list[str]) -> Iterator[SandboxServer]:
    server = SandboxServer(
        echo,
        name="echo",
        operation=lambda request: "say" if request.body else "",
        save=lambda: saves.append("saved"),
    )
    server.start()
    yield server
    server.stop()


def test_requests_arrive_as_sent(server: SandboxServer) -> None:
    answer = requests.post(
        f"{server.url}/a%20b?x=1&y=%27", data="é".encode(), headers={"Accept": "x/y"}, timeout=5
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "method": "POST",
        "path": "/a%20b",
        "query": "x=1&y=%27",
        "accept": "x/y",
        "body": "é",
    }
    (logged,) = server.requests_log
    assert (logged.method, logged.path, logged.operation, logged.status) == (
        "POST",
        "/a%20b",
        "say",
        200,
    )


def test_chunked_bodies_are_put_together(server: SandboxServer) -> None:
    answer = requests.post(server.url, data=iter([b"one", b"two"]), timeout=5)
    assert answer.json()["body"] == "onetwo"


def test_the_connection_is_kept_and_answers_do_not_wait_for_acknowledgements(
    server: SandboxServer,
) -> None:
    with requests.Session() as session:
        started = time.monotonic()
        for _ in range(100):
            assert session.post(server.url, data=b"x", timeout=5).ok
        # Nagle's algorithm against delayed acknowledgements would cost 40 ms each.
        assert time.monotonic() - started < 2


def test_a_status_before_the_handler(server: SandboxServer) -> None:
    server.faults.add(Fault("before", status=429, headers={"Retry-After": "7"}, body="slow down"))
    answer = requests.get(server.url, timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (
        429,
        "7",
        "slow down",
    )
    assert requests.get(server.url, timeout=5).status_code == 200


@pytest.mark.parametrize(("kind", "handled"), [("reset_before", 0), ("reset_after", 1)])
def test_resets_before_and_after_the_handler(kind: str, handled: int) -> None:
    seen = []

    def count(request: Request) -> Response:
        seen.append(request.path)
        return Response(204)

    server = SandboxServer(count, name="count")
    server.start()
    server.faults.add(Fault.from_json({"kind": kind}))
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        requests.get(server.url, timeout=5)
    assert len(seen) == handled
    assert server.requests_log[0].status == 0
    server.stop()


def test_a_status_after_the_handler() -> None:
    seen = []
    server = SandboxServer(lambda request: seen.append(request) or Response(204), name="count")
    server.start()
    server.faults.add(Fault("after", status=504))
    assert requests.get(server.url, timeout=5).status_code == 504
    assert len(seen) == 1
    server.stop()


def test_a_delay(server: SandboxServer) -> None:
    server.faults.add(Fault("delay", delay_seconds=0.2))
    started = time.monotonic()
    assert requests.get(server.url, timeout=5).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_cut_body_is_noticed_unless_silent(server: SandboxServer) -> None:
    server.faults.add(Fault("truncate", keep_bytes=5))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(server.url, timeout=5)
    server.faults.add(Fault("truncate", keep_bytes=5, silent=True))
    assert requests.get(server.url, timeout=5).text == '{"met'


def test_the_control_plane(server: SandboxServer, saves: list[str]) -> None:
    control = f"{server.url}/_sandbox"
    assert requests.get(f"{control}/health", timeout=5).json()["name"] == "echo"
    added = requests.post(f"{control}/faults", json={"kind": "before", "status": 500}, timeout=5)
    assert added.status_code == 201
    assert requests.get(f"{server.url}/x", timeout=5).status_code == 500
    (logged,) = requests.get(f"{control}/requests", timeout=5).json()
    assert (logged["path"], logged["status"]) == ("/x", 500)
    assert requests.delete(f"{control}/requests", timeout=5).status_code == 204
    assert server.requests_log == []
    requests.post(f"{control}/faults", json={"kind": "before", "times": -1}, timeout=5)
    assert requests.delete(f"{control}/faults", timeout=5).status_code == 204
    assert requests.get(server.url, timeout=5).status_code == 200
    assert requests.post(f"{control}/faults", json={"kind": "odd"}, timeout=5).status_code == 400
    assert requests.get(f"{control}/nothing", timeout=5).status_code == 404
    assert requests.post(f"{control}/save", timeout=5).status_code == 204
    assert saves == ["saved"]


def test_stopping_closes_kept_connections_and_saves(saves: list[str]) -> None:
    server = SandboxServer(echo, name="echo", save=lambda: saves.append("saved"))
    server.start()
    with requests.Session() as session:
        session.get(server.url, timeout=5)
        server.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(server.url, timeout=5)
    server.stop()
    assert saves == ["saved"]
