"""How fast the library is: against textbook.py and, where it is installed, PyTorch."""
