"""Public services as CPSV-AP describes them, by life event, audience and territory."""
