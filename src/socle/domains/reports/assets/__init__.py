"""Equipment on public space that a report may be about: this lamp post, this container.

`pack.py` `reports/assets/<layer>.geojson` · `queries.py` what stands near a point.
"""
