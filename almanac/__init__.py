"""The façade: one library, everything that can be done with it, and the command line over it."""

from almanac.library import Almanac, open_almanac

__all__ = ["Almanac", "open_almanac"]
