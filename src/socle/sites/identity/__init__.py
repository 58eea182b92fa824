"""The door where people say who they are: sign-up, login, second factor, sessions, FranceConnect,
ProConnect.
"""
