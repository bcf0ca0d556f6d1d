"""`python -m target_dynamics_nav`."""

from __future__ import annotations

from target_dynamics_nav.target import TargetDynamicsNav

TargetDynamicsNav.cli()
