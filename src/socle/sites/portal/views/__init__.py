"""One module per errand. A view parses, asks the policy, calls one action or query, renders."""
