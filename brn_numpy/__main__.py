"""python -m brn_numpy"""

import sys

from .cli import main

sys.exit(main(prog="python -m brn_numpy"))
