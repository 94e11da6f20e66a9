"""One racer: says it is ready, waits for the start, appends."""

from __future__ import annotations

import sys

import wrkr_core as wrkr
from benchmarks.doing import append


def main() -> None:
    """Append so many records to a stream of one's own."""
    url, stream, count = sys.argv[1:]
    store = wrkr.open_store(url)
    store.stream(stream)
    print("ready", flush=True)
    sys.stdin.read()
    append(store, int(count), stream)
    store.close()


if __name__ == "__main__":
    main()
