"""Quarterly digests: what a quarter brought, computed from the library and accounted for to the last document.

Reads the store, writes nothing but its own tables, and needs no model.
"""
