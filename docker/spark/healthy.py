"""Whether this container's part of the cluster works: `master` where it is alive, `worker` where the master lists it.

Exits with 0 or 1, as a health check of Docker does. The master's web page tells both; the cluster's network alone reaches it.
"""

import json
import socket
import sys
from urllib.request import urlopen

MASTER = "http://master:8080/json/"


def is_healthy(role, state, address):
    """Whether the master's `state` shows that the `role` at `address` works."""
    if role == "master":
        return state["status"] == "ALIVE"
    return any(worker["host"] == address and worker["state"] == "ALIVE" for worker in state["workers"])


def main():
    with urlopen(MASTER, timeout=4) as page:
        state = json.load(page)
    address = socket.gethostbyname(socket.gethostname())
    if not is_healthy(sys.argv[1], state, address):
        raise SystemExit(f"the {sys.argv[1]} at {address} is not alive: {state['status']}, {state['workers']}")


if __name__ == "__main__":
    main()
