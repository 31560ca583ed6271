"""The grader: what students write, the mistakes they make, and how each one shows.

A hand-in passes through these files; each imports only what stands above it.

cs231n         what cs231n's batchnorm_forward does besides the textbook's
contract       what is judged: functions, their arguments and results, read off the textbook
tidy           what a student's function returns, made fit for comparison
adapter        what a student wrote as these functions: the exercises, or cs231n's in parts
submission     a Python file or a notebook, read and not run
sandbox        the student's process: its functions, as if they were in this one
probe          the numbers that functions are tried on: every mistake shows on them
observe        what a solution does on the probes, and in which results it differs
mistakes       the page mistakes.md, read; its lines planted in textbook.py, their number fitted
factors        by which factors a result is wrong, in which of its terms
places         in which calls, channels or samples a result is wrong
properties     what holds for right functions, whatever the numbers are
verdict        what is said of one function: its findings
near           near names, and what else the text of a file says
name           which mistake, or which two, give the same wrong result
see            the line that shows a mistake, what there is to see, and the names in it
tell           a mistake in words
describe       a wrong result in words that no mistake gives
caches         caches partly wrong, and the right formulas run on them
after_forward  whether a backward pass is right behind a wrong forward pass
blame          right but for what it is built on, or keeps elsewhere
images         right for rows, but not for images
edges          notes on right functions: far from zero, constant channels, gamma 0
diagnose       one function judged, by all of these
grade          a whole file judged
report         the verdicts for a student
marks          points; the verdicts for a lecturer, a spreadsheet, and Gradescope
many           many files, side by side
calls          the same from Python: a text, or functions that are there already
"""

from .calls import grade_functions, grade_source
from .report import student_text

__all__ = ["grade_functions", "grade_source", "student_text"]
