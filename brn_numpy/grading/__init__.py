"""The course kit: what students write, the mistakes they make, and how each one shows.

contract      the seven functions of an exercise, and the reference solutions
catalogue     the table of mistakes, each planted in a textbook solution
properties    what a correct solution satisfies, by name
probe         one set of arrays on which every mistake is visible
"""
