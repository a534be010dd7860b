#!/usr/bin/env python3
"""Makes the sample months `inbox/2024-04/` and `inbox/2024-05/`, or any number of counties and townships.

    sample_months.py                                       the two months of inbox/
    sample_months.py --out DIR --seed 7                    elsewhere, with other figures
    sample_months.py --counties 100 --townships 10 --out DIR --months plan 2024-04 2024-05
                                                           DIR/<county>/{scheme,inbox/<period>}, 附件3 and 附件7 of each township

All figures are invented: they follow the plan, the season and the seed, so that everything that can happen to a month
can be seen. Needs openpyxl, xlsxwriter, xlwt and LibreOffice (`soffice`); with --counties only xlsxwriter. A rerun gives
the same bytes, but for what LibreOffice converts.
"""
import argparse
import datetime
import multiprocessing
import re
import shutil
import sys
import tomllib
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benches" / "corpus"))

from generate import township_names  # noqa: E402
from sample import ledger, months  # noqa: E402
from sample.layout import GREY, PLAIN, WPS, in_full_width, lay_out  # noqa: E402
from sample.months import Month  # noqa: E402
from sample.plan import A1, A1_1, A2, A2_1, A3, A3_1, A4, A5, A7, YEARS  # noqa: E402
from sample.readme import write_readme  # noqa: E402
from sample.writers import Office, with_openpyxl, with_xlsxwriter, with_xlwt  # noqa: E402

TEMPLATES = ROOT / "templates" / "luntai-2023-2025"
SEED = 2024
SPELLED = {"策大雅乡": "策达雅乡"}      # as 附件7 and as 附件3 spell it


@dataclass
class Returned:
    """One file of a month: where, from whom, which writer, its sheets, when it was saved, and what is worth seeing in it."""

    path: str
    reporter: str
    writer: str                 # xlsxwriter | openpyxl | xlwt | office
    sheets: list
    saved: datetime.datetime
    habits: str = ""
    cut: int = 0                # only so many bytes arrived


class County:
    """A month of the county of the plan, as its offices lay it out."""

    def __init__(self, month, seed):
        self.month, self.county = month, months.luntai(seed)
        self.seed = seed

    def on(self, day, hour=10):
        """A day of the month after, when returns come in."""
        after = datetime.date(self.month.year, self.month.month, 28) + datetime.timedelta(days=5)
        return datetime.datetime(after.year, after.month, day, hour)

    def signed(self, day):
        when = self.on(day)
        return ("填表人：", "审核人：", f"填表日期：{when.year}年{when.month}月{when.day}日")

    def rows_3(self, name):
        return [row for row in self.county.rows_3(self.month) if row[0] in (name, SPELLED.get(name))]

    def rows_7(self, name):
        return [row for row in self.county.rows_7(self.month) if row[2] == name]

    def trees(self, name, rows=None, **habits):
        rows = self.rows_3(name) if rows is None else rows
        habits = {"title": f"轮台县{name}{self.month.text}造林绿化任务完成情况表（累计）", "unit": "单位：亩",
                  "reporter": f"填报单位：{name}人民政府", **habits}
        return lay_out(months.filled(A3, rows), **habits)

    def water(self, name, rows=None, **habits):
        rows = self.rows_7(name) if rows is None else rows
        habits = {"title": f"{name}{self.month.year}年1-{self.month.month}月用水量统计表", "unit": "单位：万立方米",
                  "reporter": f"填报单位：{name}人民政府", "serial": "restart", **habits}
        return lay_out(months.filled(A7, rows), **habits)

    def ordinary(self, name, path, writer="xlsxwriter", day=3, habits="", **layout):
        """Both forms in one file, nothing wrong."""
        sheets = [self.trees(name, sign_off=self.signed(day), **layout), self.water(name, sign_off=self.signed(day), **layout)]
        return Returned(path, name, writer, sheets, self.on(day), habits)

    def bureaus(self):
        """What departments owe this month."""
        month, seed, county = self.month, self.seed, self.county
        rows_3 = county.rows_3(month)
        planted = {year: sum(Decimal(row[place]) for row in rows_3 if row[place]) for place, year in enumerate(YEARS, 1)}
        rows_5 = months.restoration(month, seed, planted)
        late = {"sign_off": self.signed(4)}
        forms = {
            "巴州生态环境局轮台县分局": [(A1, months.air(month, seed), {}), (A1_1, months.rivers(month), {})],
            "县住建局": [(A2, months.greens(month), {}), (A2_1, months.new_greens(month, seed), {}),
                         (A4, months.reuse(month, seed), {})],
            "县林草局": [(A3_1, months.basin(rows_5), {}), (A5, rows_5, {}),
                         (A3, [], {"total": months.total(A3, rows_3, ["全县合计"]), "unit": "单位：亩"})],
            "县水利局": [(A7, [], {"total": months.total(A7, county.rows_7(month), ["合计", "", ""]), "unit": "单位：万立方米"})],
        }
        for name, owed in forms.items():
            sheets = []
            for annex, rows, more in owed:
                if not is_due(annex.number, month):
                    continue
                form = months.filled(annex, rows, total=more.get("total", annex.total))
                sheets.append(lay_out(form, title=f"{annex.title}（{month.text}完成情况）", reporter="填报单位：" + name,
                                      unit=more.get("unit", ""), total="plan" if "total" in more else "", **late))
            if sheets:
                yield Returned(f"县直部门/{name}{month.month}月报表.xlsx", name, "xlsxwriter", sheets, self.on(4))


    def ledgers(self, missing):
        """The lead departments' parts of the task ledger, without those that have sent none."""
        form = ledger.annex(self.month, self.seed)
        for name in ledger.leads(form):
            if name in missing:
                continue
            own = months.filled(form, ledger.rows_of(form, name))
            sheet = lay_out(own, title=f"{form.title}（{self.month.text}）", reporter="填报单位：" + name, sign_off=self.signed(4))
            yield Returned(f"县直部门/台账/{name}台账.xlsx", name, "xlsxwriter", [sheet], self.on(4))


def is_due(number, month):
    """Whether the scheme asks for an annex in a month."""
    for path in TEMPLATES.glob("annex-*.toml"):
        annex = tomllib.loads(path.read_text(encoding="utf-8"))
        if annex["number"] == number:
            every = annex.get("due", {"every": "month"}).get("every")
            step = {None: 0, "month": 1, "quarter": 3, "year": 12}[every]
            return bool(step) and month.month % step == 0
    raise KeyError(number)


def changed(annex, rows, column, change, row=0):
    """The rows with one figure changed."""
    rows, place = [list(r) for r in rows], annex.place(column)
    rows[row][place] = change(rows[row][place])
    return rows


def swapped(text):
    """Two neighbouring digits exchanged: the first that differ."""
    at = next(i for i in range(len(text) - 1) if text[i] != text[i + 1])
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


def without_digit(text):
    """One digit lost."""
    return text[:1] + text[2:]


def in_ten_thousands(annex, rows):
    """Every figure in 万亩 instead of 亩."""
    return [[text if c.kind != "figure" or not text else str((Decimal(text) / 10000).normalize())
             for c, text in zip(annex.columns, row)] for row in rows]


def april(seed):
    """A month that came in nearly well."""
    c = County(Month(2024, 4), seed)
    qunbake = c.ordinary("群巴克镇", "群巴克镇4月报表.xlsx", look=WPS)
    return [
        c.ordinary("轮台镇", "轮台镇2024年4月.xlsx", look=PLAIN),
        qunbake,
        replace(qunbake, path="群巴克镇4月报表 - 副本.xlsx", habits="the same file again"),
        c.ordinary("哈尔巴克乡", "哈尔巴克乡4月.xls", "xlwt"),
        c.ordinary("阿克萨来乡", "阿克萨来乡（4月）.xlsx", "openpyxl", look=PLAIN),
        c.ordinary("塔尔拉克乡", "塔尔拉克乡月报.xlsx", "openpyxl", look=GREY, figure=lambda column, text: in_full_width(text) if column == "三年合计" else None,
                   habits="三年合计 typed in full-width digits"),
        Returned("草湖乡.xlsx", "草湖乡", "xlsxwriter", [c.trees("草湖乡", sign_off=c.signed(4))], c.on(4), "附件7 is missing"),
        c.ordinary("阳霞镇", "阳霞镇4月份报表.xlsx"),
        c.ordinary("铁热克巴扎乡", "铁热克巴扎乡/4月.xlsx", at=(1, 1)),
        c.ordinary("策大雅乡", "策大雅乡4月.et", "xlwt"),
        c.ordinary("野云沟乡", "野云沟乡2024-04.ods", "office", look=GREY),
        c.ordinary("轮南镇", "轮南镇4月.xlsx", day=9, habits="late: saved on 9 May"),
        *c.bureaus(),
        *c.ledgers(missing=("县财政局",)),
        # 县财政局 sends no 台账.
    ]


def may(seed):
    """A month in which everything happened."""
    c, before = County(Month(2024, 5), seed), County(Month(2024, 4), seed)
    total = "2024年度用水总量指标"
    fallen = changed(A3, c.rows_3("野云沟乡"), "2024年度", lambda text: str(Decimal(before.rows_3("野云沟乡")[0][2]) - 20))
    fallen = changed(A3, fallen, "三年合计", lambda _: str(Decimal(fallen[0][1]) + Decimal(fallen[0][2])))
    lost = changed(A7, c.rows_7("铁热克巴扎乡"), "农业用水量/2024年度/农业", without_digit)
    wrong = changed(A7, c.rows_7("塔尔拉克乡"), total, swapped)
    return [
        c.ordinary("轮台镇", "轮台镇2024年5月.xlsx", look=PLAIN, day=2),
        Returned("群巴克镇5月造林.xlsx", "群巴克镇", "xlsxwriter", [c.trees("群巴克镇", look=WPS, sign_off=c.signed(3))], c.on(3)),
        Returned("群巴克镇5月用水.xlsx", "群巴克镇", "xlsxwriter", [c.water("群巴克镇", look=WPS, sign_off=c.signed(3))], c.on(3)),
        Returned("哈尔巴克乡5月.xlsx", "哈尔巴克乡", "openpyxl", [
            c.trees("哈尔巴克乡", in_ten_thousands(A3, c.rows_3("哈尔巴克乡")), look=PLAIN, sign_off=c.signed(3)),
            c.water("哈尔巴克乡", look=PLAIN, sign_off=c.signed(3)),
        ], c.on(3), "附件3 in 万亩, though it says 亩"),
        replace(before.ordinary("阿克萨来乡", "阿克萨来乡（5月）.xlsx", "openpyxl", look=PLAIN), saved=c.on(4),
                habits="April's forms under May's name"),
        Returned("塔尔拉克乡月报.xlsx", "塔尔拉克乡", "openpyxl", [
            c.trees("塔尔拉克乡", look=GREY, sign_off=c.signed(2)), c.water("塔尔拉克乡", wrong, look=GREY, sign_off=c.signed(2)),
        ], c.on(2), "two digits of 用水总量 exchanged; put right in the next"),
        replace(c.ordinary("塔尔拉克乡", "塔尔拉克乡月报（修改稿）.xlsx", "openpyxl", look=GREY), saved=c.on(4, 15),
                habits="the same return, corrected"),
        c.ordinary("草湖乡", "草湖乡5月.xlsx", day=8, habits="late: saved on 8 June"),
        Returned("阳霞镇5月份报表.xlsx", "阳霞镇", "xlsxwriter", [
            c.trees("阳霞镇", before.rows_3("阳霞镇"), sign_off=c.signed(4)), c.water("阳霞镇", sign_off=c.signed(4)),
        ], c.on(4), "附件3 has April's figures again"),
        Returned("铁热克巴扎乡/5月.xlsx", "铁热克巴扎乡", "xlsxwriter", [
            c.trees("铁热克巴扎乡", at=(1, 1), sign_off=c.signed(5)), c.water("铁热克巴扎乡", lost, at=(1, 1), sign_off=c.signed(5)),
        ], c.on(5), "a digit of 农业 is lost, and the sum with it"),
        c.ordinary("策大雅乡", "策大雅乡5月.et", "xlwt"),
        replace(c.ordinary("策大雅乡", "策大雅乡5月(手机发送).xlsx", "openpyxl"), cut=3000, habits="only half of it arrived: cannot be read"),
        Returned("野云沟乡2024-05.ods", "野云沟乡", "office", [
            c.trees("野云沟乡", fallen, look=GREY, sign_off=c.signed(3)), c.water("野云沟乡", look=GREY, sign_off=c.signed(3)),
        ], c.on(3), "造林 of 2024 is less than it was in April"),
        *c.bureaus(),
        *c.ledgers(missing=("县教科局", "县交通运输局")),
        # 轮南镇 sends nothing, 县教科局 and 县交通运输局 no 台账.
    ]


SECTION = """
## {month} — invented figures（虚构数据）

{files} files made by `scripts/sample_months.py` to show what can happen to a month. No figure is real.

{files} 个上报件由 `scripts/sample_months.py` 按方案和季节虚构，只作演示，不是任何单位的真实数据。

| file 文件 | reporter 填报单位 | what to see 特点 |
|---|---|---|
{table}
"""
NOTE = "演示数据：本报告期的上报件按方案和季节虚构，不是任何单位的真实数据。\n"


def write_month(folder, returns, month):
    """Writes a month's files, and the notes that say that they are invented."""
    shutil.rmtree(folder, ignore_errors=True)
    office = Office()
    writers = {"xlsxwriter": with_xlsxwriter, "openpyxl": with_openpyxl, "xlwt": with_xlwt, "office": office.write}
    for item in returns:
        path = folder / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        writers[item.writer](item.sheets, path, item.reporter, item.saved)
        if item.cut:
            path.write_bytes(path.read_bytes()[:item.cut])
    (folder / "说明.txt").write_text(NOTE, encoding="utf-8")
    print(f"{len(returns)} files in {folder}")
    lines = "\n".join(f"| {r.path} | {r.reporter} | {r.habits} |" for r in returns)
    return SECTION.format(month=month, files=len(returns), table=lines)


def write_county(job):
    """A county with a scheme of its own and its townships' returns of some periods."""
    folder, name, townships, periods, seed = job
    county = months.invented(name, townships, seed)
    write_scheme(folder / "scheme", county)
    for period in periods:
        inbox = folder / "inbox" / period
        inbox.mkdir(parents=True, exist_ok=True)
        month = None if period == "plan" else Month.parse(period)
        rows_3 = county.plan_3 if month is None else county.rows_3(month)
        rows_7 = county.plan_7 if month is None else county.rows_7(month)
        about = "" if month is None else month.text
        for township, row_3, row_7 in zip(county.townships, rows_3, rows_7):
            who = f"填报单位：{township}"
            for annex, row, unit in ((A3, row_3, "单位：亩"), (A7, row_7, "单位：万立方米")):
                sheet = lay_out(months.filled(annex, [row]), title=f"{township}{about}{annex.title.replace('轮台县', county.name)}", reporter=who, unit=unit)
                with_xlsxwriter([sheet], inbox / f"{township}{annex.number}.xlsx", township)


def write_scheme(folder, county):
    """附件3 and 附件7 of the county's scheme, with its own townships."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (TEMPLATES / "scheme.toml").read_text(encoding="utf-8")
    text = text[:text.index("[[reporters]]")].replace('area  = "轮台县"', f'area  = "{county.name}"')
    names = [(f"T{i:05}", name, "township") for i, name in enumerate(county.townships, 1)]
    names += [("D01", "县林草局", "department"), ("D02", "县水利局", "department")]
    for code, name, kind in names:
        text += f'[[reporters]]\ncode = "{code}"\nname = "{name}"\nkind = "{kind}"\n\n'
    (folder / "scheme.toml").write_text(text, encoding="utf-8")
    keys = {"annex-3.toml": [f'"{row[0]}"' for row in county.plan_3],
            "annex-7.toml": [f'["{row[1]}", "{row[2]}"]' for row in county.plan_7]}
    for file, rows in keys.items():
        text = (TEMPLATES / file).read_text(encoding="utf-8")
        block = "rows = [\n" + "".join(f"    {row},\n" for row in rows) + "]\n"
        text = text.replace('title           = "轮台县', f'title           = "{county.name}')
        text, n = re.subn(r"^rows = \[\n.*?^\]\n", lambda _: block, text, count=1, flags=re.S | re.M)
        assert n == 1, file
        (folder / file).write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "inbox", help="the folder that gets the months or counties")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--counties", type=int, default=0, help="so many invented counties instead")
    parser.add_argument("--townships", type=int, default=11, help="townships of each")
    parser.add_argument("--months", nargs="+", default=["plan", "2024-04", "2024-05"], help="their periods")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    if not options.counties:
        made = (("2024-04", april), ("2024-05", may))
        sections = [write_month(options.out / month, returns(options.seed), month) for month, returns in made]
        write_readme(options.out, "months", "".join(sections))
        return
    jobs = []
    for number in range(1, options.counties + 1):
        name = f"第{number:03}县"
        townships = township_names(options.townships)
        jobs.append((options.out / name, name, townships, options.months, options.seed))
    with multiprocessing.Pool(options.jobs) as pool:
        for done in pool.imap_unordered(write_county, jobs):
            assert done is None
    print(f"{options.counties} counties of {options.townships} townships in {options.out}")


if __name__ == "__main__":
    main()
