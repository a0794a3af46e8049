"""What the plugin costs, as ratios measured in one run. Nothing here passes or fails: ``python -m tests.benchmarks``."""
