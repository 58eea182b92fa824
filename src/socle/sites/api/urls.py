"""Addresses of the public HTTP interfaces."""

from __future__ import annotations

app_name = "api"

urlpatterns: list[object] = []
