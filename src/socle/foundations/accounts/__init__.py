"""Residents, representatives, agents: who someone is and for whom they act."""
