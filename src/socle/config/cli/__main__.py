"""``python -m socle.config.cli``."""

from socle.config.cli import main

main()
