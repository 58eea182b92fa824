"""One module per errand of the agent."""
