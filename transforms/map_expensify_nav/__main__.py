"""Run the mapper with `python -m map_expensify_nav`; with `--write-rules-schema FILE`, write the rules' JSON Schema."""

from __future__ import annotations

import sys
from pathlib import Path

from map_expensify_nav.mapper import MapExpensifyNav
from map_expensify_nav.rules import json_schema_text

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--write-rules-schema", path]:
            Path(path).write_text(json_schema_text(), encoding="utf-8")
        case _:
            MapExpensifyNav.cli()
