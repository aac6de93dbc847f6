"""Calculators of ML systems, one module each, found by discovery. Knows nothing of the library."""
