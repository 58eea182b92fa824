"""Files people send: sniffed, re-encoded, quarantined, scanned, then served with care."""
