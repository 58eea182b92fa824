"""Démarches: a declared questionnaire and workflow becomes a case."""
