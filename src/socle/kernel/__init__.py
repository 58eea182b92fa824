"""The kernel: what every room of the house may rely on, and which relies on none of them.

No models, no settings of its own, nothing but the standard library and two doors of Django (lazy translation,
transactions). Import the module, not its contents, so that call sites read well: ``errors.Invalid``, ``geo.encode``.

================  ==============================================================================================
``clock``         what time it is (passed in, never read), local days of 23 to 25 hours, working days, months
``errors``        the typed errors of the house, each with its HTTP status, and their RFC 9457 rendering
``events``        facts emitted by actions: handlers inside the transaction, handlers after the commit
``expressions``   the condition language of packs: parsed, type-checked, evaluated here and in the browser
``geo``           one integer indexes space: ``cell``, map tiles as ranges, neighbours, distances
``money``         amounts in integer cents, written and read as people write them
``references``    human references with a check character, such as ``SG-26-7K4M2X``
================  ==============================================================================================
"""
