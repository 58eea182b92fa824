"""Reports on public space: categories, places, historic imports."""
