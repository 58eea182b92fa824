"""Work orders: one for several reports or several for one, to a team or to a company.

`actions.py` planning, starting, finishing, cancelling, each once however often a phone sends it ·
`queries.py` lists, my round.
"""
