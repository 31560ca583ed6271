"""The course kit: what students write, the mistakes they make, and how each one shows.

contract      the seven functions of an exercise, and the reference solutions
catalogue     the table of mistakes, each planted in a textbook solution
properties    what a correct solution satisfies, by name
probe         one set of arrays on which every mistake is visible
sandbox       a student's file in a process of its own
diagnose      one function judged, and its mistake named
grade         a whole file judged; report: the verdicts as text and as JSON
"""
