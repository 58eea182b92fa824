"""Pages of questions, conditional branches, drafts that survive."""
