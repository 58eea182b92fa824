"""A commune opens reporting for what it answers for: data, no deployment.

`pack.py` `reports/communes/<slug>.toml` · `queries.py` what can be reported at a place, who answers
there.
"""
