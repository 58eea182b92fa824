"""What the house costs, measured on the machine at hand. `bench/README.md` says how to run it."""

import sys
from pathlib import Path

# `python -m bench.…` from the root of the repository, without installing anything.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
