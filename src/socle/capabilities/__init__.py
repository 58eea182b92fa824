"""What domains share: the catalogue, the case engine, questionnaires, notifications and search."""
