"""Pages of this site. A view parses, asks, calls one action or query, and renders."""
