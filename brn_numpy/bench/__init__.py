"""How fast the library is: against textbook NumPy and, where it is installed, PyTorch."""
