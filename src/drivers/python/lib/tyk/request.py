"""The `request` argument of handlers."""
from _tykpp import TykCoProcessRequest

__all__ = ["TykCoProcessRequest"]
