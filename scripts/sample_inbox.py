#!/usr/bin/env python3
"""Makes the sample inbox `inbox/plan/`: the plan's figures as the offices would have returned them.

    sample_inbox.py            write inbox/plan/ and inbox/README.md
    sample_inbox.py --verify   read every file again with other libraries and compare with the plan, figure by figure
    sample_inbox.py --out DIR  another folder than inbox/

Needs openpyxl, xlsxwriter, xlwt, python-calamine and LibreOffice (`soffice`). A rerun gives the same bytes, but for
the .ods files, whose styles LibreOffice lists in any order; what it converts may also differ between its versions.
"""
import argparse
import shutil
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sample.layout import (FULL_WIDTH, GREY, HALF_BRACKETS, OFFICIAL, PLAIN, WPS, Sheet, as_text, in_full_width,
                           lay_out, lookup_sheet, with_separators)
from sample.plan import A1, A1_1, A2, A2_1, A3, A3_1, A4, A5, A6, A6_1, A6_2, A7
from sample.readme import write_readme
from sample.verify import verify
from sample.writers import Office, with_openpyxl, with_xlsxwriter, with_xlwt

SIGNED = ("填表人：", "审核人：", "填表日期：2023年3月15日")
T3, T62, T7 = "2023-2025年造林绿化任务指导性计划表", "2023年煤改电工程分布情况统计表", "2023-2025年度用水指标分解表"


@dataclass
class Returned:
    """One file of the inbox: where, from whom, which writer, its sheets, and what is worth seeing in it."""

    path: str
    reporter: str
    writer: str                 # xlsxwriter | openpyxl | xlwt | office
    sheets: list
    habits: str


def own(annex, name):
    """A township's rows of an annex, whichever way the annex spells it."""
    names = {name, {"策大雅乡": "策达雅乡"}.get(name)}
    return [row for row in annex.rows if names & set(row)]


def spaced(text):
    """轮 台 镇, as on a form where names are stretched to one width."""
    return " ".join(text) if len(text) == 3 and text[-1] in "乡镇" else text


def half_brackets(text):
    """Half-width brackets in a header."""
    return text.translate(HALF_BRACKETS)


def broken_lines(text):
    """A header broken by hand so that it fits its column."""
    return half_brackets(text.replace("用水总量指标", "\n用水总量\n指标"))


def some_as_text(names):
    """Figures of these columns typed as text."""
    return lambda column, text: as_text(text) if column in names else None


def luntai_town():
    name = "轮台镇"
    who = "填报单位：轮 台 镇 人 民 政 府"
    districts = lookup_sheet("灌区对照", ("灌区名称", "乡镇名称"), [row[1:3] for row in A7.rows], PLAIN)
    return Returned("轮台镇(报送稿).xlsx", name, "openpyxl", [
        lay_out(A3, own(A3, name), look=PLAIN, at=(0, 1), title="轮台县" + name + T3, reporter=who, unit="单位：亩",
                label=spaced, notes=("说明：任务落实到村，详见村级台账。",), sign_off=SIGNED),
        lay_out(A6_2, look=PLAIN, title=A6_2.title, reporter=who, head=half_brackets, label=spaced,
                filled=own(A6_2, name), total="blank", sign_off=SIGNED),
        lay_out(A7, own(A7, name), look=PLAIN, at=(0, 1), title=T7, reporter=who, unit="单位：万立方米",
                head=broken_lines, label=spaced, serial="restart", sign_off=SIGNED),
        districts,
    ], "names stretched (轮 台 镇); tables start in column B; half-width brackets and line breaks in headers; 附件6.2 "
       "keeps the whole list with one row filled in; a look-up sheet 灌区对照")


def qunbake():
    name = "群巴克镇"
    return [Returned("附件3、6.2-群巴克镇.xlsx", name, "xlsxwriter", [
        lay_out(A3, own(A3, name), look=WPS, title=name + T3, reporter="填报单位：群巴克镇人民政府（盖章）", unit="单位：亩",
                formulas=True, total="formula", sign_off=SIGNED),
        lay_out(A6_2, own(A6_2, name), look=WPS, title=name + T62, reporter="填报单位：群巴克镇人民政府（盖章）",
                serial="restart", sign_off=SIGNED),
    ], "三年合计 and a row 合计 of the one own row as formulas"),
        Returned("附件7-群巴克镇.xlsx", name, "xlsxwriter", [
            lay_out(A7, own(A7, name), name="Sheet1", look=WPS, serial="restart",
                    figure=lambda column, text: with_separators(text)),
            Sheet("Sheet2", WPS), Sheet("Sheet3", WPS),
        ], "no 填报单位; thousands typed as text with separators (8,430); empty Sheet2 and Sheet3")]


def yangxia():
    name, who = "阳霞镇", "填报单位：阳霞镇人民政府"
    dated = ("填表人：", "审核人：", "填表日期：", date(2023, 3, 10))
    return Returned("阳霞镇三年行动方案附件.xls", name, "xlwt", [
        lay_out(A3, own(A3, name), title="轮台县阳霞镇" + T3, reporter=who, unit="单位：亩", sign_off=dated),
        lay_out(A6_2, own(A6_2, name), title="轮台县阳霞镇" + T62, reporter=who, sign_off=dated),
        lay_out(A7, own(A7, name), title="轮台县阳霞镇" + T7, reporter=who, unit="单位：万立方米", serial="restart",
                sign_off=dated),
    ], "a plain .xls with own titles; two districts in 附件7; the date of signing is a real date cell")


def yeyungou():
    name, who = "野云沟乡", "填报单位：野云沟乡"
    return Returned("野云沟乡/野云沟乡2023-2025年指标表.ods", name, "office", [
        lay_out(A3, look=GREY, reporter=who, unit="单位：亩", filled=own(A3, name), total="blank", sign_off=SIGNED[:2]),
        lay_out(A6_2, own(A6_2, name), look=GREY, title=name + T62, reporter=who, blank_rows=1, sign_off=SIGNED[:2]),
        lay_out(A7, own(A7, name), look=GREY, title=name + T7, reporter=who, unit="单位：万立方米", header="first",
                merge_down=False, sign_off=SIGNED[:2]),
    ], "an .ods in a sub-folder; 附件3 keeps the whole list and an empty 全县合计; three-level header without merges")


def cedaya():
    name, who = "策大雅乡", "填报单位：策大雅乡人民政府（盖章）"
    return Returned("策大雅乡.et", name, "xlwt", [
        lay_out(A3, own(A3, name), name="造林", look=PLAIN, title="轮台县策达雅乡" + T3, reporter=who, unit="单位：亩",
                total="typed", sign_off=SIGNED),
        lay_out(A6_2, own(A6_2, name), name="煤改电", look=PLAIN, title="轮台县策大雅乡" + T62, reporter=who,
                serial="restart", sign_off=SIGNED),
        lay_out(A7, own(A7, name), name="用水", look=PLAIN, title="轮台县策大雅乡" + T7, reporter=who,
                serial="restart", sign_off=SIGNED),
    ], "a WPS .et; 策达雅乡 in 附件3 and 策大雅乡 elsewhere, as in the plan; own sheet names; a typed row 合计; 附件7 without a unit")


def tierekebazha():
    name, who = "铁热克巴扎乡", "填报单位：铁热克巴扎乡"
    return Returned("铁热克巴扎乡报表.xlsx", name, "office", [
        lay_out(A3, own(A3, name), at=(2, 1), title="轮台县铁热克巴扎乡" + T3, reporter=who, unit="单位：亩",
                blank_rows=1, formulas=True, sign_off=SIGNED),
        lay_out(A6_2, own(A6_2, name), at=(2, 1), title="轮台县铁热克巴扎乡" + T62, reporter=who, blank_rows=1,
                sign_off=SIGNED),
        lay_out(A7, own(A7, name), at=(2, 1), title="轮台县铁热克巴扎乡" + T7, reporter=who, unit="单位：万立方米",
                blank_rows=1, serial="restart", helper="辅助列", sign_off=SIGNED),
    ], "forms begin at B3, with a blank row under the title; 三年合计 is a formula; two districts in 附件7 and a hidden helper column")


def taerlake():
    name, who = "塔尔拉克乡", "填报单位:塔尔拉克乡人民政府"
    return Returned("塔尔拉克乡_生态环境三年计划.xls", name, "office", [
        lay_out(A3, own(A3, name), look=PLAIN, title="塔尔拉克乡" + T3.translate(FULL_WIDTH), reporter=who,
                unit="单位:亩", blank_after="2025年度", figure=lambda column, text: in_full_width(text), sign_off=SIGNED),
        lay_out(A6_2, own(A6_2, name), look=PLAIN, title="塔尔拉克乡" + T62, reporter=who, serial="restart",
                head=half_brackets, figure=lambda column, text: in_full_width(text), sign_off=SIGNED),
        lay_out(A7, own(A7, name), look=PLAIN, title="塔尔拉克乡" + T7, reporter=who, unit="单位:万立方米",
                serial="restart", sign_off=SIGNED),
    ], "full-width digits typed as text in 附件3 and 附件6.2; half-width colons; an empty column before 三年合计")


def akesalai():
    name, who = "阿克萨来乡", "填报单位：阿克萨来乡人民政府"
    return Returned("阿克萨来乡.xlsx", name, "xlsxwriter", [
        lay_out(A3, own(A3, name), look=WPS, title="阿克萨来乡" + T3, reporter=who, unit="单位：亩",
                figure=some_as_text({"2023年度", "三年合计"}), sign_off=("填表人：          审核人：          填表日期：2023.3.14",)),
        lay_out(A6_2, own(A6_2, name), look=WPS, title="阿克萨来乡" + T62, serial="restart"),
        lay_out(A7, own(A7, name), look=WPS, title="阿克萨来乡" + T7, reporter=who, unit="单位：万立方米",
                serial="restart", header="repeated", merge_down=False,
                figure=some_as_text({"水指标按水源类型分/2024年度/地表水", "水指标按水源类型分/2024年度/地下水"}),
                sign_off=("填表人：          审核人：          填表日期：2023.3.14",)),
    ], "some figures are text; three-level header without merges, its texts repeated; no 填报单位 in 附件6.2")


def haerbake():
    name, who = "哈尔巴克乡", "填报单位：哈尔巴克乡人民政府"
    return Returned("哈尔巴克乡附件3 6.2 7.xlsx", name, "xlsxwriter", [
        lay_out(A3, own(A3, name), look=GREY, title="哈尔巴克乡" + T3, annex_line=False, reporter=who, unit="单位：亩",
                formulas=True, total="typed", notes=("注：三年合计为2023年至2025年任务之和。",), sign_off=SIGNED),
        lay_out(A6_2, own(A6_2, name), look=GREY, title="哈尔巴克乡" + T62, annex_line=False, reporter=who,
                serial="restart", sign_off=SIGNED),
        lay_out(A7, own(A7, name), look=GREY, title="哈尔巴克乡" + T7, annex_line=False, reporter=who,
                unit="单位：万立方米", serial="restart", total="formula", sign_off=SIGNED),
    ], "no 附件 line; a row 合计 of the one own row, typed in 附件3 and as formulas in 附件7; a remark under the table")


def caohu():
    name, who = "草湖乡", "填报单位：草湖乡人民政府"
    by_use = [c.name for c in A7.columns if c.path[0] == "农业用水量"]
    by_source = [c.name for c in A7.columns if c.path[0] == "水指标按水源类型分"]
    totals = [c.name for c in A7.columns if c.path[0].endswith("用水总量指标")]
    return Returned("草湖乡（上报）.xlsx", name, "openpyxl", [
        lay_out(A3, own(A3, name), title="轮台县草湖乡" + T3, reporter=who, unit="单位：亩",
                order=["单位", "三年合计", "2023年度", "2024年度", "2025年度"], sign_off=SIGNED),
        lay_out(A6_2, own(A6_2, name), title="轮台县草湖乡" + T62, reporter=who, order=["乡镇", "户数（个）", "备注"],
                sign_off=SIGNED),
        lay_out(A7, own(A7, name), title="轮台县草湖乡" + T7, reporter=who, unit="单位：万立方米",
                order=["乡镇名称", "灌区名称"] + totals + by_use + by_source, sign_off=SIGNED),
    ], "no 序号; columns in another order (三年合计 first, by use before by source)")


def lunnan():
    name = "轮南镇"
    return Returned("轮南镇三年造林用水计划.xls", name, "office", [
        lay_out(A3, own(A3, name), look=PLAIN, title="轮南镇" + T3, unit="单位：亩",
                notes=("注：我镇未列入煤改电工程，无附件6.2。",), sign_off=SIGNED),
        lay_out(A7, look=PLAIN, unit="单位：万立方米", filled=own(A7, name), total="blank", sign_off=SIGNED),
    ], "no 填报单位 anywhere; 附件7 keeps the whole list with one row filled in; a remark why there is no 附件6.2")


def environment_bureau():
    name, folder = "巴州生态环境局轮台县分局", "县直部门/生态环境局轮台县分局/"
    who = "填报单位：" + name
    pm25 = {c.name: "0.0" for c in A1.columns if c.path[0].startswith("PM2.5")}
    return [Returned(folder + "附件1、附件1.1.xlsx", name, "xlsxwriter", [
        lay_out(A1, reporter=who, formats=pm25, sign_off=SIGNED),
        lay_out(A1_1, reporter=who, sign_off=SIGNED),
    ], "40.0 is a number shown with one decimal; － where there is no lake"),
        Returned(folder + "锅炉台账（附件6、6.1）.xls", name, "xlwt", [
            lay_out(A6, reporter=who, dates={"建成时间": "date", "计划完成低氮\n改造时间": "text"}, sign_off=SIGNED),
            lay_out(A6_1, reporter=who, sign_off=SIGNED),
        ], "dates as real dates in one column, as text in the next; 2.0 beside 2; codes of 20 digits as text"),
        Returned(folder + "附件6.2煤改电合计.ods", name, "office", [
            lay_out(A6_2, [], reporter=who, total="plan", notes=("注：各乡镇户数由乡镇分别报送。",), sign_off=SIGNED),
        ], "only the total row of 附件6.2")]


def housing_bureau():
    name, who = "县住建局", "填报单位：轮台县住建局"
    return Returned("县直部门/县住建局附件2、2.1、4.xlsx", name, "office", [
        lay_out(A2, look=WPS, reporter=who, formats={y + "年": "0.00" for y in ("2023", "2024")}, sign_off=SIGNED),
        lay_out(A2_1, look=WPS, reporter=who, formulas=True, total="plan", sign_off=SIGNED),
        lay_out(A4, look=WPS, reporter=who, sign_off=SIGNED,
                figure=lambda column, text: text if text == "40%" else None),
    ], "totals both ways as formulas in 附件2.1; 40% as text, 50% and 60% as 0.5 and 0.6 in percent format")


def forestry_bureau():
    name, who = "县林草局", "填报单位：县林草局"
    return [Returned("县直部门/县林草局/塔里木河流域生态修复（附件3.1、附件5）.xlsx", name, "openpyxl", [
        lay_out(A3_1, look=PLAIN, reporter=who, merge_down=False, sign_off=SIGNED),
        lay_out(A5, look=PLAIN, reporter=who, sign_off=SIGNED),
    ], "two forms of one title; year cells merged in 附件5, repeated in 附件3.1; line breaks in headers"),
        Returned("县直部门/县林草局/附件3全县合计.xls", name, "office", [
            lay_out(A3, [], reporter=who, unit="单位：亩", total="plan", notes=("注：分乡镇任务由各乡镇报送。",),
                    sign_off=SIGNED),
        ], "only the row 全县合计 of 附件3")]


def water_bureau():
    return Returned("县直部门/县水利局附件7合计.xlsx", "县水利局", "openpyxl", [
        lay_out(A7, [], look=PLAIN, unit="单位：万立方米", total="plan",
                figure=some_as_text({"2024年度用水总量指标"})),
    ], "only the row 合计 of 附件7; no 填报单位, the file name says who; one figure is text")


def all_returns():
    """Every file of the inbox, townships in the order of the roster, then departments."""
    return [luntai_town(), *qunbake(), haerbake(), akesalai(), taerlake(), caohu(), yangxia(), tierekebazha(), cedaya(),
            yeyungou(), lunnan(), *environment_bureau(), housing_bureau(), *forestry_bureau(), water_bureau()]


README = """# A sample inbox（示例收件箱）

`plan/` holds what the eleven townships and four departments of Luntai county (轮台县) would have returned for the
approved action plan 2023-2025: {files} files, one period. Every figure and text is the plan's own, none is added or
corrected (a township's own row 合计 repeats its one row), so the findings are the plan's own disagreements and hints about how something was typed. `hebiao merge plan`
reads it. `scripts/sample_inbox.py` makes the folder, `scripts/sample_inbox.py --verify` compares it with the plan.

`plan/` 是轮台县生态环境保护和建设三年（2023—2025年）行动方案十二个附件的示例上报件：十一个乡镇、四个部门，共{files}个文件。
数字和文字均为方案原文，既未增补，也未更正（个别乡镇自加的“合计”行只重复本乡镇的一行）；因此核出的问题只有方案自身的出入，以及填写习惯方面的提示。
运行 `hebiao merge plan` 即可汇总。由 `scripts/sample_inbox.py` 生成，加 `--verify` 可逐数与方案核对。

| file 文件 | reporter 填报单位 | what to see 特点 |
|---|---|---|
{table}
"""


def write_all(root):
    """Writes plan/ and README.md below `root`."""
    plan = root / "plan"
    shutil.rmtree(plan, ignore_errors=True)
    office = Office()
    returns = all_returns()
    writers = {"xlsxwriter": with_xlsxwriter, "openpyxl": with_openpyxl, "xlwt": with_xlwt, "office": office.write}
    for item in returns:
        path = plan / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        writers[item.writer](item.sheets, path, item.reporter)
    lines = "\n".join(f"| {r.path} | {r.reporter} | {r.habits} |" for r in returns)
    write_readme(root, "plan", README.format(files=len(returns), table=lines))
    print(f"{len(returns)} files in {plan}")


def main():
    default = Path(__file__).resolve().parent.parent / "inbox"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=default, help="the folder that gets plan/ and README.md")
    parser.add_argument("--verify", action="store_true", help="only read the folder again and compare it with the plan")
    options = parser.parse_args()
    if options.verify:
        sys.exit(verify(options.out / "plan", {r.path: r.reporter for r in all_returns()}))
    write_all(options.out)


if __name__ == "__main__":
    main()
