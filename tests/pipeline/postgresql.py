"""A PostgreSQL of a test's own: a private cluster in a temporary folder, gone with the test session."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = "warehouse"
DATABASE = "postgres"
# Somebody else may take the port between its choice and PostgreSQL's start.
ATTEMPTS = 5


def tools() -> Path | None:
    """The folder with `initdb` and its like, of the newest version there is."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda tool: int(tool.parts[-3])
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass(frozen=True)
class PostgreSQL:
    """A running cluster: where it listens, and how to look inside."""

    bin: Path
    port: int
    password: str

    def query(self, statement: str) -> Any:
        """The rows of a statement, each as an object by column."""
        rows = f"SELECT coalesce(json_agg(found), '[]') FROM ({statement}) AS found"  # noqa: S608
        done = subprocess.run(
            [
                *(str(self.bin / "psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--username", USER),
                *("--set", "ON_ERROR_STOP=1", "--dbname", DATABASE),
                *("--command", rows),
            ],
            env={**os.environ, "PGPASSWORD": self.password, "PGCLIENTENCODING": "UTF8"},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)


@contextlib.contextmanager
def running_postgresql(bin_folder: Path) -> Iterator[PostgreSQL]:
    """A cluster on 127.0.0.1, on a port the system chooses, until the block ends."""
    # Not pytest's folder: that one is closed to the user PostgreSQL runs as when tests run as root.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as name:
        folder = Path(name)
        data = folder / "data"
        password = secrets.token_hex(16)
        (folder / "password").write_text(password, encoding="utf-8")
        user = _user()
        for path in (folder, folder / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)

        def call(*arguments: str) -> subprocess.CompletedProcess[bytes]:
            changed: dict[str, Any] = {}
            if os.geteuid() == 0:
                changed = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            tool, *rest = arguments
            # To a file: the server inherits the output, and a pipe would never end.
            with (folder / "output").open("ab") as output:
                return subprocess.run(
                    [str(bin_folder / tool), *rest],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    check=False,
                    timeout=120,
                    **changed,
                )

        def said() -> str:
            logs = [folder / "output", folder / "log"]
            return "\n".join(log.read_text("utf-8", "replace") for log in logs if log.exists())

        made = call(
            *("initdb", "--pgdata", str(data), "--username", USER, "--pwfile=password"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"),
        )
        assert made.returncode == 0, said()
        for _ in range(ATTEMPTS):
            port = _free_port()
            options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
            started = call(
                *("pg_ctl", "start", "--wait", "--timeout=60", "--pgdata", str(data)),
                *("--log", str(folder / "log"), "--options", f"{options} -c fsync=off"),
            )
            if started.returncode == 0:
                break
        else:
            raise AssertionError(said())
        try:
            yield PostgreSQL(bin_folder, port, password)
        finally:
            call("pg_ctl", "stop", "--wait", "--mode=fast", "--pgdata", str(data))


def _user() -> pwd.struct_passwd:
    """Whom PostgreSQL runs as; it refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
