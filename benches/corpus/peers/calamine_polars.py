"""python-calamine reads each form, polars checks and consolidates, XlsxWriter writes."""
import os

import numpy as np
import polars as pl
from python_calamine import CalamineWorkbook

import common as C
import polars_job


def run_chunk(arg):
    files, root, known = arg
    per, findings = {}, []
    for path in files:
        rel = os.path.relpath(path, root)
        grid = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
        p = C.parse_grid(grid, rel)
        findings += p.problems
        if p.form is None or p.totals is None:
            continue
        if p.township not in known:
            findings.append((rel, "", "alias_name", p.township))
        d = per.setdefault(p.form, {"keys": p.keys, "meta": [], "rows": [], "fid": [], "i": [], "tot": []})
        d["fid"] += [len(d["meta"])] * len(p.rows)
        d["i"] += range(len(p.rows))
        d["rows"] += p.rows
        d["tot"].append(p.totals)
        d["meta"].append((rel, p.township, p.month, p.first_row, p.first_col, p.total_row))
    tables = {}
    for form, d in per.items():
        cols = [C.colname(k) for k in d["keys"]]
        df = pl.from_numpy(np.array(d["rows"], dtype=float), schema=cols)
        df = df.with_columns(pl.col(cols).fill_nan(None), fid=pl.Series(d["fid"]), i=pl.Series(d["i"]))
        tables[form] = polars_job.check(form, d["keys"], df, d["meta"], d["tot"], findings)
    return tables, findings


if __name__ == "__main__":
    polars_job.main(run_chunk, __doc__)
