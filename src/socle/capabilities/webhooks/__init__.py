"""Telling other programs: signed HTTP calls, tried again until they are received."""
