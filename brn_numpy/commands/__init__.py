"""The commands of `python -m brn_numpy`, one file each: add_parser and run."""
