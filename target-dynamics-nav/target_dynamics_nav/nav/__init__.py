"""NAV behind one port: `port.py` says what the domain asks, the adapters say how each dialect answers."""

from __future__ import annotations
