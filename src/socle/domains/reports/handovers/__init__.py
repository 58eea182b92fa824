"""Reports given to somebody outside: queued, delivered once, followed until they come back.

`ports.py` what a means of sending provides · `registry.py` the means there are · `letters.py` by
e-mail · `calling.py` by a signed HTTP call · `rules.py` when it is tried again · `actions.py`
giving, taking back, sending, reading news · `queries.py` what was given to whom.
"""
