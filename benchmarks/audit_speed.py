"""How fast the console answers on a large ledger. Usage: audit_speed.py [DOCUMENTS].

Each command is run as a process of its own, as a person would; best of three. What the bare interpreter takes to start
is subtracted. Processor time counts, so that other work on the machine does not.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from ledger_speed import fill

from target_dynamics_nav.ledger import Ledger

NAV_AUDIT = Path(sys.executable).with_name("nav-audit")
ROUNDS = 3
LIMIT_SECONDS = 1.0
LIMITED = ("status", "list", "explain")


def seconds(*command: str | Path, url: str) -> float:
    """Processor time of the best of some rounds, each a process."""
    found = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [str(word) for word in command],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "TARGET_DYNAMICS_NAV_LEDGER_URL": url},
            timeout=600,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def main() -> int:
    """Fill a ledger, ask it by the console, print the figures."""
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.sqlite3'}"
        ledger = Ledger(url)
        ledger.start_run("benchmark", "post")
        fill(ledger, documents)
        ledger.end_run("finished", {"posted": documents})
        ledger.close()
        start = seconds(sys.executable, "-c", "pass", url=url)
        libraries = seconds(sys.executable, "-c", "import click, sqlalchemy", url=url)
        print(
            f"interpreter: {start:.2f} s; with the libraries (click, SQLAlchemy): {libraries:.2f} s"
        )
        middle = documents // 2
        slowest = 0.0
        for arguments in (
            ("status",),
            ("status", "--month", "2025-03"),
            ("list",),
            ("list", "--waiting", "--limit", "1000"),
            ("list", "--month", "2025-03", "--status", "posted"),
            ("list", "--employee", "employee7@northwind.example"),
            ("explain", f"R{middle:08}x"),
            ("explain", f"E{middle}-R"),
            ("export", "--month", "2025-03", "--output", str(Path(folder) / "month.xlsx")),
            ("export", "--month", "2025-03", "--output", str(Path(folder) / "month.csv")),
        ):
            took = seconds(NAV_AUDIT, *arguments, url=url) - start
            if arguments[0] in LIMITED:
                slowest = max(slowest, took)
            shown = " ".join(word for word in arguments if folder not in word)
            print(f"nav-audit {shown}: {took:.2f} s")
    print(f"slowest of {', '.join(LIMITED)}: {slowest:.2f} s; the limit is {LIMIT_SECONDS:.2f} s")
    return int(slowest > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
