"""What the scripts with matrix-nio share."""

import sys
from pathlib import Path

STEP_TIMEOUT_SECONDS = 120
PASSWORD = "correct horse battery staple"
# The room version is the newest whose room IDs matrix-nio accepts.
ROOM_VERSION = "11"


def check(condition, message):
    if not condition:
        raise SystemExit(f"{Path(sys.argv[0]).stem}: {message}")


def expect(kind, response):
    check(isinstance(response, kind), f"expected {kind.__name__}, got {response}")
    return response
