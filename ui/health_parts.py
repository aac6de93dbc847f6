"""The parts of the Health page: figures, how each source fares, what was left out or shown once, checks.

Pure HTML from what the overview counts; every number says of what, and every fault its remedy.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from almanac.models import EmbedderState
from almanac.overview import Check, Merged, SourceState
from almanac.standing import TROUBLE
from ui.links import href
from ui.panels import embedder_text, remarks
from ui.render import esc, heading, link, note, said, source_name
from ui.sources_files import source_row
from ui.sources_list import badge, row
from ui.sources_state import SourcesState, ago

if TYPE_CHECKING:
    from almanac.standing import Standing

MOST = 50
_ROW = '<tr><th scope="row">{}</th><td class="{}">{}</td><td>{}</td></tr>'


def figures_html(
    counts: dict[str, int], read: dict[str, int], repeated: int, state: EmbedderState, fingerprint: str
) -> str:
    """Return how much there is, how much of it is searched by meaning, and what waits."""
    waiting, outbox, failed = counts["waiting"], counts["outbox"], counts["failed_sources"]
    off = state.status == "off"
    behind = "none are, by the setting EMBEDDER" if off else f"{waiting:,} wait for the embedding model"
    rows = (
        ("Documents", counts["documents"], ""),
        (
            "Passages",
            counts["chunks"],
            f"{repeated:,} stand in several documents and are shown once" if repeated else "",
        ),
        (
            "Searched by meaning",
            counts["chunks"] - waiting,
            behind if waiting else "all of them",
        ),
        (
            "Characters searched by meaning",
            read["characters_embedded"],
            f"of {read['characters']:,}" if read["characters_embedded"] < read["characters"] else "all of them",
        ),
        ("Waiting for the vector index", outbox, "search does not wait for it" if outbox else "up to date"),
        ("Sources read", counts["sources"], f"{failed} failed the last time" if failed else ""),
        ("Removed by you", counts["removed"], ""),
    )
    body = "".join(_ROW.format(name, "al-num", f"{number:,}", esc(words)) for name, number, words in rows)
    mark = f"{note(f'Fingerprint of the embedder: <code>{esc(fingerprint)}</code>')}" if fingerprint else ""
    return f'{note(said(embedder_text(state)))}{mark}<table class="al-figures">{body}</table>'


def attention_html(standings: "Sequence[Standing]", sources: Sequence[SourceState], now: datetime) -> str:
    """Return the sources that need attention, each with its reason and remedy."""
    bad = [row(one, now) for one in standings if one.state in TROUBLE]
    own = {one.subscription.location for one in standings}
    bad += [source_row(one) for one in sources if one.status in ("failed", "partial", "") and one.location not in own]
    fine = note(f"Every source was read. {link(href('sources'), 'All sources')}")
    more = note(f"And {len(bad) - MOST:,} more.") if len(bad) > MOST else ""
    return heading("Sources that need attention", len(bad) or None) + ("".join(bad[:MOST]) or fine) + more


def standings_html(standings: "Sequence[Standing]", now: datetime) -> str:
    """Return each subscription with its last success, last error and next check, folded."""
    if not standings:
        return ""
    states = Counter(one.state for one in standings)
    words = ", ".join(f"{number:,} {name}" for name, number in states.most_common())
    rows = "".join(_standing(one, now) for one in standings)
    head = "<tr><th>Source</th><th>State</th><th>Last success</th><th>Last error</th><th>Next check</th></tr>"
    table = f'<div class="al-table"><table>{head}{rows}</table></div>'
    return (
        f"{heading('Subscriptions', len(standings))}"
        f'<details class="al-toc"><summary>{esc(words)}</summary>{table}</details>'
    )


def _standing(one: "Standing", now: datetime) -> str:
    check = one.check
    waits = one.subscription.enabled and not check.muted
    cells = (
        link(SourcesState(id=one.subscription.key).href(), esc(one.subscription.name)),
        badge(one),
        esc(ago(check.succeeded_at, now)),
        said(check.error) or "none",
        esc(ago(check.next_at, now)) if waits and check.next_at else "with the next round" if waits else "none",
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def left_out_html(sources: Sequence[SourceState]) -> str:
    """Return what was left out of sources, and why."""
    if not sources:
        return ""
    rows = "".join(
        f'<div class="al-outcome" title="{esc(one.location)}"><span class="al-name">{esc(source_name(one.location))}'
        f'</span><span class="al-dim">{one.skipped:,} left out</span>{remarks(one.warnings)}</div>'
        for one in sources[:MOST]
    )
    return heading("Left out", sum(one.skipped for one in sources)) + rows


def merged_html(merged: Sequence[Merged]) -> str:
    """Return the documents that several sources hold and that are shown once, and why."""
    if not merged:
        return ""
    rows = "".join(
        f"<li>{link(href('document', id=one.doc_id), esc(one.title))}: from {esc(source_name(one.shown))}, also in "
        f"{esc(', '.join(map(source_name, one.others)))}; {esc(one.why)}</li>"
        for one in merged[:MOST]
    )
    more = note(f"And {len(merged) - MOST:,} more.") if len(merged) > MOST else ""
    return f'{heading("Held by several sources, shown once", len(merged))}<ul class="al-plain">{rows}</ul>{more}'


def checks_html(checks: Sequence[Check]) -> str:
    """Return what the doctor finds, each with its remedy."""
    return f'{heading("Checks")}<table class="al-figures">{"".join(map(check_row, checks))}</table>'


def check_row(check: Check) -> str:
    """Return one finding with its remedy."""
    word, tone = ("fine", "al-ok") if check.ok else ("mend", "al-bad")
    remedy = f" <b>{said(check.remedy)}</b>" if check.remedy else ""
    sign = f'<span class="al-badge {tone}">{word}</span>'
    return _ROW.format(esc(check.name), "", sign, said(check.found) + remedy)
