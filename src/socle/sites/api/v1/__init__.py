"""REST: what a program may ask at ``/api/v1/``, and its description in OpenAPI 3.1.

`operations.py` how an operation is declared · `dispatching.py` from a request to its answer ·
`schemas/` what is sent and answered, typed · `openapi.py` the document · `table.py` every operation.
"""
