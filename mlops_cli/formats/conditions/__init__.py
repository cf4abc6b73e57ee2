"""Conditions, as people write them: `age >= 65 and not (sex in (Male, other))`. One grammar for all that take conditions.

A room that has conditions says in a `Language` (`language.py`) what its names and values are; `parse.py` reads a text by it,
`tree.py` is what comes out, `text.py` writes it again. Nothing of a condition is ever executed.
"""
