"""Reads the sample inbox again with python-calamine (and .xlsx with openpyxl too) and compares it with the plan.

It shares no code with the writers: a sheet is understood from its texts alone, and every figure must be one of the
plan's, under the right annex, row and column, exactly once over all files.
"""
import datetime
import re
import unicodedata
from collections import Counter
from decimal import Decimal
from pathlib import Path

import openpyxl
from python_calamine import CalamineWorkbook

from .plan import ANNEXES

LOOKUP_SHEETS = {"灌区对照"}
ALIASES = {"策达雅乡": "策大雅乡"}
BELOW = ("填表人", "注:", "说明:", "审核人", "填表日期")
MAX_BYTES = 25_000


def norm(value):
    """A text without width, blanks and line breaks."""
    if isinstance(value, str):
        return re.sub(r"\s", "", unicodedata.normalize("NFKC", value))
    return value


def figure(value, percent=False):
    """What a figure cell says, as a plain text: digits without needless zeros, a date, or the text itself."""
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (int, float)):
        value = Decimal(f"{value:.15g}")
        return str((value * 100 if percent else value).normalize() + 0) + ("%" if percent else "")
    text = norm(value).replace(",", "")
    try:
        return str(Decimal(text).normalize() + 0)
    except ArithmeticError:
        return text


def calamine_sheets(path):
    """Sheet names and grids of any format."""
    with open(path, "rb") as stream:
        book = CalamineWorkbook.from_filelike(stream)
        for name in book.sheet_names:
            yield name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def openpyxl_sheets(path):
    """The same of an .xlsx, values of formulas included."""
    book = openpyxl.load_workbook(path, data_only=True)
    for page in book.worksheets:
        yield page.title, [list(row) for row in page.iter_rows(values_only=True)]


def understand(grid):
    """The annex on a grid, its header's first and last row, and which column is which."""
    for top, row in enumerate(grid):
        for annex in ANNEXES:
            depth = max(len(c.path) for c in annex.columns)
            if annex.number in ("附件3.1", "附件5") and not any(norm(v) == annex.number for r in grid[:top] for v in r):
                continue
            wanted = {norm("/".join(c.path)): i for i, c in enumerate(annex.columns)}
            texts, places = [""] * depth, {}        # the header's texts at this column, carried to the right
            for c in range(len(row)):
                for d in range(depth):
                    text = norm(grid[top + d][c]) if top + d < len(grid) else ""
                    if isinstance(text, str) and text:
                        if text != texts[d] or c == 0 or d == 0:
                            texts[d + 1:] = [""] * (depth - d - 1)
                        texts[d] = text
                path = "/".join(t for t in texts if t)
                blank = not any(norm(grid[top + d][c]) for d in range(depth) if top + d < len(grid))
                if path in wanted and not blank and wanted[path] not in places.values():
                    places[c] = wanted[path]
            needed = {i for i, c in enumerate(annex.columns) if c.kind != "serial"}
            if needed <= set(places.values()):
                return annex, top, depth, places
    return None


def read_sheet(grid, reporter, where, found, faults):
    """Puts every figure of a form into `found`: (annex, row key, column) -> text."""
    form = understand(grid)
    if form is None:
        faults.append(f"{where}: no annex recognised")
        return
    annex, top, depth, places = form
    column_of = {i: c for c, i in places.items()}
    data = [i for i, c in enumerate(annex.columns) if c.kind != "serial" and c.name not in annex.keys]
    known = {tuple(ALIASES.get(norm(r[annex.place(k)]), norm(r[annex.place(k)])) for k in annex.keys)
             for r in annex.rows}
    county_total = norm(annex.total[0]) if annex.total else None
    own_rows, last_key = [], [""] * len(annex.keys)
    for r in range(top + depth, len(grid)):
        row = grid[r]
        labels = [norm(v) for v in row if isinstance(v, str) and norm(v)]
        if not labels and not any(v not in ("", None) for v in row):
            continue
        if any(t.startswith(BELOW) for t in labels):
            stray = [v for v in row if isinstance(v, (int, float))]
            if stray:
                faults.append(f"{where}: figures beside the lines below the table: {stray}")
            continue
        cells = {i: row[column_of[i]] for i in data if norm(row[column_of[i]]) not in ("", None)}
        percent = annex.number == "附件4"
        values = {i: figure(v, percent) if annex.columns[i].kind in ("figure", "date") else norm(v)
                  for i, v in cells.items()}
        if labels and labels[0] in ("合计", county_total):
            if not values:
                continue
            if reporter.endswith(("乡", "镇")):
                sums = {i: sum(Decimal(o[i]) for o in own_rows) for i in values}
                if any(Decimal(values[i]) != s for i, s in sums.items()):
                    faults.append(f"{where}: the row 合计 is not the sum of the rows above it")
                continue
            key = ("total",)
        else:
            key = []
            for n, k in enumerate(annex.keys):
                value = row[column_of[annex.place(k)]]
                text = figure(value) if isinstance(value, (int, float)) else norm(value) or last_key[n]
                key.append(ALIASES.get(text, text))
            last_key, key = key, tuple(key)
            if key not in known:
                faults.append(f"{where}: row {r + 1} is no row of {annex.number}: {key}")
                continue
            figures = {i: v for i, v in values.items() if annex.columns[i].kind == "figure"}
            if not figures:
                continue
            own_rows.append(figures)
            if reporter.endswith(("乡", "镇")) and reporter not in key:
                faults.append(f"{where}: figures of another reporter: {key}")
        for i, value in values.items():
            found.append((annex.number, key, annex.columns[i].name, value))


def expected():
    """The plan's figures and texts, keyed as `read_sheet` keys them."""
    out = []
    for annex in ANNEXES:
        rows = [(tuple(ALIASES.get(norm(r[annex.place(k)]), norm(r[annex.place(k)])) for k in annex.keys), r)
                for r in annex.rows]
        rows += [(("total",), annex.total)] if annex.total else []
        for key, row in rows:
            for i, column in enumerate(annex.columns):
                if column.kind == "serial" or column.name in annex.keys or row[i] == "" or (key == ("total",) and i == 0):
                    continue
                text = figure(row[i]) if column.kind in ("figure", "date") else norm(row[i])
                out.append((annex.number, key, column.name, text))
    return out


def verify(plan, reporters):
    """Prints what was compared; returns the exit code."""
    faults, want = [], Counter(expected())
    paths = sorted(p for p in plan.rglob("*") if p.is_file())
    names = {str(p.relative_to(plan)) for p in paths}
    faults += [f"not there: {n}" for n in sorted(set(reporters) - names)]
    faults += [f"not ours: {n}" for n in sorted(names - set(reporters))]
    for library in ("python-calamine", "openpyxl"):
        found = []
        for path in paths:
            name = str(path.relative_to(plan))
            if path.stat().st_size > MAX_BYTES:
                faults.append(f"{name}: {path.stat().st_size} bytes")
            # openpyxl reads .xlsx only; the rest comes from the other library again.
            read = openpyxl_sheets if library == "openpyxl" and Path(name).suffix == ".xlsx" else calamine_sheets
            for sheet, grid in read(path):
                if sheet in LOOKUP_SHEETS or not any(v not in ("", None) for row in grid for v in row):
                    continue
                read_sheet(grid, reporters.get(name, ""), f"{name} [{sheet}]", found, faults)
        have = Counter(found)
        faults += [f"{library}: missing {k} x{n}" for k, n in (want - have).items()]
        faults += [f"{library}: too much {k} x{n}" for k, n in (have - want).items()]
        per_annex = Counter(k[0] for k in have.elements())
        print(f"{library}: {len(paths)} files, {sum(have.values())} figures and texts, {sum(want.values())} in the plan")
        print("  " + ", ".join(f"{a.number} {per_annex[a.number]}" for a in ANNEXES))
    for fault in dict.fromkeys(faults):
        print("  " + fault)
    print("the inbox holds the plan, exactly" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0
