"""Pages of questions, conditional branches, drafts that survive.

`pack.py` the declaration · `checking.py` its mistakes · `rules.py` what is asked and what counts ·
`values.py` one answer · `parsing.py` one page · `forms.py` what a page shows · `actions.py`,
`queries.py`, `policies.py` drafts · `places.py` addresses of the territory.
"""
