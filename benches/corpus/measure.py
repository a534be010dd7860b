"""Times commands in turn, so that a slow moment of the machine falls on all of them. Linux only.

Each round has another order: whoever comes after a large program finds the caches full of what that left.

Wall time is from start to exit; processor time is that of the command and the children it waited for; memory is the
peak of the sum over its process tree, sampled every 20 ms.
"""
import os
import random
import statistics
import subprocess
import sys
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def tree_memory(pid):
    """Resident bytes of a process and all below it."""
    total, todo = 0, [pid]
    while todo:
        process = todo.pop()
        try:
            with open(f"/proc/{process}/statm") as stream:
                total += int(stream.read().split()[1]) * PAGE
            for task in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{task}/children") as stream:
                    todo += map(int, stream.read().split())
        except (OSError, IndexError, ValueError):
            pass        # it has ended meanwhile
    return total


def run(command, environment=None, accepted=(0,)):
    """Runs a command once: wall and cpu seconds, peak megabytes, exit code, last line printed."""
    peak, stop = [0], threading.Event()
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env={**os.environ, **(environment or {})})

    def watch():
        while not stop.wait(0.02):
            peak[0] = max(peak[0], tree_memory(process.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    output = process.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    stop.set()
    watcher.join()
    if process.returncode not in accepted:
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(map(str, command))}\n{output[-2000:]}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime,
            "memory": max(peak[0], usage.ru_maxrss * 1024) / 1e6, "code": process.returncode,
            "line": (output.strip().splitlines() or [""])[-1]}


def in_turn(commands, rounds, patience):
    """Runs every command once for nothing, then `rounds` times in turn.

    commands: name -> function that runs it once (as `run`). One that needs more than `patience` seconds is
    run once only, and that run counts. Returns name -> {round: result}.
    """
    results = {name: {} for name in commands}
    shuffled = random.Random(0)
    for k in range(-1, rounds):
        order = list(commands.items())
        shuffled.shuffle(order)
        for name, command in order:
            if 0 in results[name] and results[name][0]["wall"] > patience:
                continue
            result = command()
            if k >= 0:
                results[name][k] = result
            elif result["wall"] > patience:
                results[name][0] = result
            print(f"  round {k + 1} {name}: {result['wall']:.2f} s", file=sys.stderr, flush=True)
    return results


def ratios(mine, reference, what):
    """Median, least and largest of the quotients of the same rounds; None where there is none."""
    quotients = [r[what] / reference[k][what] for k, r in mine.items() if k in reference and reference[k][what]]
    return (statistics.median(quotients), min(quotients), max(quotients)) if quotients else None


def median(results, what):
    """Median of one measure."""
    return statistics.median(r[what] for r in results.values())
