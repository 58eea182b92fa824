"""French full-text matching that forgives accents, plurals and typos."""
