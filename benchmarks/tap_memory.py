"""How much memory the tap takes at two sizes of export. Usage: tap_memory.py [REPORTS …]."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tap_exports import EXPENSES_A_REPORT, serving, write_export

SIZES = (10_000, 100_000)
MOST = 250.0  # MB
MOST_GROWTH = 1.15
TAP = Path(sys.executable).with_name("tap-expensify")


def measure(folder: Path, reports: int) -> tuple[float, float]:
    """Peak of resident memory in MB, and seconds, of a run that emits so many reports."""
    export = folder / "export.json"
    write_export(export, reports)
    with serving(export) as url:
        config, catalog = folder / "config.json", folder / "catalog.json"
        settings = {"partner_user_id": "a", "partner_user_secret": "b", "base_url": url}
        config.write_text(json.dumps({**settings, "start_date": "2026-01-01"}))
        found = json.loads(
            subprocess.run([TAP, "--discover"], capture_output=True, check=True).stdout
        )
        for stream in found["streams"]:
            for item in stream["metadata"]:
                if not item["breadcrumb"]:
                    item["metadata"]["selected"] = stream["stream"] == "reports"
        catalog.write_text(json.dumps(found))
        started = time.monotonic()
        with subprocess.Popen(
            [TAP, "--config", config, "--catalog", catalog],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            lines = process.stdout or ()
            records = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
    if process.returncode or records != reports:
        sys.exit(f"The tap ended with {process.returncode} after {records} of {reports} reports.")
    return usage.ru_maxrss / 1024, seconds


def main() -> None:
    """Prints a line a size; exit code 1 where the tap takes more than it may."""
    sizes = [int(argument) for argument in sys.argv[1:]] or list(SIZES)
    peaks = []
    for reports in sizes:
        with tempfile.TemporaryDirectory() as folder:
            peak, seconds = measure(Path(folder), reports)
        peaks.append(peak)
        expenses = reports * EXPENSES_A_REPORT
        print(
            f"{reports:>9,} reports {expenses:>11,} expenses {peak:8.1f} MB {seconds:8.1f} s",
            flush=True,
        )
    growth = max(peaks) / min(peaks)
    print(f"Largest peak {max(peaks):.1f} MB, {growth:.3f} times the smallest.")
    if max(peaks) > MOST or growth > MOST_GROWTH:
        sys.exit(1)


if __name__ == "__main__":
    main()
