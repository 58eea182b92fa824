"""The kernel: what every room of the house may rely on, and which relies on none of them.

No models, no settings of its own, nothing but the standard library and two doors of Django (lazy
translation, transactions). Import the module, not its contents, so that call sites read well:
``errors.Invalid``, ``geo.encode``.

================  ================================================================================
``clock``         what time it is (passed in, never read), local days, working days, months
``errors``        the typed errors of the house, their HTTP status, their RFC 9457 rendering
``events``        facts emitted by actions: heard inside the transaction, or after the commit
``expressions``   the condition language of packs: parsed, type-checked, evaluated here and there
``geo``           one integer indexes space: ``cell``, tiles as ranges, neighbours, distances
``money``         amounts in integer cents, written and read as people write them
``references``    human references with a check character, such as ``SG-26-7K4M2X``
================  ================================================================================
"""
