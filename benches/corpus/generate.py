#!/usr/bin/env python3
"""Makes a period of returned forms: each township sends 附件3 (one-level header) and 附件7 (three-level header).

    generate.py OUT --townships 66              # 132 files in OUT/2024-01/
    generate.py OUT --townships 6600 --jobs 2   # 13,200 files
    generate.py OUT --townships 66 --errors 0.1 # a tenth of the files with one wrong figure, listed in OUT/truth.json

Rows are villages. The same seed gives the same bytes, however many jobs: every file has its own random numbers.
"""
import argparse
import datetime
import json
import multiprocessing
import random
import time
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

YEARS = (2023, 2024, 2025)
SOURCES = ("地表水", "地下水", "其他水源")
USES = ("工业", "农业", "生活")
DISTRICTS = ("迪那河灌区", "塔里克灌区", "阳霞灌区", "库努尔灌区", "策大雅灌区", "野云沟灌区", "塔河灌区")
FIRST_TOWNSHIPS = ("野云沟乡", "策大雅乡", "铁热克巴扎乡", "阳霞镇", "塔尔拉克乡", "阿克萨来乡", "群巴克镇",
                   "哈尔巴克乡", "轮台镇", "草湖乡", "轮南镇")
FIRST, SECOND, MIDDLE = "东西南北上下大小新老青白红黄金银玉石龙凤", "河山湖沟泉滩桥坪岭湾城营堡店庄台坝塘林田", "头口岔里源安宁平和兴"
TITLE_FONT, NOTE_FONT, HEAD_FONT = "方正小标宋简体", "仿宋_GB2312", "黑体"


def township_names(n):
    """The county's own townships, then ones made from syllables; all different."""
    names = list(FIRST_TOWNSHIPS[:n])
    for i in range(n - len(names)):
        first, second = FIRST[i % len(FIRST)], SECOND[i // len(FIRST) % len(SECOND)]
        rest, middle = i // (len(FIRST) * len(SECOND)), ""
        while rest:
            middle += MIDDLE[(rest - 1) % len(MIDDLE)]
            rest = (rest - 1) // len(MIDDLE)
        names.append(first + second + middle + ("镇" if i % 3 == 0 else "乡"))
    return names


def village_names(rng, n):
    """Village names, different within a township; townships may share them."""
    names = {}
    while len(names) < n:
        names[rng.choice(FIRST) + rng.choice(SECOND) + rng.choice(("", "") + tuple(MIDDLE)) + "村"] = None
    return list(names)


class Form:
    """Header cells, label cells and figures of one form; figures are whole numbers of the last digit."""

    def __init__(self, annex, title, unit, scale, number_format, n_labels):
        self.annex, self.title, self.unit = annex, title, unit
        self.scale, self.number_format, self.n_labels = scale, number_format, n_labels
        self.header = []        # (row, column, row, column, text)
        self.depth = 1
        self.labels, self.figures, self.total = [], [], []
        self.sums = {}          # figure column -> the columns it adds up
        self.n_columns = 0
        self.typed = {}         # (row, column) -> text in place of the number


def annex_3(rng, n_rows):
    """Afforestation: three years and their sum."""
    form = Form("附件3", "轮台县2023-2025年造林绿化任务完成情况表", "亩", 10, "0.0", 1)
    heads = ["单位"] + [f"{y}年度" for y in YEARS] + ["三年合计"]
    form.header = [(0, i, 0, i, text) for i, text in enumerate(heads)]
    form.n_columns, form.sums = 5, {3: (0, 1, 2)}
    for village in village_names(rng, n_rows):
        years = [rng.randrange(0, 20000) if rng.random() < 0.93 else 0 for _ in YEARS]
        form.labels.append([village])
        form.figures.append(years + [sum(years)])
    return form


def annex_7(rng, n_rows):
    """Water quotas: a total a year, split by source and by use."""
    form = Form("附件7", "2023-2025年度轮台县用水指标分解表", "万立方米", 1, "#,##0", 3)
    heads = ["序号", "灌区名称", "乡镇（村）名称"] + [f"{y}年度用水总量指标" for y in YEARS]
    form.header = [(0, i, 2, i, text) for i, text in enumerate(heads)]
    form.header += [(0, 6, 0, 14, "水指标按水源类型分"), (0, 15, 0, 23, "农业用水量"), (0, 24, 2, 24, "备注")]
    for k, y in enumerate(YEARS):
        form.header += [(1, 6 + 3 * k, 1, 8 + 3 * k, f"{y}年度"), (1, 15 + 3 * k, 1, 17 + 3 * k, f"{y}年度")]
        for j in range(3):
            form.header += [(2, 6 + 3 * k + j, 2, 6 + 3 * k + j, SOURCES[j]), (2, 15 + 3 * k + j, 2, 15 + 3 * k + j, USES[j])]
    form.depth, form.n_columns = 3, 25
    form.sums = {k: tuple(3 + 3 * k + j for j in range(3)) for k in range(3)}
    district, left, start = None, 0, rng.randrange(len(DISTRICTS))
    for i, village in enumerate(village_names(rng, n_rows)):
        if left == 0:
            district, left, start = DISTRICTS[start % len(DISTRICTS)], rng.randrange(1, 12), start + 1
        else:
            district = None     # merged with the one above
        left -= 1
        form.labels.append([i + 1, district, village])
        totals, sources, uses = [], [], []
        for _ in YEARS:
            parts = [rng.randrange(50, 6500), rng.randrange(0, 1500), rng.randrange(0, 600) if rng.random() < 0.1 else 0]
            whole = sum(parts)
            industry = rng.randrange(0, whole // 3) if rng.random() < 0.4 else 0
            living = rng.randrange(0, max(1, min(240, whole - industry)))
            totals.append(whole)
            sources += parts
            uses += [industry, whole - industry - living, living]
        form.figures.append(totals + sources + uses)
    return form


def plant_error(rng, form):
    """Puts one wrong figure into a form and says which: (kind, row or None for the total row, column)."""
    kind = rng.choice(("row-total", "column-total", "number-as-text"))
    row, column = rng.randrange(len(form.figures)), rng.choice(list(form.sums))
    if kind == "row-total":
        form.figures[row][column] += rng.randrange(1, 200) * form.scale
        form.total[column] = sum(r[column] for r in form.figures)
    elif kind == "column-total":
        row, column = None, rng.randrange(len(form.total))
        form.total[column] += rng.randrange(1, 200) * form.scale
    else:
        value = form.figures[row][column]
        form.typed[row, column] = str(value) if form.scale == 1 else f"{value // form.scale}.{value % form.scale}"
    return kind, row, column


def write(form, path, township, period, formulas):
    """Writes a form as an office would: title, 填报单位, header, rows, 合计, sign-off."""
    year, month = period.split("-")
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": form.title, "author": township, "created": datetime.datetime(2024, 1, 1)})
    box = {"border": 1, "align": "center", "valign": "vcenter"}
    title = book.add_format({"font_name": TITLE_FONT, "font_size": 18, "align": "center", "valign": "vcenter"})
    note = book.add_format({"font_name": NOTE_FONT, "font_size": 11, "valign": "vcenter"})
    right = book.add_format({"font_name": NOTE_FONT, "font_size": 11, "align": "right", "valign": "vcenter"})
    head = book.add_format({**box, "font_name": HEAD_FONT, "font_size": 10.5, "text_wrap": True})
    text = book.add_format({**box, "font_name": NOTE_FONT, "font_size": 11})
    number = book.add_format({**box, "font_name": "Times New Roman", "font_size": 11, "num_format": form.number_format})
    bold = book.add_format({**box, "font_name": HEAD_FONT, "font_size": 11})
    bold_number = book.add_format({**box, "font_name": "Times New Roman", "font_size": 11, "bold": True,
                                   "num_format": form.number_format})
    page = book.add_worksheet(form.annex)
    last, lead = form.n_columns - 1, form.n_labels
    page.set_paper(9)
    page.set_landscape()
    page.set_column(0, lead - 1, 14, text)
    page.set_column(lead, last, 11 if form.n_columns < 10 else 8, number)
    page.merge_range(0, 0, 0, last, form.title, title)
    page.set_row(0, 36)
    half = form.n_columns // 2
    page.merge_range(1, 0, 1, half, f"填报单位：{township}（{year}年{int(month)}月）", note)
    page.merge_range(1, half + 1, 1, last, "单位：" + form.unit, right)
    for r, c, r2, c2, label in form.header:
        if (r, c) == (r2, c2):
            page.write_string(2 + r, c, label, head)
        else:
            page.merge_range(2 + r, c, 2 + r2, c2, label, head)
    first, n = 2 + form.depth, len(form.figures)
    page.repeat_rows(0, first - 1)
    if lead == 3:
        starts = [i for i in range(n) if form.labels[i][1] is not None] + [n]
        for a, b in zip(starts, starts[1:]):
            if b - a > 1:
                page.merge_range(first + a, 1, first + b - 1, 1, form.labels[a][1], text)
            else:
                page.write_string(first + a, 1, form.labels[a][1], text)

    def put(r, c, value, style, formula):
        if formula:
            page.write_formula(r, c, formula, style, value / form.scale)
        else:
            page.write_number(r, c, value if form.scale == 1 else value / form.scale, style)

    for i in range(n):
        for j, label in enumerate(form.labels[i]):
            if lead == 1 or j != 1:
                (page.write_number if isinstance(label, int) else page.write_string)(first + i, j, label, text)
        for c, value in enumerate(form.figures[i]):
            if (i, c) in form.typed:
                page.write_string(first + i, lead + c, form.typed[i, c], number)
                continue
            parts = "+".join(xl_rowcol_to_cell(first + i, lead + p) for p in form.sums.get(c, ()))
            put(first + i, lead + c, value, number, "=" + parts if formulas and parts else "")
        if lead + len(form.figures[i]) <= last:
            page.write_blank(first + i, last, None, text)
    bottom = first + n
    if lead == 1:
        page.write_string(bottom, 0, "合计", bold)
    else:
        page.merge_range(bottom, 0, bottom, lead - 1, "合计", bold)
        page.write_blank(bottom, last, None, text)
    for c, value in enumerate(form.total):
        cells = f"{xl_rowcol_to_cell(first, lead + c)}:{xl_rowcol_to_cell(bottom - 1, lead + c)}"
        put(bottom, lead + c, value, bold_number, f"=SUM({cells})" if formulas else "")
    page.merge_range(bottom + 1, 0, bottom + 1, last,
                     f"填表人：            审核人：            填报日期：{year}年{int(month)}月25日", note)
    book.close()


def make_one(job):
    """Writes one file; returns its name, its data rows and the error planted in it, if any."""
    out, seed, index, township, period, annex, rows, errors = job
    rng = random.Random(f"{seed}|{index}|{period}|{annex}")
    form = (annex_3 if annex == "附件3" else annex_7)(rng, rng.randrange(rows[0], rows[1] + 1))
    formulas = rng.random() < 0.5
    form.total = [sum(column) for column in zip(*form.figures)]
    error = plant_error(rng, form) if rng.random() < errors else None
    path = Path(period, f"{index:05d}_{township}_{annex}.xlsx")
    write(form, out / path, township, period, formulas and error is None)   # a wrong total is a typed one
    return str(path), len(form.figures), error


def generate(out, townships, periods=("2024-01",), rows=(10, 60), seed=1, errors=0.0, jobs=1):
    """Writes a corpus below `out`, and townships.json and truth.json beside the periods."""
    names = township_names(townships)
    for period in periods:
        (out / period).mkdir(parents=True, exist_ok=True)
    work = [(out, seed, i + 1, name, period, annex, rows, errors)
            for period in periods for i, name in enumerate(names) for annex in ("附件3", "附件7")]
    if jobs > 1:
        with multiprocessing.Pool(jobs) as pool:
            done = pool.map(make_one, work, chunksize=32)
    else:
        done = [make_one(job) for job in work]
    planted = [{"file": path, "kind": e[0], "row": e[1], "column": e[2]} for path, _, e in done if e]
    truth = {"files": len(done), "rows": sum(n for _, n, _ in done), "errors": planted}
    (out / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), encoding="utf-8")
    (out / "townships.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    return truth


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--townships", type=int, default=66)
    parser.add_argument("--periods", default="2024-01", help="one or more, separated by commas")
    parser.add_argument("--rows", default="10-60", help="village rows in a form: from-to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--errors", type=float, default=0.0, help="share of files that get one wrong figure")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    rows = tuple(int(n) for n in options.rows.split("-"))
    truth = generate(options.out, options.townships, options.periods.split(","), (rows[0], rows[-1]), options.seed,
                     options.errors, options.jobs)
    print(f"{truth['files']} files, {truth['rows']} rows, {len(truth['errors'])} errors, "
          f"{time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
