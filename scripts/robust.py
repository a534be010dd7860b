#!/usr/bin/env python3
"""Reads every file of a folder in a process of its own, and says what came of it, how long it took and
how much memory it asked for.

    cargo build --release --no-default-features --example read_file
    scripts/robust.py FOLDER [--program target/release/examples/read_file] [--mutations 20]

Where the folder has an index.csv with the columns `file` and `nonempty_cells_by_another_reader`, counts
that differ are marked. With --mutations each file is also read with so many changes of some bytes, and
only failures are shown. The exit code is 1 when a file makes the reader panic, abort, run out of time or
out of memory.
"""
import argparse
import csv
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time


def run(program, path, seconds, memory):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    start = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    process = subprocess.Popen([program, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)
    peak = 0
    try:
        while process.poll() is None:
            if time.monotonic() - start > seconds:
                process.kill()
                process.wait()
                return "timeout", "", seconds, peak
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                peak = max([peak] + [int(l.split()[1]) for l in status.splitlines() if l.startswith("VmHWM")])
            except (OSError, ValueError):
                pass
            time.sleep(0.001)
    finally:
        out, err = process.communicate()
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    out = out.decode(errors="replace").strip()
    if process.returncode == 0:
        return out.split("\t")[0], out, used, peak
    if process.returncode < 0:
        return f"signal {-process.returncode}", err.decode(errors="replace").strip(), used, peak
    return f"exit {process.returncode}", out + err.decode(errors="replace").strip(), used, peak


def mutated(data, chance):
    """Some bytes changed, or the end cut off, or a part doubled."""
    data = bytearray(data)
    kind = chance.random()
    if kind < 0.1:
        return bytes(data[: chance.randrange(len(data))])
    if kind < 0.15:
        start = chance.randrange(len(data))
        return bytes(data[:start] + data[start:start + 4096] + data[start:])
    for _ in range(chance.choice((1, 2, 4, 8, 32))):
        at = chance.randrange(len(data))
        data[at] = chance.choice((0, 0xFF, 0x7F, 0x80, data[at] ^ 1 << chance.randrange(8), chance.randrange(256)))
    return bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program", default="target/release/examples/read_file")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--memory", type=int, default=2048, help="MiB of address space")
    parser.add_argument("--mutations", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    memory = arguments.memory << 20

    expected = {}
    index = arguments.folder / "index.csv"
    if index.exists():
        for row in csv.DictReader(index.open(encoding="utf-8-sig")):
            expected[row["file"]] = row["nonempty_cells_by_another_reader"]

    failures, counts, differing = 0, {}, 0
    files = sorted(p for p in arguments.folder.iterdir() if p.is_file() and p.name != "index.csv")
    for path in files:
        outcome, line, used, peak = run(arguments.program, path, arguments.seconds, memory)
        if outcome not in ("read", "refused"):
            failures += 1
        counts[outcome] = counts.get(outcome, 0) + 1
        note = ""
        want = expected.get(path.name, "")
        if want and f"cells={want}" not in line.splitlines()[0].split("\t"):
            note = f"   <- another reader: {want}"
            differing += 1
        line = line.replace("\n", " | ")
        print(f"{outcome:10} {used * 1000:7.0f} ms {peak / 1024:7.0f} MB  {path.name}: {line}{note}")

    tried = 0
    chance = random.Random(arguments.seed)
    with tempfile.NamedTemporaryFile() as scratch:
        for path in files:
            data = path.read_bytes()
            for _ in range(arguments.mutations if data else 0):
                changed = mutated(data, chance)
                pathlib.Path(scratch.name).write_bytes(changed)
                outcome, line, used, peak = run(arguments.program, scratch.name, arguments.seconds, memory)
                tried += 1
                if outcome not in ("read", "refused"):
                    failures += 1
                    kept = pathlib.Path(tempfile.gettempdir()) / f"failed-{tried}-{path.name}"
                    kept.write_bytes(changed)
                    print(f"{outcome:10} {used * 1000:7.0f} ms  changed {path.name}: {line}   kept as {kept}")

    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    print(f"{len(files)} files: {outcomes}; {differing} counts differ; {tried} changed files; {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
