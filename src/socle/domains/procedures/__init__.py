"""Démarches: a declared questionnaire and workflow becomes a case.

`pack.py` the declaration (one folder of a pack) · `examples.py` the pack's own test suite ·
`actions.py` begin, save a page, file · `queries.py` what a site shows · `receipt.py` the receipt.
"""
