"""Benchmarks of the face engine: `python -m bench --help`. Nothing here is part of the running product."""
