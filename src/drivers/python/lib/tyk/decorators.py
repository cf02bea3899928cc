"""Marks functions as handlers: `@Hook` above a function makes it one under the function's name."""
from inspect import getfullargspec


class HandlerDecorator(object):
    """A handler. `f` is the function, `name` what definitions call it."""

    def __init__(self, f):
        self.f = f
        self.name = f.__name__
        self.arg_count = len(getfullargspec(f).args)

    def __call__(self, *args, **kwargs):
        return self.f(*args, **kwargs)


class Hook(HandlerDecorator):
    """Any hook; how many parameters the function has decides what it is called with."""


class _ThreeParameters(HandlerDecorator):
    def __init__(self, f):
        super().__init__(f)
        self.arg_count = 3


class Pre(_ThreeParameters):
    pass


class Post(_ThreeParameters):
    pass


class PostKeyAuth(_ThreeParameters):
    pass


class CustomKeyCheck(HandlerDecorator):
    def __init__(self, f):
        super().__init__(f)
        self.arg_count = 4


class Event(HandlerDecorator):
    """A handler of the API's events: called with the event and its spec."""


HANDLER_TYPES = (HandlerDecorator,)


def ThisIsNotADecorator():
    """Here because plugins may import it by name."""


__all__ = ["Hook", "Pre", "Post", "PostKeyAuth", "CustomKeyCheck", "Event", "HandlerDecorator",
           "getfullargspec", "ThisIsNotADecorator"]
