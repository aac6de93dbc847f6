"""What search asks of the database: filters, keyword candidates, vectors, references.

Filters are SQL over documents and chunks and hold for every leg alike. Read only.
"""

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kb.store.database import Store
from kb.types import Query, Reference

Rows = npt.NDArray[np.int64]
# Titles and breadcrumbs count for less than the passage: every chunk of a subtree repeats them.
HEAD_WEIGHT, BODY_WEIGHT = 0.6, 1.0


def filter_sql(query: Query) -> tuple[str, list[object]]:
    """Return a condition over c (chunks) and d (documents), with parameters; `1` where nothing filters."""
    parts: list[str] = []
    values: list[object] = []

    def any_of(sql: str, wanted: Sequence[object]) -> None:
        if wanted:
            parts.append(sql)
            values.append(json.dumps([str(item) for item in wanted]))

    listed = "(SELECT value FROM json_each(?))"
    any_of(f"d.row IN (SELECT doc FROM topics WHERE topic IN {listed})", query.topics)
    any_of(f"d.kind IN {listed}", query.kinds)
    if query.sources:
        parts.append(
            "d.source IN (SELECT s.id FROM sources s JOIN json_each(?) j "
            "ON s.location = j.value OR instr(lower(s.name || ' ' || s.location), lower(j.value)))"
        )
        values.append(json.dumps(list(query.sources)))
    any_of(f"c.row IN (SELECT chunk FROM labels WHERE label IN {listed})", query.labels)
    if query.since:
        parts.append("d.date_last >= ?")
        values.append(query.since)
    if query.until:
        # An undated document is not known to be older.
        parts.append("d.date_first <> '' AND substr(d.date_first, 1, ?) <= ?")
        values += [len(query.until), query.until]
    if query.language:
        wanted = ("zh", "mixed") if query.language == "zh" else (query.language,)
        any_of(f"d.language IN {listed}", wanted)
    if query.doc_id:
        parts.append("d.id = ?")
        values.append(query.doc_id)
    return " AND ".join(parts) or "1", values


def matching_rows(store: Store, query: Query) -> Rows | None:
    """Return the chunk rows that pass the filters, ascending; None where nothing filters."""
    condition, values = filter_sql(query)
    if condition == "1":
        return None
    # Not ordered by the database, which would walk whole passages for it in place of an index.
    sql = f"SELECT c.row FROM chunks c JOIN documents d ON d.row = c.doc WHERE {condition}"
    return np.sort(np.fromiter((row[0] for row in store.rows(sql, values)), dtype=np.int64))


def quote(token: str) -> str:
    """Return a token as an FTS5 string; a trailing `*` stays an operator."""
    if token.endswith("*") and len(token) > 1:
        return '"' + token[:-1].replace('"', '""') + '" *'
    return '"' + token.replace('"', '""') + '"'


def keyword_scores(store: Store, match: str, allowed: Rows | None, limit: int) -> dict[int, float]:
    """Return the best chunks for an FTS5 expression: row to BM25 (positive, larger is better)."""
    if not match:
        return {}
    condition, values = "", []
    if allowed is not None:
        # The plus keeps FTS5 from being asked once for every allowed row: 380 times slower at 10,000.
        condition = "AND +rowid IN (SELECT value FROM json_each(?))"
        values = [json.dumps(allowed.tolist())]
    sql = (
        f"SELECT rowid, bm25(words, {HEAD_WEIGHT}, {BODY_WEIGHT}) FROM words "
        f"WHERE words MATCH ? {condition} ORDER BY 2, rowid LIMIT ?"
    )
    with store.errors():
        found = store.connection.execute(sql, [match, *values, limit]).fetchall()
    return {row: -score for row, score in found}


def vectors_of(store: Store, fingerprint: str, rows: Sequence[int]) -> dict[int, npt.NDArray[np.float32]]:
    """Return the vectors of the given chunks; chunks without one are absent."""
    sql = (
        # CROSS JOIN: the planner would read every vector of the fingerprint first.
        "SELECT c.row, v.vector FROM chunks c CROSS JOIN vectors v ON v.embed_hash = c.embed_hash "
        "AND v.fingerprint = ? WHERE c.row IN (SELECT value FROM json_each(?))"
    )
    return {
        row: np.frombuffer(blob, dtype="<f4") for row, blob in store.rows(sql, (fingerprint, json.dumps(list(rows))))
    }


def all_vectors(store: Store, fingerprint: str) -> tuple[Rows, npt.NDArray[np.float32]]:
    """Return every chunk row that has a vector, ascending, and the vectors, shape (rows, dim)."""
    sql = (
        "SELECT c.row, v.vector FROM chunks c JOIN vectors v ON v.embed_hash = c.embed_hash AND v.fingerprint = ? "
        "ORDER BY c.row"
    )
    found = store.rows(sql, (fingerprint,))
    rows = np.fromiter((row for row, _ in found), dtype=np.int64, count=len(found))
    dim = len(found[0][1]) // 4 if found else 0
    matrix = np.frombuffer(b"".join(blob for _, blob in found), dtype="<f4").reshape(len(found), dim)
    return rows, matrix


def missing_vectors(store: Store, fingerprint: str, limit: int = 512) -> list[tuple[str, str]]:
    """Return (embed hash, text) of passages that the embedder of this fingerprint has not seen."""
    sql = (
        "SELECT DISTINCT c.embed_hash, c.embed_text FROM chunks c WHERE NOT EXISTS "
        "(SELECT 1 FROM vectors v WHERE v.fingerprint = ? AND v.embed_hash = c.embed_hash) LIMIT ?"
    )
    return [(key, text) for key, text in store.rows(sql, (fingerprint, limit))]


def count_missing(store: Store, fingerprint: str) -> int:
    """Return how many passages have no vector of this fingerprint."""
    sql = (
        "SELECT count(DISTINCT c.embed_hash) FROM chunks c WHERE NOT EXISTS "
        "(SELECT 1 FROM vectors v WHERE v.fingerprint = ? AND v.embed_hash = c.embed_hash)"
    )
    return int(store.rows(sql, (fingerprint,))[0][0])


def known_hashes(store: Store, fingerprint: str, hashes: Sequence[str]) -> set[str]:
    """Return those of the given hashes that have a vector already."""
    sql = "SELECT embed_hash FROM vectors WHERE fingerprint = ? AND embed_hash IN (SELECT value FROM json_each(?))"
    return {row[0] for row in store.rows(sql, (fingerprint, json.dumps(list(hashes))))}


def keyword_rows(store: Store, match: str) -> Rows:
    """Return all chunks that match an FTS5 expression, ascending."""
    found = store.rows("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (match,))
    return np.fromiter((row for (row,) in found), dtype=np.int64, count=len(found))


def vocabulary(store: Store, tokens: Sequence[str] | None = None) -> dict[str, int]:
    """Return in how many passages each token occurs: of the given ones, or of all that do in two."""
    with store.errors():
        connection = store.connection
        connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab('main', 'words', 'row')")
        if tokens is None:
            return dict(connection.execute("SELECT term, doc FROM temp.vocabulary WHERE doc > 1").fetchall())
        sql = "SELECT term, doc FROM temp.vocabulary WHERE term IN (SELECT value FROM json_each(?))"
        return dict(connection.execute(sql, (json.dumps(list(tokens)),)).fetchall())


def references_from(store: Store, doc_id: str) -> list[Reference]:
    """Return the works and pages that a document names, in order of appearance."""
    sql = (
        "SELECT r.kind, r.key, r.url, r.title, r.remark, c.id, d.id FROM refs r JOIN chunks c ON c.row = r.chunk "
        "JOIN documents d ON d.row = c.doc WHERE d.id = ? ORDER BY c.ordinal, r.kind, r.key"
    )
    return [_reference(row) for row in store.rows(sql, (doc_id,))]


def references_to(store: Store, kind: str, key: str) -> list[Reference]:
    """Return every passage that names a work, oldest document first, undated last."""
    sql = (
        "SELECT r.kind, r.key, r.url, r.title, r.remark, c.id, d.id FROM refs r JOIN chunks c ON c.row = r.chunk "
        "JOIN documents d ON d.row = c.doc WHERE r.kind = ? AND r.key = ? "
        "ORDER BY d.date_first = '', d.date_first, d.id, c.ordinal"
    )
    return [_reference(row) for row in store.rows(sql, (kind, key))]


def most_mentioned(store: Store, limit: int, *, missing: bool = False) -> list[tuple[Reference, int, str]]:
    """Return (work, documents that name it, id of its own document or empty), most named first."""
    # The library's own record knows the title best, else the longest that a source gives.
    sql = (
        "SELECT r.kind, r.key, r.url, "
        "coalesce(max(CASE WHEN json_extract(own.record, '$.title_estimated') = 0 THEN own.title END), "
        "substr(max(printf('%06d', length(r.title)) || r.title), 7)), "
        "count(DISTINCT c.doc) AS n, coalesce(own.id, '') AS held FROM refs r JOIN chunks c ON c.row = r.chunk "
        "LEFT JOIN documents own ON r.kind = 'arxiv' AND own.id = 'arxiv:' || r.key "
        "WHERE r.kind IN ('arxiv', 'doi', 'github', 'title') GROUP BY r.kind, r.key "
        "HAVING held = '' OR NOT ? ORDER BY n DESC, r.kind, r.key LIMIT ?"
    )
    return [
        (_reference((kind, key, url, title, "", "", "")), count, found)
        for kind, key, url, title, count, found in store.rows(sql, (missing, limit))
    ]


def _reference(row: tuple[str, ...]) -> Reference:
    kind, key, url, title, remark, chunk_id, doc_id = row
    return Reference.model_validate(
        {"kind": kind, "key": key, "url": url, "title": title, "remark": remark, "chunk_id": chunk_id, "doc_id": doc_id}
    )
