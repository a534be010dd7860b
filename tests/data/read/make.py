#!/usr/bin/env python3
"""Makes the workbooks of this folder: one form, saved by several programs in several formats.

Needs openpyxl, xlwt and LibreOffice. Run it in this folder.
"""
import datetime
import pathlib
import subprocess

import openpyxl
import xlwt

LONG_CODE = "65282200012345678901"


def form_openpyxl(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "附件3"
    sheet["A1"] = "造林绿化任务表"
    sheet.merge_cells("A1:F1")
    sheet["A2"] = "单位：亩"
    for column, text in zip("ABCDEF", ("单位", "2023年度", "2024年度", "合计", "完成率", "日期")):
        sheet[column + "3"] = text
    sheet["A4"] = "轮\u3000台 镇"
    sheet["B4"], sheet["B4"].number_format = 10.5, "0.0"
    sheet["C4"], sheet["C4"].number_format = 20, "#,##0"
    sheet["D4"], sheet["D4"].number_format = "=B4+C4", "0.00"
    sheet["E4"], sheet["E4"].number_format = 0.4, "0.00%"
    sheet["F4"], sheet["F4"].number_format = datetime.date(2024, 5, 31), "yyyy-mm-dd"
    sheet["A5"] = "策达雅乡\n（备注）"
    sheet.merge_cells("A5:A6")
    sheet["B5"] = LONG_CODE
    sheet["C5"] = 7
    sheet["D5"] = "=1/0"
    sheet["E5"] = "=A4&\"!\""
    sheet["F5"], sheet["F5"].number_format = datetime.date(2016, 6, 1), 'yyyy"年"m"月"'
    hidden = book.create_sheet("代码")
    hidden["B2"] = -3
    hidden.sheet_state = "hidden"
    book.save(path)


def form_xlwt(path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("附件3")
    sheet.write_merge(0, 0, 0, 5, "造林绿化任务表")
    sheet.write(1, 0, 0.4, xlwt.easyxf(num_format_str="0.00%"))
    sheet.write(1, 1, xlwt.Formula("A2*2"))
    sheet.write(1, 2, LONG_CODE)
    sheet.write(1, 3, 45443, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    book.save(str(path))


def main():
    form_openpyxl("openpyxl.xlsx")
    form_xlwt("xlwt.xls")
    for extension, filter_name in (("xlsx", "Calc MS Excel 2007 XML"), ("xls", "MS Excel 97"),
                                   ("ods", "calc8")):
        subprocess.run(["soffice", "--headless", "--convert-to", f"{extension}:{filter_name}", "--outdir", "converted",
                        "openpyxl.xlsx"], check=True, stdout=subprocess.DEVNULL)
        pathlib.Path(f"converted/openpyxl.{extension}").rename(f"libreoffice.{extension}")
    pathlib.Path("converted").rmdir()


if __name__ == "__main__":
    main()
