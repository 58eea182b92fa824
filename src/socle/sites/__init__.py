"""Front doors: the only HTTP in the house. Sites never import each other."""
