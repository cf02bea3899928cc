"""Waiting for something to become true, instead of sleeping and hoping."""
import os
import time

# Sanitized programs are several times slower; deadlines (not expectations) stretch with them.
SLOW = {"asan": 3.0, "tsan": 6.0}.get(os.environ.get("TYKPP_PRESET", ""), 1.0)


def eventually(check, what: str, seconds: float = 5.0):
    """The first true value of check(); fails with `what` after the deadline."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * SLOW:.0f} s: {what}")
        time.sleep(0.02)
