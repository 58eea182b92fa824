"""The one case engine: state, thread, documents, deadlines, history."""
