"""Append-only, hash-chained record of every act, one chain per organisation."""
