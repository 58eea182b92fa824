"""The desk: where agents answer, all day long.

`urls.py` every address · `context.py` navigation with counts · `views/` inbox, case, bulk acts, map,
counter, organisation (teams, members), platform (tasks, journal, declarations).
"""
