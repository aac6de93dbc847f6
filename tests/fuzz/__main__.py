"""Run the fuzzer over one target after another, at the lowest priority, and say what it found.

    python -m tests.fuzz --minutes 30                 every target, an equal share each
    python -m tests.fuzz html rss --minutes 5         these two
    python -m tests.fuzz html --replay FILE           run one input, traceback and all

Guided by coverage (atheris). A finding is an exception that is none of the product's, a property that
does not hold, or more than five seconds for one input; the first input of each lies in the folder named
at the end, with its traceback. Exit status 1 where there are findings.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

SLOW = 5.0
"""Seconds for one input that count as a hang."""
MOST_BYTES = 100_000
MEMORY = 4000
"""MiB; more is a finding of libFuzzer's own."""
TOKENS = Path(__file__).with_name("tokens.dict")
ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "almanac-fuzz")
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.replay:
        from tests.fuzz.targets import TARGETS

        TARGETS[asked.targets[0]].run(asked.replay.read_bytes())
        return 0
    if asked.one:
        _fuzz(asked.targets[0], asked.folder, asked.minutes * 60)
        return 0
    return _run_all(asked.targets, asked.folder, asked.minutes * 60)


def _run_all(names: list[str], folder: Path, seconds: float) -> int:
    from tests.fuzz.targets import TARGETS

    os.nice(19)
    names = names or list(TARGETS)
    found = 0
    for name in names:
        share = str(seconds / len(names) / 60)
        command = [sys.executable, "-m", "tests.fuzz", name, "--one", "--minutes", share, "--folder", str(folder)]
        (folder / name).mkdir(parents=True, exist_ok=True)
        with (folder / name / "log").open("wb") as log:
            subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)
        state = json.loads((folder / name / "state.json").read_text())
        crashes = sorted(path.name for path in (folder / name).glob("*-[0-9a-f]*") if path.name.split("-")[0] in
                         ("crash", "timeout", "oom", "leak"))  # fmt: skip
        found += len(state["findings"]) + len(crashes)
        print(f"{name:<10} {state['executions']:>9} executions  {state['seconds']:>6.0f} s  "
              f"{len(state['findings'])} findings {crashes or ''}", flush=True)  # fmt: skip
        for signature in state["findings"]:
            print(f"           {signature}", flush=True)
    print(f"Inputs and tracebacks: {folder}")
    return 1 if found else 0


class _Run:
    """One target under the fuzzer, and what it has found so far."""

    def __init__(self, name: str, folder: Path) -> None:
        from calculators import CalculatorError
        from kb.errors import AlmanacError
        from tests.fuzz.targets import TARGETS

        self.target = TARGETS[name]
        self.answers = (AlmanacError, CalculatorError)
        self.folder = folder
        self.began = self.noted = time.monotonic()
        self.executions = 0
        self.findings: dict[str, int] = {}

    def one(self, data: bytes) -> None:
        """Run one input; every fault is noted, and the run goes on."""
        began = time.process_time()  # of the processor's: other work on the machine is no hang
        self.executions += 1
        try:
            self.target.run(data)
        except self.answers:
            pass
        except Exception as error:  # noqa: BLE001 - to find them all is the point
            frames = [f for f in traceback.extract_tb(error.__traceback__) if str(ROOT) in f.filename]
            places = " < ".join(f"{Path(f.filename).name}:{f.name}" for f in reversed(frames[-3:]))
            words = error.args[0] if type(error).__name__ == "Violation" else ""
            self.note(f"{type(error).__name__} {words} {places}", data, traceback.format_exc())
        took = time.process_time() - began
        if took > SLOW:
            self.note(f"slow: more than {SLOW:.0f} s", data, f"{took:.1f} s for {len(data)} bytes")
        if time.monotonic() - self.noted > 2:
            self.save()

    def warm_up(self) -> None:
        """Let the target load what it needs, so that its first input is not taken for a slow one."""
        with suppress(*self.answers):
            self.target.run(self.target.seeds[0])

    def note(self, signature: str, data: bytes, words: str) -> None:
        """Keep the first and the smallest input of each kind of fault."""
        if len(data) >= self.findings.get(signature, MOST_BYTES + 1):
            return
        self.findings[signature] = len(data)
        name = hashlib.sha256(signature.encode()).hexdigest()[:10]
        (self.folder / f"finding-{name}").write_bytes(data)
        (self.folder / f"finding-{name}.txt").write_text(f"{signature}\n\n{words}", encoding="utf-8", errors="replace")
        self.save()

    def save(self) -> None:
        """Write down how far the run has come; libFuzzer ends without a word to Python."""
        self.noted = time.monotonic()
        state = {"executions": self.executions, "seconds": self.noted - self.began, "findings": list(self.findings)}
        (self.folder / "state.json").write_text(json.dumps(state))


def _fuzz(name: str, folder: Path, seconds: float) -> None:
    import atheris

    with atheris.instrument_imports(include=["ingest", "kb", "calculators", "feedparser"]):
        import tests.fuzz.targets  # noqa: F401 - loaded here to be instrumented

    place = folder / name
    corpus = place / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    run = _Run(name, place)
    run.warm_up()
    for seed in run.target.seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed[:MOST_BYTES])
    run.save()
    limits = [f"-max_total_time={int(seconds)}", f"-max_len={MOST_BYTES}", "-timeout=60", f"-rss_limit_mb={MEMORY}"]
    atheris.Setup(
        [sys.argv[0], str(corpus), *limits, f"-dict={TOKENS}", f"-artifact_prefix={place}/", "-print_final_stats=1"],
        run.one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
