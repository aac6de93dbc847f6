"""How fast the planner searches: candidates per second, and the time for a million on one core.

Plans a mixture of experts of DeepSeek-V3's widths, cut to 96 layers so that it divides often, on
clusters of growing size, with every choice free. A candidate counts once, evaluated for memory
and time; enumeration, ranking, reasons and the answer are in the time. Process time is taken, so
that a busy machine does not count. Run: python -m benchmarks.planner [--json] [--repeat N]
"""

import argparse
import json
import time
from typing import Any

from calculators.planner import PlanInputs, plan

NAME = "planner"
HELP = "rate of the planner's search"
MODEL: dict[str, Any] = {
    "layers": 96, "hidden": 7168, "heads": 128, "kv_heads": 16, "ffn": 18432, "vocab": 129_280, "seq_len": 65_536,
    "experts": 256, "top_k": 8, "moe_ffn": 2048, "shared_ffn": 2048, "dense_layers": 3,
}  # fmt: skip
H100: dict[str, Any] = {
    "gpu_mem_bytes": 80e9, "peak_flops": 989e12, "mem_bandwidth": 3.35e12, "sms": 132,
    "intra_bandwidth": 450e9, "inter_bandwidth": 50e9,
}  # fmt: skip
CLUSTERS = ((512, 1536), (2304, 6912), (9216, 27_648), (13_824, 41_472))
MILLION = 1_000_000


def measure(gpus: int, batch: int, repeat: int) -> dict[str, Any]:
    """Search one cluster `repeat` times and keep the fastest: candidates, seconds and the rate."""
    inputs = PlanInputs(**MODEL, **H100, gpus=gpus, batch=batch, zero_with_pipeline=True)
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        found = plan(inputs)
        seconds.append(time.process_time() - start)
    best = min(seconds)
    return {
        "gpus": gpus,
        "batch": batch,
        "candidates": found.candidates,
        "fitting": found.fitting,
        "seconds": round(best, 4),
        "candidates_per_second": round(found.candidates / best),
        "seconds_per_million": round(best / found.candidates * MILLION, 3),
        "best_mfu": round(found.plans[0].mfu, 4) if found.plans else None,
    }


def run(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Search every cluster, each once where `args.quick` is set, and return a row for each."""
    return [measure(gpus, batch, 1 if args.quick else 3) for gpus, batch in CLUSTERS]


def main(argv: list[str] | None = None) -> int:
    """Print the table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--repeat", type=int, default=3, help="searches of each cluster; the fastest counts")
    args = parser.parse_args(argv)
    rows = [measure(gpus, batch, max(1, args.repeat)) for gpus, batch in CLUSTERS]
    largest = rows[-1]
    if args.json:
        print(json.dumps({"searches": rows, "seconds_per_million": largest["seconds_per_million"]}))
        return 0
    print("    GPUs  candidates       fit  seconds   per second  s/million")
    for row in rows:
        print(
            f"{row['gpus']:>8,}{row['candidates']:>12,}{row['fitting']:>10,}{row['seconds']:>9.3f}"
            f"{row['candidates_per_second']:>13,}{row['seconds_per_million']:>11.3f}"
        )
    print(f"a million candidates in {largest['seconds_per_million']:.2f} s on one core")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
