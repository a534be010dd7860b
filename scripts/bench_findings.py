#!/usr/bin/env python3
"""Times merges of a long register in which every row has the same fault: cost grows with the rows and nothing else.

    bench_findings.py                        1,000, 2,000 and 4,000 rows of each kind
    bench_findings.py --rows 20000 85000     longer ones
    bench_findings.py --kinds distinct       only registers without a fault

`equal` repeats one row, `text` has its figures in full width, `faulty` answers with neither yes nor no, `distinct` has
no fault. Prints Markdown: wall and processor time, peak memory, and what was written. Needs xlsxwriter; Linux only.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import xlsxwriter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benches" / "corpus"))

import measure  # noqa: E402

HEAD = [
    ["附件6"],
    ["轮台县2023-2025年燃气锅炉低氮改造锅炉明细表"],
    ["填报单位：巴州生态环境局轮台县分局"],
    ["序号", "地州市", "所在区、县", "所属单位", "蒸吨数", "建成时间", "是否有低氮改造设施", "计划完成低氮改造时间",
     "计划改造金额（万元）", "备注"],
]


def row(kind, n):
    """The n-th boiler of the register."""
    owner = "同一单位" if kind == "equal" else f"单位{n}"
    tons = "2．0" if kind == "text" else 2 + n % 50
    cost = {"text": "1２", "equal": 12}.get(kind, 12 + n % 400)
    if kind == "equal":
        n, tons = 1, 2
    done = "也许" if kind == "faulty" else "否"
    return [n, "巴州", "轮台县", owner, tons, f"20{10 + n % 12}-06", done, "2024-06", cost]


def write(path, kind, n_rows):
    """A return of so many rows."""
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet("附件6")
    for at, cells in enumerate(HEAD + [row(kind, n) for n in range(1, n_rows + 1)]):
        sheet.write_row(at, 0, cells)
    book.close()


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hebiao", type=Path, default=target / "dist" / "hebiao")
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 2000, 4000])
    parser.add_argument("--kinds", nargs="+", default=["equal", "text", "faulty", "distinct"])
    args = parser.parse_args()
    print("| rows | n | wall s | cpu s | memory MB | findings.json kB | workbook kB | marked copy kB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind in args.kinds:
        for n_rows in args.rows:
            with tempfile.TemporaryDirectory() as home:
                home = Path(home)
                (home / "inbox" / "plan").mkdir(parents=True)
                write(home / "inbox" / "plan" / "登记表.xlsx", kind, n_rows)
                run = measure.run([args.hebiao, "merge", "plan", "--inbox", home / "inbox", "--outbox", home / "outbox",
                                   "--scheme", ROOT / "templates" / "luntai-2023-2025"], {}, accepted=(0, 1))
                out = home / "outbox" / "plan"
                sizes = [sum(path.stat().st_size for path in out.glob(name)) // 1000
                         for name in ("findings.json", "*.xlsx", "退回/*/*.xlsx")]
                print(f"| {kind} | {n_rows:,} | {run['wall']:.2f} | {run['cpu']:.2f} | {run['memory']:.0f} | "
                      + " | ".join(f"{size:,}" for size in sizes) + " |", flush=True)


if __name__ == "__main__":
    main()
