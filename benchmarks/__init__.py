"""Benchmarks: speed, memory and quality, each module one measurement that stands by itself.

A module has NAME, HELP and `run(args)`, which returns tables or plain rows; `GROUP` says which
make target runs it (`speed` where it says nothing, or `quality`). Found by discovery, run by
`python -m benchmarks`. What is compared is measured in the same run, in turn, and stated as a
ratio: machines are noisy. Not part of the product, and never imported by it.
"""
