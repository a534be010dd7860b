#!/usr/bin/env python3
"""Runs the error localisation of Banff (Statistics Canada) over planted forms, beside what hebiao found in them.

    cargo run --release --no-default-features --example localisation -- 40 1 --write forms.jsonl
    python scripts/localisation_banff.py forms.jsonl

Each line of the file is a form with one slip, its relations, and the cells that were changed. Banff names for each
record one smallest set of fields to impute; it is right where these are the changed cells. hebiao is right where the
first suspects of all that it tells are. Figures that were rounded one by one are given to Banff with the same
tolerance that hebiao allows, as two inequalities. Banff is installed from PyPI into a virtual environment of its own,
in the user's cache, unless it can be imported. Prints Markdown.
"""
import argparse
import json
import os
import subprocess
import sys
import venv
from collections import defaultdict
from pathlib import Path

VERSION = "3.1.3"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hebiao-banff"


def with_banff():
    """Goes on in an environment that has Banff."""
    try:
        import banff  # noqa: F401
        import pandas  # noqa: F401
        return
    except ImportError:
        pass
    python = CACHE / "bin" / "python"
    if Path(sys.prefix) == CACHE:
        sys.exit("banff cannot be imported from its own environment")
    if not python.exists():
        venv.create(CACHE, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"banff=={VERSION}", "pandas"], check=True)
    os.execv(python, [str(python), *sys.argv])


def edits(relations, cells):
    """Relations in Banff's own spelling."""
    lines = []
    for relation in relations:
        terms = " ".join(
            f"{'-' if times < 0 else '+'} {abs(times):g} * {name}" for name, times in relation["terms"]
        ).lstrip("+ ")
        constant, tolerance = relation["constant"], relation["tolerance"]
        if tolerance == 0:
            lines.append(f"{terms} = {constant:g};")
        else:
            lines.append(f"{terms} <= {constant + tolerance:g};")
            lines.append(f"{terms} >= {constant - tolerance:g};")
    lines += [f"{name} >= 0;" for name in cells]
    return "\n".join(lines)


def located(forms, seconds):
    """The fields that Banff would change, for each form of one group: all have the same relations."""
    import banff
    import pandas

    cells = list(forms[0]["cells"])
    records = pandas.DataFrame(
        [{"id": f"{idx:06d}", **form["cells"]} for idx, form in enumerate(forms)]
    )
    records[cells] = records[cells].astype(float)
    found = banff.errorloc(
        indata=records,
        unit_id="id",
        edits=edits(forms[0]["relations"], cells),
        accept_negative=True,
        time_per_obs=seconds,
        seed=1,
        capture=None,
    )
    by_record = defaultdict(set)
    status = found.outstatus
    status = status.to_pandas() if hasattr(status, "to_pandas") else status
    for _, row in status.iterrows():
        by_record[row["id"]].add(row["FIELDID"])
    return [by_record[f"{idx:06d}"] for idx in range(len(forms))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("forms", type=Path)
    parser.add_argument("--seconds", type=float, default=5, help="what Banff may take for one form")
    parser.add_argument("--most", type=int, default=1000, help="forms of one shape and kind of slip")
    arguments = parser.parse_args()
    with_banff()
    groups = defaultdict(list)
    taken = defaultdict(int)
    for line in arguments.forms.read_text().splitlines():
        form = json.loads(line)
        kind = form["shape"], form["rounded"], form["slip"]
        taken[kind] += 1
        if taken[kind] > arguments.most:
            continue
        key = json.dumps([form["relations"], sorted(form["cells"])])
        groups[form["shape"], form["rounded"], key].append(form)
    counts = defaultdict(lambda: [0, 0, 0, 0])
    kinds = defaultdict(lambda: [0, 0, 0])
    for (shape, rounded, _), forms in groups.items():
        for form, fields in zip(forms, located(forms, arguments.seconds)):
            planted = set(form["planted"])
            count = counts[shape, rounded]
            count[0] += 1
            count[1] += form["first"]
            count[2] += fields == planted
            count[3] += bool(fields) and planted <= fields
            kind = kinds[form["slip"]]
            kind[0] += 1
            kind[1] += form["first"]
            kind[2] += fields == planted
    share = lambda n, of: f"{100 * n / of:.1f} %"
    print("| form | figures | forms | hebiao: first right | Banff: right | Banff: planted among them |")
    print("|---|---|---|---|---|---|")
    for (shape, rounded), (n, ours, theirs, among) in counts.items():
        figures = "rounded" if rounded else "exact"
        print(f"| {shape} | {figures} | {n} | {share(ours, n)} | {share(theirs, n)} | {share(among, n)} |")
    print("\n| slip | forms | hebiao: first right | Banff: right |")
    print("|---|---|---|---|")
    for slip, (n, ours, theirs) in kinds.items():
        print(f"| {slip} | {n} | {share(ours, n)} | {share(theirs, n)} |")


if __name__ == "__main__":
    main()
