"""Questions answered from the library: quoted, computed or declined, and every line of it checked.

Knows the library only through what is handed in; keeps no state of its own.
"""
