"""hanganalyze: why does this Linux process not move, can you prove it, and what do I change?"""

__version__ = "0.1.0"
