"""Open311 GeoReport v2 server, with the extensions that clients use (wiki.open311.org/GeoReport_v2).

`urls.py` addresses · `views.py` one per method of the specification · `answering.py` XML and JSON,
errors · `parameters.py` what a query may say · `jurisdictions.py` communes and organisations ·
`offer.py` services and their definitions · `listing.py` which reports · `presenting.py` a report as
a service request · `posting.py` a new one · `updates.py` its history · `media.py` its photos.
"""
