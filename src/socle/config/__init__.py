"""Composition root: settings, addresses, middleware, commands, wiring between the rooms."""
