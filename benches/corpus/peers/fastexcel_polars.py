"""fastexcel reads each form as text columns, polars cleans, checks and consolidates, XlsxWriter writes.

Cell types are lost on the way (a number typed as text cannot be told), and a sheet's leading empty rows are dropped,
so addresses in the findings can be off by them.
"""
import os

import fastexcel
import polars as pl

import common as C
import polars_job


def is_number(s):
    try:
        float(s)
        return True
    except (TypeError, ValueError):
        return False


def run_chunk(arg):
    files, root, known = arg
    per, findings = {}, []
    for path in files:
        rel = os.path.relpath(path, root)
        df = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_polars()
        top = df.head(14).rows()
        form = township = month = unit = anchor = None
        for r, row in enumerate(top):
            for c, v in enumerate(row):
                if v is None:
                    continue
                s = C.nf(v)
                if s in ("单位", "序号"):
                    anchor = (r, c)
                    break
                m = C.RE_WHO.search(s)
                if m:
                    township, month = m.group(1), "%s-%02d" % (m.group(2), int(m.group(3)))
                elif C.RE_UNIT.match(s):
                    unit = C.RE_UNIT.match(s).group(1)
                elif "造林" in s:
                    form = 3
                elif "用水" in s:
                    form = 7
            if anchor:
                break
        if anchor is None or form is None:
            findings.append((rel, "", "unreadable_layout", ""))
            continue
        hr, hc = anchor
        d = hr + 1
        while d < len(top) and not any(is_number(v) for v in top[d]):
            d += 1
        start, keys = C.resolve_header(tuple(top[hr:d]), hc)
        labels = df.to_series(hc).to_list()
        tr = next((i for i in range(d, len(labels)) if labels[i] and labels[i].startswith("合计")), None)
        if tr is None:
            findings.append((rel, "", "no_total_row", ""))
            continue
        if unit != C.EXPECTED_UNIT[form]:
            findings.append((rel, "", "unit", str(unit)))
        if township not in known:
            findings.append((rel, "", "alias_name", township))
        q = per.setdefault(form, {"keys": keys, "meta": [], "frames": [], "tot": [], "n": []})
        block = df[d:tr + 1, start:start + len(keys)]
        block.columns = [C.colname(k) for k in keys]
        q["frames"].append(block)
        q["n"].append(tr - d)
        q["meta"].append((rel, township, month, d, start, tr))
    tables = {}
    for form, q in per.items():
        meta, cols = q["meta"], [C.colname(k) for k in q["keys"]]
        n = pl.Series(q["n"])
        df = pl.concat(q["frames"], rechunk=True)
        fid = pl.Series("fid", range(len(meta))).to_frame().select(
            pl.col("fid").repeat_by(n + 1).explode())
        df = df.with_columns(fid.to_series()).with_columns(i=pl.int_range(pl.len()).over("fid"))
        clean = df.select("fid", "i", pl.col(cols).cast(pl.Float64, strict=False))
        for c in cols:      # what did not parse: blank, full-width digits or rubbish
            for f, i, v in df.filter(clean[c].is_null()).select("fid", "i", c).iter_rows():
                kind = "missing" if v is None else "fullwidth"
                findings.append((meta[f][0], C.a1(meta[f][3] + i, meta[f][4] + cols.index(c)), kind, v or ""))
            if clean[c].null_count():
                clean = clean.with_columns(clean[c].fill_null(
                    df[c].str.normalize("NFKC").str.replace_all(",", "").cast(pl.Float64, strict=False)))
        last = clean["i"] == n.to_frame("n").select(pl.col("n").repeat_by(n + 1).explode()).to_series()
        totals = clean.filter(last).select(cols).rows()
        tables[form] = polars_job.check(form, q["keys"], clean.filter(~last), meta, totals, findings)
    return tables, findings


if __name__ == "__main__":
    polars_job.main(run_chunk, __doc__)
