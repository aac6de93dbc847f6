"""The library's database: the only home of sqlite3 and the only truth.

`Store` opens it, reads it and hands out the one `Writer`. Everything else (the vector index, the
digests) is derived and can be rebuilt from here. Refuses to parse, embed or rank.
"""

from kb.store.database import Store
from kb.store.writer import Prepared, SourceRecord, Writer

__all__ = ["Prepared", "SourceRecord", "Store", "Writer"]
