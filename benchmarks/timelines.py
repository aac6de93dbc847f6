"""Pipeline timelines: simulating a schedule and drawing it as a picture, at and beyond 100,000 cells."""

import argparse
import time

from benchmarks._table import Row, Table, bar
from calculators._timeline_svg import LIGHT, draw
from calculators.pipeline_simulator import timeline

NAME = "timelines"
HELP = "drawing pipeline schedules"
CASES = (
    ("1f1b", 16, 3125, 1),
    ("interleaved", 8, 1568, 4),
    ("zb_h2", 16, 2080, 1),
    ("dualpipe", 16, 6250, 1),
    ("gpipe", 1000, 50, 1),
)
DRAWING_BAR = 2.0


def measure(schedule: str, stages: int, microbatches: int, chunks: int) -> dict[str, str | int | float]:
    """Simulate and draw one schedule once; process time, so that a busy machine does not count."""
    start = time.process_time()
    cells = timeline(schedule, stages, microbatches, chunks)
    simulated = time.process_time()
    picture = draw([(schedule, cells)], LIGHT)
    drawn = time.process_time()
    return {
        "schedule": schedule,
        "stages": stages,
        "microbatches": microbatches,
        "cells": sum(map(len, cells)),
        "simulate s": round(simulated - start, 3),
        "draw s": round(drawn - simulated, 3),
        "kB": len(picture) // 1000,
    }


def run(args: argparse.Namespace) -> list[Table | Row]:
    """Return a row for each schedule, and whether simulating with drawing stays under the bar."""
    rows = [measure(*case) for case in (CASES[:2] if args.quick else CASES)]
    worst = max(float(row["simulate s"]) + float(row["draw s"]) for row in rows)
    return [
        Table("Timelines of about 100,000 cells", rows),
        Table("Bar", [bar("seconds, simulated and drawn", worst, most=DRAWING_BAR)]),
    ]
