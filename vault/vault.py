#!/usr/bin/env python3
"""Secrets at rest only encrypted: an age-encrypted file per environment, the key kept apart, and a launcher.

`vault.py run prod meltano run expensify-to-nav` decrypts `vault/prod.env.age` into the environment of that one
process and nowhere else. Without the key nothing runs.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import click
import pyrage
from dotenv import dotenv_values

VAULT = Path(__file__).resolve().parent
PROJECT = VAULT.parent
KEY_VARIABLES = ("VAULT_KEY", "VAULT_KEY_FILE")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9_-]*")


class VaultError(click.ClickException):
    """A plain sentence for the person at the terminal; never contains a secret."""


def secrets_file(environment: str) -> Path:
    """The encrypted file of an environment."""
    if not _ENVIRONMENT.fullmatch(environment):
        raise VaultError(f"'{environment}' is not a name of an environment, like prod.")
    return VAULT / f"{environment}.env.age"


def key_file(environment: str) -> Path:
    """Where the key of an environment is kept: outside the project, unless VAULT_KEY_FILE says where."""
    named = os.environ.get("VAULT_KEY_FILE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "expensify-to-nav" / f"{environment}.key"


def read_key(environment: str) -> pyrage.x25519.Identity:
    """The key, from VAULT_KEY or the key file.

    Raises:
        VaultError: If there is none, others can read it, or it is no age key.
    """
    text = os.environ.get("VAULT_KEY")
    if not text:
        path = key_file(environment)
        try:
            mode = path.stat().st_mode
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError(
                f"There is no key at {path}, so nothing is run. Put the key there, name its place in VAULT_KEY_FILE, "
                f"or make a new one: vault/vault.py keygen {environment}"
            ) from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise VaultError(
                f"Others can read the key {path}. Make it yours alone: chmod 600 {path}"
            )
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    try:
        return pyrage.x25519.Identity.from_str(lines[0].strip())
    except (IndexError, pyrage.IdentityError) as error:
        raise VaultError("The key is not an age key (AGE-SECRET-KEY-1…).") from error


def read_secrets(environment: str) -> dict[str, str]:
    """Decrypt the secrets of an environment in memory.

    Raises:
        VaultError: If there is no such file, no key, or the key does not fit.
    """
    path = secrets_file(environment)
    try:
        encrypted = path.read_bytes()
    except OSError as error:
        raise VaultError(
            f"There are no secrets for '{environment}' ({path.name} is missing). "
            f"Add the first one: vault/vault.py set {environment} NAME"
        ) from error
    try:
        text = pyrage.decrypt(encrypted, [read_key(environment)]).decode()
    except (pyrage.DecryptError, UnicodeDecodeError) as error:
        raise VaultError(
            f"{path.name} cannot be decrypted with this key, so nothing is run."
        ) from error
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def write_secrets(environment: str, secrets: dict[str, str]) -> None:
    """Encrypt the secrets of an environment; the file is replaced at once or not at all."""
    recipient = read_key(environment).to_public()
    text = "".join(f"{name}={_quoted(value)}\n" for name, value in sorted(secrets.items()))
    encrypted = pyrage.encrypt(text.encode(), [recipient], armored=True)
    path = secrets_file(environment)
    handle, temporary = tempfile.mkstemp(dir=VAULT, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(encrypted)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


@click.group()
def main() -> None:
    r"""Keep the pipeline's secrets encrypted, and run it with them.

    \b
    vault/vault.py keygen prod                        make the key of an environment, once
    vault/vault.py set prod TAP_EXPENSIFY_PARTNER_USER_SECRET
                                                      add or change a secret (asks for it)
    vault/vault.py run prod meltano run expensify-to-nav
    """


@main.command()
@click.argument("environment")
def keygen(environment: str) -> None:
    """Make the key of ENVIRONMENT and put it where only you can read it.

    Keep a copy in a safe place: without it the secrets have to be entered again.
    """
    path = key_file(environment)
    identity = pyrage.x25519.Identity.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise VaultError(
            f"There is a key at {path} already; it is not overwritten, because secrets may depend on it."
        ) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# key of '{environment}', public part {identity.to_public()}\n{identity}\n")
    click.echo(f"Key of '{environment}' written to {path}. Keep a copy in a safe place.")


@main.command(name="set")
@click.argument("environment")
@click.argument("name")
def set_secret(environment: str, name: str) -> None:
    """Add or change the secret NAME of ENVIRONMENT.

    The value is asked for, or read from standard input; it is never an argument, which others could see.
    """
    if not _NAME.fullmatch(name) or name in KEY_VARIABLES:
        raise VaultError(
            f"'{name}' is not a name of a secret, like TARGET_DYNAMICS_NAV_CLIENT_SECRET."
        )
    if sys.stdin.isatty():
        value = str(click.prompt(f"{name} (not shown)", hide_input=True))
    else:
        value = sys.stdin.read().rstrip("\r\n")
    if not value or "\n" in value or "\0" in value:
        raise VaultError("The value is empty or has more than one line; nothing was changed.")
    secrets = read_secrets(environment) if secrets_file(environment).exists() else {}
    secrets[name] = value
    write_secrets(environment, secrets)
    click.echo(f"{name} is set in vault/{secrets_file(environment).name}.")


@main.command(name="unset")
@click.argument("environment")
@click.argument("name")
def unset_secret(environment: str, name: str) -> None:
    """Remove the secret NAME of ENVIRONMENT."""
    secrets = read_secrets(environment)
    if secrets.pop(name, None) is None:
        raise VaultError(f"'{environment}' has no secret {name}.")
    write_secrets(environment, secrets)
    click.echo(f"{name} is removed.")


@main.command(name="list")
@click.argument("environment")
def list_secrets(environment: str) -> None:
    """Show the names of the secrets of ENVIRONMENT, never their values."""
    for name in sorted(read_secrets(environment)):
        click.echo(name)


@main.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("environment")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--run-directory",
    type=click.Path(path_type=Path),
    help="Where Meltano may put the plug-ins' settings while it runs; must be in memory.",
)
def run(environment: str, command: tuple[str, ...], run_directory: Path | None) -> None:
    """Run COMMAND with the secrets of ENVIRONMENT in its process environment.

    Meltano is told the environment (MELTANO_ENVIRONMENT), the key itself is kept from the command, and new files
    are readable by you alone. Meltano writes the settings of each plug-in, secrets included, to a file while it
    runs, and leaves it behind when it is killed; that folder is therefore put into memory first.
    """
    os.umask(0o077)
    secrets = read_secrets(environment)
    _refuse_clear_copies(secrets)
    _keep_run_directory_in_memory(run_directory)
    variables = {name: value for name, value in os.environ.items() if name not in KEY_VARIABLES}
    variables |= secrets
    variables["MELTANO_ENVIRONMENT"] = environment
    # Meltano's logs stay with the project rather than in the home directory.
    variables.setdefault("XDG_STATE_HOME", str(PROJECT / ".meltano" / "logs"))
    try:
        os.execvpe(command[0], command, variables)  # noqa: S606 - running the given command is the purpose
    except FileNotFoundError as error:
        raise VaultError(
            f"There is no command '{command[0]}'. Is the project's virtual environment active?"
        ) from error


def _refuse_clear_copies(secrets: dict[str, str]) -> None:
    """A .env beside meltano.yml that holds the same names would keep them in clear on disk."""
    clear = PROJECT / ".env"
    if clear.exists():
        copies = sorted(set(dotenv_values(clear, interpolate=False)) & set(secrets))
        if copies:
            raise VaultError(
                f"The file .env holds {', '.join(copies)} in clear. Remove it from there."
            )


def _keep_run_directory_in_memory(named: Path | None) -> None:
    """Make `.meltano/run` a link to a folder in memory that is ours alone.

    Raises:
        VaultError: If there is no such place: secrets would touch the disk.
    """
    root = named or _memory_root()
    if root is None or (sys.platform == "linux" and not _is_in_memory(root)):
        raise VaultError(
            "There is no folder in memory for the plug-ins' settings, so nothing is run: their secrets would be "
            "written to disk. Name one with --run-directory (a tmpfs, or a RAM disk)."
        )
    identity = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:16]
    directory = root / f"expensify-to-nav-{os.getuid()}-{identity}"
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise VaultError(f"{directory} is not a folder of yours alone, so nothing is run.")
    link = PROJECT / ".meltano" / "run"
    link.parent.mkdir(exist_ok=True)
    if link.is_symlink():
        if link.readlink() == directory:
            return
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)  # settings that a run without this launcher left behind
    link.symlink_to(directory)


def _memory_root() -> Path | None:
    candidates = [os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm"]  # noqa: S108 - ownership is checked
    for candidate in candidates:
        if candidate and os.access(candidate, os.W_OK | os.X_OK) and _is_in_memory(Path(candidate)):
            return Path(candidate)
    return None


def _is_in_memory(path: Path) -> bool:
    """Whether the file system of a path lives in memory, by the longest mount point above it."""
    resolved = path.resolve()
    best, kind = -1, ""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    for line in mounts.splitlines():
        _, mount_point, file_system, *_ = line.split(" ")
        if resolved.is_relative_to(mount_point) and len(mount_point) >= best:
            best, kind = len(mount_point), file_system
    return kind in {"tmpfs", "ramfs"}


if __name__ == "__main__":
    main()
