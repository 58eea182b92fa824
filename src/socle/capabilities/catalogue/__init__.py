"""Public services as CPSV-AP describes them, by life event, audience and territory.

`pack.py` what a pack declares (services, vocabulary, pages) · `sections.py` how it is checked and
applied · `models.py` rows in force · `snapshot.py` the whole catalogue in memory, read again when
a pack is applied · `queries.py` what sites ask · `markdown.py` text to safe HTML ·
`cpsv.py` JSON-LD.
"""
