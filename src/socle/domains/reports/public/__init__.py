"""The public face of reports: kept in step with cases, counted, drawn, listed, moderated.

`filters.py` what may be asked · `declared.py` what the pack says · `projecting.py` from a case to
its public row · `counting.py` the counts maps are drawn from · `mvt.py` vector tiles, byte by byte
· `tiles.py` tiles and clusters · `lists.py` the list · `vicinity.py` what is near · `feeds.py`
GeoJSON and open data · `moderating.py` what agents let through · `photos.py` blurring.
"""
