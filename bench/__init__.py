"""Benchmarks: `make bench` measures each speed beside its limit, in the same run."""
