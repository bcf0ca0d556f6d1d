"""A stand-in for Dynamics NAV / Business Central: its books, its API v2.0, its refusals."""
