"""``python -m analyzer`` is ``hanganalyze``."""

from analyzer.cli import entry

entry()
