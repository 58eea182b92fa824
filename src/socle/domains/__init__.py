"""What a métropole does. Domains never import each other: sites compose them, wiring makes them react."""
