"""Checks and consolidation on polars, given one tall frame per form: columns fid, i, then the number keys."""
import json
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import polars as pl

import common as C


def check(form, keys, df, meta, totals, findings):
    """df: fid, i and one Float64 column a key; meta: one tuple a file; totals: one list a file."""
    cols = [C.colname(k) for k in keys]
    tol = C.TOL[form]
    bad = set()

    def report(fid, i, col, kind, detail):
        m = meta[fid]
        bad.add(fid)
        findings.append((m[0], C.a1(m[3] + i, m[4] + cols.index(col)), kind, detail))

    for total, parts, kind in C.identities(form):
        t = C.colname(total)
        want = pl.sum_horizontal([C.colname(k) for k in parts])
        for fid, i, have, w in (df.select("fid", "i", t, want.alias("want"))
                                .filter(~((pl.col(t) - pl.col("want")).abs() <= tol).fill_null(False)).iter_rows()):
            report(fid, i, t, kind, "%s != %s" % (have, w))
    for c in cols:
        for fid, i, v in df.select("fid", "i", c).filter(pl.col(c) < 0).iter_rows():
            report(fid, i, c, "negative", v)
    sums = df.group_by("fid", maintain_order=True).agg(pl.col(cols).sum())
    printed = pl.DataFrame(totals, schema=cols, orient="row").select(pl.all().name.suffix("#"))
    both = pl.concat([sums, printed], how="horizontal")
    for c in cols:
        for fid, s, p in both.select("fid", c, c + "#").filter(
                ~((pl.col(c) - pl.col(c + "#")).abs() <= tol).fill_null(False)).iter_rows():
            m = meta[fid]
            bad.add(fid)
            findings.append((m[0], C.a1(m[5], m[4] + cols.index(c)), "column_total", "off by %s" % ((p or 0) - s)))
    head = pl.DataFrame({"月份": [m[2] for m in meta], "乡镇": [m[1] for m in meta],
                         "bad": [j in bad for j in range(len(meta))]})
    return pl.concat([head, sums.drop("fid")], how="horizontal")


def finish(a, nfiles, parts):
    findings = [f for _, fs in parts for f in fs]
    out = {}
    for form in sorted({k for t, _ in parts for k in t}):
        df = pl.concat([t[form] for t, _ in parts if form in t])
        df = df.group_by("月份", "乡镇").agg(pl.col("bad").any(), pl.exclude("月份", "乡镇", "bad").sum())
        df = df.sort("月份", "乡镇")
        flags = df.drop_in_place("bad").to_list()
        out[form] = (df.columns, df.rows(), {i for i, b in enumerate(flags) if b})
    C.write_result(a.out, out, findings)
    C.summary(out, findings, nfiles)
    if a.findings:
        with open(a.findings, "w", encoding="utf-8") as fh:
            json.dump(findings, fh, ensure_ascii=False)


def main(run_chunk, doc):
    ap = C.args(doc)
    ap.add_argument("--threads", type=int, default=1, help="threads that read, instead of processes")
    a = ap.parse_args()
    files = C.list_files(a.corpus)
    with open(os.path.join(a.corpus, "townships.json"), encoding="utf-8") as fh:
        known = set(json.load(fh))
    work = [(c, a.corpus, known) for c in C.chunks(files, max(a.jobs, a.threads), a.chunk)]
    if a.jobs > 1:
        with multiprocessing.get_context("spawn").Pool(a.jobs) as pool:   # polars must not be forked
            parts = pool.map(run_chunk, work, chunksize=1)
    elif a.threads > 1:
        with ThreadPoolExecutor(a.threads) as pool:
            parts = list(pool.map(run_chunk, work))
    else:
        parts = [run_chunk(w) for w in work]
    finish(a, len(files), parts)
