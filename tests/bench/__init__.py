"""Benchmarks: every figure stands beside a peer's from the same run. Nothing here is asserted; these machines are noisy."""
