"""What happens to every request, whichever site answers it."""
