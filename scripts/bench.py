#!/usr/bin/env python3
"""Times `hebiao merge` on whole periods, in turn with a bare reader and with Python programs that do the same job.

    bench.py                          132, 1,320 and 13,200 forms; prints Markdown tables
    bench.py --sizes 132 --rounds 9   only the smallest, more often
    bench.py --hebiao none            without hebiao

Corpora (one period, two forms a township) and their schemes are kept in a cache folder outside the repository.
Each program gets as many threads or worker processes (`--jobs`). One that needs more than `--patience` seconds is
run once instead of every round. Machines are noisy: quote the ratios, which compare runs of the same round.
Needs xlsxwriter, openpyxl, pandas, polars, numpy, python-calamine and fastexcel; Linux only.
"""
import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "benches" / "corpus"
sys.path.insert(0, str(CORPUS))

import measure  # noqa: E402
from generate import generate  # noqa: E402

PERIOD = "2024-01"
PEERS = {                       # name -> program
    "python-calamine + polars": "calamine_polars.py",
    "fastexcel + polars": "fastexcel_polars.py",
    "python-calamine + pandas": "calamine_pandas.py",
    "openpyxl + pandas": "openpyxl_pandas.py",
}
BARE = "bare calamine (reads only)"
OURS = "hebiao merge"


def corpus(cache, files, errors, jobs):
    """A corpus of so many files and its scheme, made once: cache/<files>-<key>/inbox and …/scheme."""
    # What the corpus is made from is part of its name, so a changed generator or scheme makes a new one.
    sources = [CORPUS / "generate.py", *sorted((CORPUS / "scheme").glob("*.toml"))]
    key = hashlib.sha256(b"".join(p.read_bytes() for p in sources) + str(errors).encode()).hexdigest()[:8]
    home = cache / f"{files}-{key}"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        print(f"making {files} forms", file=sys.stderr, flush=True)
        generate(home / "inbox", files // 2, (PERIOD,), errors=errors, jobs=jobs)
        write_scheme(home / "scheme", json.loads((home / "inbox" / "townships.json").read_text(encoding="utf-8")))
        (home / "ready").touch()
    return home


def write_scheme(folder, townships):
    """A copy of the scheme with the townships as its reporters."""
    shutil.copytree(CORPUS / "scheme", folder)
    with open(folder / "scheme.toml", "a", encoding="utf-8") as stream:
        for i, name in enumerate(townships):
            stream.write(f'\n[[reporters]]\ncode = "T{i + 1:05d}"\nname = "{name}"\nkind = "township"\n')


def build_bare(target):
    """The bare reader, built with the repository's own calamine (it needs none of the features)."""
    subprocess.run(["cargo", "build", "--quiet", "--profile", "dist", "--no-default-features", "--example", "bare_calamine"],
                   cwd=ROOT, check=True)
    return target / "dist" / "examples" / "bare_calamine"


def commands(home, hebiao, bare, peers, jobs):
    """Name -> function that runs the program once on a corpus."""
    inbox, out = home / "inbox", home / "out"
    out.mkdir(exist_ok=True)
    table = {}
    if hebiao:
        def ours():
            shutil.rmtree(out / "outbox", ignore_errors=True)
            # 1 says that findings are open, which is a fact about the forms.
            return measure.run([hebiao, "merge", PERIOD, "--inbox", inbox, "--outbox", out / "outbox",
                                "--scheme", home / "scheme"],
                               {"RAYON_NUM_THREADS": str(jobs), "POLARS_MAX_THREADS": str(jobs)}, accepted=(0, 1))
        table[OURS] = ours
    if bare:
        table[BARE] = lambda: measure.run([bare, inbox, "--threads", str(jobs)])
    for name in peers:
        program = [sys.executable, CORPUS / "peers" / PEERS[name], inbox, out / (PEERS[name] + ".xlsx"), "--jobs", str(jobs)]
        table[name] = lambda program=program: measure.run(program)
    return table


def agreement(home, results, files):
    """Sentences about programs that did not do the whole job; empty where all is well."""
    complaints = []
    lines = {name: next(iter(r.values()))["line"] for name, r in results.items() if name != OURS and r}
    for name, line in lines.items():
        if f"files={files} " not in line:
            complaints.append(f"{name} did not read {files} files: {line}")
    totals = {line.split("total=")[1] for name, line in lines.items() if name in PEERS}
    if len(totals) > 1:
        complaints.append(f"the Python programs disagree: {lines}")
    if OURS in results:
        found = json.loads((home / "out" / "outbox" / PERIOD / "findings.json").read_text(encoding="utf-8"))
        read = sum(f["status"] == "read" for f in found["files"])
        observations = int(found["counts"]["observations"])
        truth = json.loads((home / "inbox" / "truth.json").read_text(encoding="utf-8"))
        if read != files:
            complaints.append(f"hebiao read {read} of {files} files")
        if observations < 4 * truth["rows"]:
            complaints.append(f"hebiao holds {observations} observations of {truth['rows']} rows")
    return complaints


def markdown(files, results, reference):
    """The table of one corpus."""
    yield f"### {files:,} forms"
    yield ""
    yield f"| program | wall s | cpu s | wall ÷ {reference} (least–most) | cpu ÷ {reference} | memory MB | forms/s | runs |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, runs in results.items():
        wall = measure.ratios(runs, results[reference], "wall")
        cpu = measure.ratios(runs, results[reference], "cpu")
        seconds = measure.median(runs, "wall")
        yield (f"| {name} | {seconds:.2f} | {measure.median(runs, 'cpu'):.2f} "
               f"| {f'{wall[0]:.2f} ({wall[1]:.2f}–{wall[2]:.2f})' if wall else '–'} | {f'{cpu[0]:.2f}' if cpu else '–'} "
               f"| {measure.median(runs, 'memory'):.0f} | {files / seconds:,.0f} | {len(runs)} |")
    yield ""


def main():
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hebiao-bench"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="132,1320,13200", help="numbers of forms")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--patience", type=float, default=120, help="seconds from which a program is run only once")
    parser.add_argument("--errors", type=float, default=0.0, help="share of forms with one wrong figure")
    parser.add_argument("--peers", default=",".join(PEERS), help="which Python programs, or none")
    parser.add_argument("--hebiao", default=str(target / "dist" / "hebiao"), help="the program, or none")
    parser.add_argument("--no-bare", action="store_true", help="without the bare reader")
    parser.add_argument("--cache", type=Path, default=cache, help="where corpora are kept")
    parser.add_argument("--json", type=Path, help="also write every single run")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    hebiao = None if options.hebiao == "none" else shutil.which(options.hebiao)
    if options.hebiao != "none" and not hebiao:
        parser.error(f"{options.hebiao} is not there: build it with `cargo build --profile dist`, or say --hebiao none")
    peers = [] if options.peers == "none" else [p.strip() for p in options.peers.split(",")]
    if unknown := set(peers) - set(PEERS):
        parser.error(f"no such program: {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    bare = None if options.no_bare else build_bare(target)
    if not (hebiao or bare or peers):
        parser.error("nothing to run")

    print(f"{platform.machine()}, {options.jobs} threads or workers each, medians of {options.rounds} rounds.\n")
    every, wrong = {}, False
    for files in map(int, options.sizes.split(",")):
        home = corpus(options.cache, files, options.errors, options.jobs)
        print(f"{files} forms", file=sys.stderr, flush=True)
        table = commands(home, hebiao, bare, peers, options.jobs)
        results = measure.in_turn(table, options.rounds, options.patience)
        for line in markdown(files, results, OURS if hebiao else next(iter(table))):
            print(line, flush=True)
        for complaint in agreement(home, results, files):
            wrong = True
            print(f"- {complaint}")
        every[files] = results
    if options.json:
        options.json.write_text(json.dumps(every, ensure_ascii=False, indent=1), encoding="utf-8")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
