"""Makes looks.xls and looks.ods beside it: all that a copy of a form in an older format must keep, in small files.

Run once with openpyxl and LibreOffice; the results are kept, so tests need neither.
"""

import datetime
import pathlib
import subprocess
import tempfile

import openpyxl
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule, FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

here = pathlib.Path(__file__).parent
thin = Side(style="thin", color="FF0000")
double = Side(style="double", color="0000FF")
box = Border(left=thin, right=thin, top=thin, bottom=thin)

book = openpyxl.Workbook()
sheet = book.active
sheet.title = "附件3"
sheet["A1"] = "2023-2025年度轮台县造林绿化任务分解表"
sheet.merge_cells("A1:E1")
sheet["A1"].font = Font(name="黑体", size=18, bold=True, color="1F4E79")
sheet["A1"].alignment = Alignment(horizontal="center", vertical="center")
sheet.row_dimensions[1].height = 36
sheet["A2"], sheet["E2"] = "填报单位：轮台镇", "单位：亩"
for col, text in enumerate(["单位", "2023年度", "2024年度", "2025年度", "三年合计"], 1):
    cell = sheet.cell(3, col, text)
    cell.font = Font(name="楷体", bold=True, italic=col == 2, strike=col == 3)
    cell.fill = PatternFill("solid", fgColor="DDEBF7")
    cell.border = Border(left=thin, right=thin, top=double, bottom=thin)
    cell.alignment = Alignment(horizontal="center", wrap_text=True)
for col, value in enumerate(["轮台镇", 331.6, 295.5, 302.1, "=SUM(B4:D4)"], 1):
    cell = sheet.cell(4, col, value)
    cell.border = box
    cell.font = Font(name="仿宋", size=12)
    if col > 1:
        cell.number_format = "#,##0.00_);[Red](#,##0.00)"
sheet["E4"].fill = PatternFill("solid", fgColor="E2EFDA")
# Behind the form: formulas of every sort, dates, links.
sheet["G1"] = '=A4&"等"&B4'
sheet["G2"] = '=IF(B4>300,"多","少")'
sheet["G3"] = "=ROUND(C4/B4,4)"
sheet["G3"].number_format = "0.00%"
sheet["G4"] = "=面积*2+'参 数'!A2"
sheet["G5"] = "=1/0"
sheet["G6"] = '=VLOOKUP("乙",选项!$A$1:$B$3,2,FALSE)'
sheet["G7"] = datetime.datetime(2024, 5, 31, 8, 30)
sheet["G7"].number_format = 'yyyy"年"m"月"d"日"'
sheet["G8"] = "网页"
sheet["G8"].hyperlink = "http://www.xjlt.gov.cn/a?b=1&c=2"
sheet["G9"] = "是"
sheet["I4"] = 7
sheet["H11"] = 5
sheet.row_dimensions[11].hidden = True
sheet.column_dimensions["I"].hidden = True
choice = DataValidation(type="list", formula1='"是,否"', allow_blank=True, error="只能填是或否", showErrorMessage=True)
choice.add("G9:G12")
limits = DataValidation(type="decimal", operator="between", formula1="0", formula2="E$4", errorStyle="warning")
limits.add("B4:D4")
sheet.add_data_validation(choice)
sheet.add_data_validation(limits)
red = PatternFill(bgColor="FFC7CE", fill_type="solid")
sheet.conditional_formatting.add("B4:D4", CellIsRule(operator="greaterThan", formula=["300"], fill=red, font=Font(bold=True, color="9C0006")))
sheet.conditional_formatting.add("E4", FormulaRule(formula=["$E4>SUM($B4:$D4)"], fill=red))
sheet["C4"].comment = Comment("上年数是三百", "王统计")
for name, width in zip("ABCDEG", [20, 14, 14, 14, 16, 30]):
    sheet.column_dimensions[name].width = width
sheet["B4"].protection = Protection(locked=False)
sheet.protection.sheet = True
sheet.auto_filter.ref = "A3:E4"
sheet.page_setup.orientation = "landscape"
sheet.print_title_rows = "1:3"
sheet.oddFooter.center.text = "第 &P 页"
more = book.create_sheet("参 数")
more["A1"], more["A2"] = 1, 3.5
choices = book.create_sheet("选项")
choices.sheet_state = "hidden"
for row, (name, number) in enumerate([("甲", 1), ("乙", 2), ("丙", 3)], 1):
    choices.cell(row, 1, name)
    choices.cell(row, 2, number)
book.defined_names["面积"] = DefinedName("面积", attr_text="附件3!$B$4")

with tempfile.TemporaryDirectory() as folder:
    source = pathlib.Path(folder, "looks.xlsx")
    book.save(source)
    for kind in ("xls", "ods"):
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile"]
        subprocess.run([*command, "--convert-to", kind, "--outdir", here, source], check=True)
