"""The portal: what residents, companies and associations see.

`urls.py` every address · `context.py` what surrounds each page · `claims.py` the token a browser keeps ·
`views/` one module per errand: home and catalogue, procedures, reports, requests under way, profile,
notifications, content pages, places, files, the installable application, the demonstration's mailbox.
"""
