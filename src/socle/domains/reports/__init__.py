"""Reports on public space: what can be wrong, where, and who answers for it.

`pack.py` the declaration · `rules.py` who answers · `actions.py` send a report · `queries.py` categories,
suggestions, what is near · `mapping.py` and `importing.py` historic reports from a CSV file.
"""
