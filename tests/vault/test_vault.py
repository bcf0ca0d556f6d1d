"""The vault from the outside: its own executable in a project of its own."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

VAULT = Path(__file__).parents[2] / "vault" / "vault.py"
SHOW_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


class Project:
    """A project folder with the vault in it, and a key kept apart."""

    def __init__(self, root: Path, memory: Path) -> None:
        self.root = root / "project"
        (self.root / "vault").mkdir(parents=True)
        shutil.copy(VAULT, self.root / "vault" / "vault.py")
        self.key = root / "keys" / "prod.key"
        self.variables = {"VAULT_KEY_FILE": str(self.key), "XDG_RUNTIME_DIR": str(memory)}

    def vault(
        self, *arguments: str, text: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.variables, **variables}
        return subprocess.run(
            [sys.executable, str(self.root / "vault" / "vault.py"), *arguments],
            input=text,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            timeout=60,
        )

    def environment_of_command(self, **variables: str) -> dict[str, str]:
        done = self.vault("run", "prod", sys.executable, "-c", SHOW_ENVIRONMENT, **variables)
        assert done.returncode == 0, done.stderr
        result: dict[str, str] = json.loads(done.stdout)
        return result


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A place in memory of these tests' own, so that they leave nothing behind."""
    place = Path(tempfile.mkdtemp(prefix="vault-tests-", dir="/dev/shm"))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def project(tmp_path: Path, memory: Path) -> Project:
    project = Project(tmp_path, memory)
    assert project.vault("keygen", "prod").returncode == 0
    return project


def test_the_command_gets_the_secrets_and_not_the_key(project: Project) -> None:
    project.vault("set", "prod", "TARGET_SECRET", text="s3cr3t\n")
    environment = project.environment_of_command()
    assert environment["TARGET_SECRET"] == "s3cr3t"
    assert environment["MELTANO_ENVIRONMENT"] == "prod"
    assert not {"VAULT_KEY", "VAULT_KEY_FILE"} & set(environment)


def test_the_key_may_come_from_the_environment(project: Project) -> None:
    project.vault("set", "prod", "A", text="x")
    key = project.key.read_text(encoding="ascii").splitlines()[-1]
    environment = project.environment_of_command(VAULT_KEY=key, VAULT_KEY_FILE="/nowhere")
    assert environment["A"] == "x"
    assert "VAULT_KEY" not in environment


def test_nothing_is_in_clear_on_disk(project: Project) -> None:
    project.vault("set", "prod", "A", text="correct horse battery staple")
    for path in project.root.rglob("*"):
        if path.is_file():
            assert b"battery" not in path.read_bytes(), path
    assert stat.S_IMODE(project.key.stat().st_mode) == 0o600


def test_the_file_is_plain_age(project: Project) -> None:
    """Any age implementation with the key can read it, should this project be gone."""
    project.vault("set", "prod", "A", text="x")
    identity = pyrage.x25519.Identity.from_str(
        project.key.read_text(encoding="ascii").splitlines()[-1]
    )
    encrypted = (project.root / "vault" / "prod.env.age").read_bytes()
    assert pyrage.decrypt(encrypted, [identity]) == b"A='x'\n"


def test_names_are_listed_and_removed(project: Project) -> None:
    for name in ("B", "A"):
        project.vault("set", "prod", name, text=f"value of {name}")
    listed = project.vault("list", "prod")
    assert listed.stdout.split() == ["A", "B"]
    assert project.vault("unset", "prod", "A").returncode == 0
    assert project.vault("list", "prod").stdout.split() == ["B"]
    assert project.vault("unset", "prod", "A").returncode == 1


class TestFailsClosed:
    @staticmethod
    def refused(project: Project, why: str, **variables: str) -> None:
        done = project.vault("run", "prod", sys.executable, "-c", "print('ran')", **variables)
        assert done.returncode != 0
        assert "ran" not in done.stdout
        assert why in done.stderr
        assert "s3cr3t" not in done.stderr

    @pytest.fixture(autouse=True)
    def secret(self, project: Project) -> None:
        project.vault("set", "prod", "A", text="s3cr3t")

    def test_without_the_key(self, project: Project) -> None:
        self.refused(project, "There is no key", VAULT_KEY_FILE="/nowhere")

    def test_with_another_key(self, project: Project) -> None:
        other = str(pyrage.x25519.Identity.generate())
        self.refused(project, "cannot be decrypted", VAULT_KEY=other)

    def test_with_no_key_at_all(self, project: Project) -> None:
        self.refused(project, "not an age key", VAULT_KEY="hunter2")

    def test_with_a_damaged_file(self, project: Project) -> None:
        path = project.root / "vault" / "prod.env.age"
        path.write_bytes(path.read_bytes()[:-60])
        self.refused(project, "cannot be decrypted")

    def test_with_a_key_that_others_can_read(self, project: Project) -> None:
        project.key.chmod(0o644)
        self.refused(project, "Others can read")

    def test_without_any_secrets(self, project: Project) -> None:
        (project.root / "vault" / "prod.env.age").unlink()
        self.refused(project, "There are no secrets")

    def test_with_the_secret_in_a_clear_file(self, project: Project) -> None:
        (project.root / ".env").write_text("A=s3cr3t\n", encoding="ascii")
        self.refused(project, "in clear")

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is in memory")
    def test_with_a_run_directory_on_disk(self, project: Project) -> None:
        done = project.vault(
            "run",
            "--run-directory",
            str(VAULT.parent),
            "prod",
            sys.executable,
            "-c",
            "print('ran')",
        )
        assert (done.returncode, "ran" in done.stdout) == (1, False)
        assert "in memory" in done.stderr


def test_a_key_is_never_overwritten(project: Project) -> None:
    before = project.key.read_bytes()
    done = project.vault("keygen", "prod")
    assert done.returncode == 1
    assert project.key.read_bytes() == before


def test_meltanos_run_folder_is_in_memory_and_private(project: Project) -> None:
    project.vault("set", "prod", "A", text="x")
    leftover = project.root / ".meltano" / "run" / "tap" / "config.json"
    leftover.parent.mkdir(parents=True)
    leftover.write_text('{"secret": "old"}', encoding="ascii")
    script = (
        "import os, pathlib; path = pathlib.Path('.meltano/run/new'); path.write_text('x');"
        "print(path.resolve()); print(oct(path.stat().st_mode & 0o777))"
    )
    done = subprocess.run(
        [sys.executable, "vault/vault.py", "run", "prod", sys.executable, "-c", script],
        cwd=project.root,
        env={**os.environ, **project.variables},
        capture_output=True,
        text=True,
        check=True,
    )
    place, mode = done.stdout.splitlines()
    assert not place.startswith(str(project.root))
    assert mode == "0o600"
    assert not (project.root / ".meltano" / "run" / "tap").exists()


@settings(max_examples=8, deadline=None)
@given(st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), min_size=1))
def test_any_value_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, memory: Path, value: str
) -> None:
    project = Project(tmp_path_factory.mktemp("any"), memory)
    project.vault("keygen", "prod")
    done = project.vault("set", "prod", "A", text=value)
    assert done.returncode == 0, done.stderr
    assert project.environment_of_command()["A"] == value
