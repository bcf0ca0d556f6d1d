"""Files for accountants: which columns (`columns.py`), and how they are written (`csv_file.py`, `xlsx_file.py`)."""

from __future__ import annotations
