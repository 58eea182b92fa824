"""Public HTTP for programs: REST described by OpenAPI, Open311, GeoJSON, vector tiles."""
