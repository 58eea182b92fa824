"""Open311 GeoReport v2 client: reports handed over to another server, and what it says of them.

`client.py` the protocol · `reading.py` XML and JSON answers · `words.py` their statuses, ours ·
`sender.py` a means of `domains/reports/handovers` · `telling.py` what is said here afterwards goes
there too · `tasks.py`.
"""
