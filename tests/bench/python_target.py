"""A Python program with idle threads and a clock. ``python python_target.py LIBRARY THREADS FIFO``; says `ready`, then waits."""

import ctypes
import sys
import threading

if __name__ == "__main__":
    library, count, fifo = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    never = threading.Event()
    for _ in range(count):
        threading.Thread(target=never.wait, daemon=True).start()
    ctypes.CDLL(library).start_clock(fifo)
    print("ready", flush=True)
    never.wait()
