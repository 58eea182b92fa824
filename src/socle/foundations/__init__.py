"""What every room points at: people, places, files, the journal, packs and durable tasks."""
