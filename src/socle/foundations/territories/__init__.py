"""Organisations (métropole, communes, partners) and the areas they cover."""
