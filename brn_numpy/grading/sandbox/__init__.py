"""A student's file in a process of its own.

parent    what asks: the file's functions, as if they were in this process
message   what it sends and reads: values, and what functions raise
process   starts that process, sends it a line, waits for one, ends it
child     what runs there; guard: what it may not do
missing   what stands there for an import that fails
keeper    ends it when the grader itself is ended
wire      arrays as bytes, on both sides
imports   which packages a file must not name; read, not run
"""

from __future__ import annotations

from .imports import GRADER, forbidden_imports
from .parent import OUTSIDE, Sandbox

__all__ = ["GRADER", "OUTSIDE", "Sandbox", "forbidden_imports"]
