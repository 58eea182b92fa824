"""The national address service (Base Adresse Nationale) through the Géoplateforme.

Protocol: GeoCodeJSON `GET /search?q=…&limit=…` and `GET /reverse?lon=…&lat=…`
(data.geopf.fr/geocodage, 50 requests a second per address). When it does not answer in time the
house's own gazetteer does, so that no form waits for it.
"""
