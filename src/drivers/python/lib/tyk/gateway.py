"""What the gateway does for plugins: `from gateway import TykGateway as tyk`."""
import _tykpp


class TykGateway:
    @classmethod
    def log(cls, message, level="info"):
        """A line in the gateway's log. Levels: debug, error, warning; any other is info."""
        _tykpp.log(level, message)

    @classmethod
    def log_error(cls, message):
        _tykpp.log("error", message)

    @classmethod
    def store_data(cls, key, value, ttl):
        """Keeps a value beside the gateway for `ttl` seconds, 0: for good."""
        _tykpp.store_data(key, value, ttl)

    @classmethod
    def get_data(cls, key):
        """The value as bytes, empty when there is none."""
        return _tykpp.get_data(key)

    @classmethod
    def trigger_event(cls, name, payload):
        _tykpp.trigger_event(name, payload)
