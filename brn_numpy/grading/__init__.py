"""The course kit: what students write, the mistakes they make, and how each one shows.

contract      the seven functions of an exercise, and the reference solutions
catalogue     the table of mistakes: other parts in a textbook solution
properties    what a correct solution satisfies, by name
probe         one set of arrays on which every mistake is visible; seen: what a function does on it
diagnose      one function judged; naming: which mistakes it has, one or two; patterns: others
own_forward   a backward pass judged with the student's own wrong forward pass
sandbox       a student's file in a process of its own: process, guard, child, messages
grade         a whole file judged; report: the verdicts as text and as JSON
"""
