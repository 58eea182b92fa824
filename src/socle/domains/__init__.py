"""What a métropole does. Domains are strangers: sites compose them, wiring makes them react."""
