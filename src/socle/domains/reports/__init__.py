"""Reports on public space: what can be wrong, where, and who answers for it.

`pack.py` the declaration · `actions.py` who answers, sending a report · `queries.py` categories,
suggestions, what is near · historic reports from a CSV file: `mapping.py` what its columns mean,
`tables.py` reading it, `importing.py` cases of its lines, `sidecars.py` lines refused and seen.
"""
