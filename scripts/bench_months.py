#!/usr/bin/env python3
"""Times a month of a large county, and the roll-up of many counties, in turn with merely reading the same returns.

    bench_months.py                                   13,200 forms in a month; 100 counties of 10 townships
    bench_months.py --townships 660 --counties 20     smaller

The month is merged with plan and last month in the outbox, so that every comparison is made. The roll-up reads what the
counties consolidated; it is held against reading the returns that this came from. Corpora and outboxes are kept in a
cache folder outside the repository. Needs xlsxwriter; Linux only.
"""
import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benches" / "corpus"))

import measure  # noqa: E402
from bench import build_bare  # noqa: E402

BEFORE, MONTH = ("plan", "2024-04"), "2024-05"


def corpus(cache, counties, townships, jobs):
    """So many counties with their returns of all periods, made once."""
    home = cache / f"months-{counties}-{townships}"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, ROOT / "scripts" / "sample_months.py", "--out", home, "--counties", str(counties),
                        "--townships", str(townships), "--months", *BEFORE, MONTH, "--jobs", str(jobs)], check=True)
        (home / "ready").touch()
    return sorted(path for path in home.iterdir() if path.is_dir())


def merge(hebiao, county, period, jobs):
    """Merges one period of a county; 1 says that findings are open, which is a fact about the forms."""
    return measure.run([hebiao, "merge", period, "--inbox", county / "inbox", "--outbox", county / "outbox",
                        "--scheme", county / "scheme"], {"RAYON_NUM_THREADS": str(jobs)}, accepted=(0, 1))


def table(title, n_forms, results):
    """Markdown of one comparison."""
    first = next(iter(results))
    yield f"### {title}\n"
    yield f"| program | wall s | cpu s | wall ÷ {first} | memory MB | forms/s | runs |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, runs in results.items():
        wall, seconds = measure.ratios(runs, results[first], "wall"), measure.median(runs, "wall")
        yield (f"| {name} | {seconds:.2f} | {measure.median(runs, 'cpu'):.2f} | {wall[0]:.2f} "
               f"| {measure.median(runs, 'memory'):.0f} | {n_forms / seconds:,.0f} | {len(runs)} |")
    yield ""


def main():
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hebiao-bench"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--townships", type=int, default=6600, help="of the large county; each returns two forms")
    parser.add_argument("--counties", type=int, default=100, help="to be rolled up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--hebiao", default=str(target / "dist" / "hebiao"))
    parser.add_argument("--cache", type=Path, default=cache)
    options = parser.parse_args()
    hebiao, jobs = shutil.which(options.hebiao), options.jobs
    if not hebiao:
        parser.error(f"{options.hebiao} is not there: build it with `cargo build --profile dist`")
    bare = build_bare(target)

    def reading(folders):
        return lambda: measure.run([bare, *folders, "--threads", str(jobs)])

    (county,) = corpus(options.cache, 1, options.townships, jobs)
    for period in BEFORE:
        merge(hebiao, county, period, jobs)
    n_forms = 2 * options.townships
    results = measure.in_turn({"bare calamine (reads only)": reading([county / "inbox" / MONTH]),
                               f"hebiao merge {MONTH}": lambda: merge(hebiao, county, MONTH, jobs)}, options.rounds, 600)
    print("\n".join(table(f"A month of {options.townships:,} townships, {n_forms:,} forms", n_forms, results)), flush=True)

    counties = corpus(options.cache, options.counties, 10, jobs)
    for one in counties:
        for period in (*BEFORE, MONTH):
            merge(hebiao, one, period, jobs)
    n_forms = 20 * options.counties
    out = options.cache / "rollup"

    def roll_up():
        shutil.rmtree(out, ignore_errors=True)
        return measure.run([hebiao, "rollup", MONTH, *(one / "outbox" for one in counties), "-o", out],
                           {"RAYON_NUM_THREADS": str(jobs)}, accepted=(0, 1))

    results = measure.in_turn({"bare calamine (reads only)": reading([one / "inbox" / MONTH for one in counties]),
                               f"hebiao rollup {MONTH}": roll_up}, options.rounds, 600)
    print("\n".join(table(f"A roll-up of {options.counties} counties, {n_forms:,} forms", n_forms, results)))


if __name__ == "__main__":
    main()
