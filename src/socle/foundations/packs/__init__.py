"""Declarations and data of a given métropole: check, plan, apply, immutable revisions."""
