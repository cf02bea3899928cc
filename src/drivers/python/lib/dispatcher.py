"""Here because plugins may import it; the gateway calls handlers itself."""
from tyk.object import TykCoProcessObject

__all__ = ["TykCoProcessObject"]
