"""Composition root: settings, addresses, middleware, command line, and every cross-domain reaction (``wiring``)."""
