"""Proves that a change of the code changed nothing for a user.

It walks through everything that Regulars offers, with the environment of one checkout, and keeps each output as a file;
two such recordings are compared. Only the public doors are used: the command `regulars`, HTTP against `regulars serve`,
and files. No module of the project is imported, so any two commits can be compared.

    python -m tools.unchanged record CHECKOUT FOLDER       walk, and keep every output in FOLDER
    python -m tools.unchanged compare FOLDER FOLDER        say each output that differs
    python -m tools.unchanged carry CHECKOUT OLD NEW       go on with the shops of OLD's recording in another checkout
    python -m tools.unchanged against REF                  record REF and this checkout, carry, compare
"""
