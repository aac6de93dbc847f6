"""What the library says of a calculator: passages that define its formula, and its sources where they are held.

Owns the words that each calculator is searched by. Refuses to wait: without the embedding model the search is
by keyword. Invariant: every passage links to its place in its document.
"""

from collections.abc import Sequence

from almanac import Almanac
from calculators import Reference
from kb.errors import AlmanacError, DocumentNotFound
from kb.types import Query
from ui.cards import hit_card
from ui.links import href
from ui.render import heading, link

PASSAGES = 3
TERMS = {
    "activation_memory": "activation memory recomputation bytes per layer",
    "affine_quant": "scale zero point affine quantization rounding",
    "checkpoint_io": "checkpoint size bandwidth write time",
    "collective_cost": "all-reduce ring latency bandwidth busbw",
    "comm_volume": "communication volume per step tensor data pipeline parallel",
    "compute_optimal": "compute-optimal tokens per parameter Chinchilla",
    "cost_energy": "GPU hours energy carbon power usage effectiveness",
    "critical_batch": "critical batch size gradient noise scale",
    "goodput": "checkpoint interval mean time between failures Young Daly",
    "inference_roofline": "roofline memory bandwidth arithmetic intensity decode",
    "kv_cache": "KV cache bytes per token heads layers",
    "microbatch_size": "microbatch size pipeline bubble kernel efficiency",
    "param_count": "parameter count transformer layers hidden vocabulary",
    "pipeline_bubble": "pipeline bubble stages microbatches",
    "pipeline_simulator": "pipeline schedule 1F1B interleaved zero bubble",
    "plan": "tensor pipeline data parallel layout cluster",
    "planner": "tensor pipeline data parallel layout cluster",
    "quant_size": "bits per weight group scale quantized model size",
    "serving_capacity": "paged attention blocks requests memory batch",
    "spec_decode": "speculative decoding acceptance rate speed-up",
    "train_memory": "model states ZeRO optimizer bytes per parameter",
    "training_flops": "training FLOPs 6ND attention tokens",
    "training_time": "training time days GPUs throughput",
    "utilization": "model FLOPs utilization MFU HFU",
    "zero_estimator": "ZeRO memory estimate offload optimizer",
}


def passages_html(almanac: Almanac, name: str, title: str) -> str:
    """Return the passages that come nearest to a calculator's formula, and the search for more; empty without any."""
    words = TERMS.get(name, title)
    try:
        found = almanac.search(Query(text=words, limit=PASSAGES), load=False)
    except AlmanacError:
        # The calculators stand on their own: a library that cannot be searched says so on its own pages.
        return ""
    if not found.hits:
        return ""
    cards = "".join(hit_card(hit, words) for hit in found.hits[:PASSAGES])
    more = link(href("search", q=words), "Search the library for more", kind="al-act")
    return f"{heading('In your library')}{cards}<div class='al-acts'>{more}</div>"


def held_works(almanac: Almanac, references: Sequence[Reference]) -> dict[str, str]:
    """Return the document page of each cited work that the library holds, by its id."""
    held: dict[str, str] = {}
    for doc_id in dict.fromkeys(item.doc_id for item in references if item.doc_id):
        try:
            almanac.info(doc_id)
        except DocumentNotFound:
            continue
        held[doc_id] = href("document", id=doc_id)
    return held
