"""Makes the workbooks beside it: everything that an edit in place must not lose, in small files.

Run once with openpyxl, pillow and LibreOffice; the results are kept, so tests need none of them.
"""

import io
import pathlib
import re
import subprocess
import zipfile

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, DataBarRule, IconSetRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from PIL import Image as Picture

here = pathlib.Path(__file__).parent
thin = Side(style="thin")
border = Border(left=thin, right=thin, top=thin, bottom=thin)


def full():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "附件 7's 表"
    sheet["A1"] = "2023-2025年度用水指标分解表"
    sheet["A1"].font = Font(name="黑体", size=16, bold=True)
    sheet.merge_cells("A1:G1")
    sheet["A2"], sheet["B2"] = "乡镇", "2023年度"
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:D2")
    for col, text in zip("BCDEFG", ["地表水", "地下水", "合计", "比例", "日期", "备注"]):
        sheet[f"{col}3"] = text
    rows = [("轮台镇", 10.5, 20), ("草湖乡", 1, 2), ("阳霞镇", 3, 4), ("合计", 14.5, 26)]
    for row, (name, a, b) in enumerate(rows, 4):
        sheet.cell(row, 1, name)
        sheet.cell(row, 2, a).number_format = '#,##0.00"万"'
        sheet.cell(row, 3, b)
        sheet.cell(row, 4, f"=B{row}+C{row}")
        sheet.cell(row, 5, 0.4).number_format = "0.0%"
        sheet.cell(row, 6, 45000).number_format = 'yyyy"年"m"月"d"日"'
        for col in range(1, 8):
            cell = sheet.cell(row, col)
            cell.border = border
            cell.alignment = Alignment(horizontal="center", vertical="center")
            cell.protection = Protection(locked=col == 1)
    sheet["C5"].fill = PatternFill("solid", fgColor="E2EFDA")
    sheet["C6"].fill = PatternFill("gray125")
    sheet["G4"] = CellRichText("见", TextBlock(InlineFont(b=True, color="FF0000"), "附注"), "一")
    sheet["G5"] = "数据局"
    sheet["G5"].hyperlink = "https://example.org/a?b=1&c=2"
    sheet["B4"].comment = Comment("请核对\n第二行", "王")
    sheet["A6"].comment = Comment("另一条", "李")
    sheet.column_dimensions["A"].width = 18
    sheet.column_dimensions["F"].width = 16
    sheet.column_dimensions["H"].hidden = True
    sheet.row_dimensions[1].height = 30
    sheet.row_dimensions[9].hidden = True
    sheet.freeze_panes = "B4"
    sheet.auto_filter.ref = "A3:G7"
    pick = DataValidation(type="list", formula1='"是,否"', allow_blank=True)
    pick.add("G4:G7")
    whole = DataValidation(type="decimal", operator="between", formula1="0", formula2="100")
    whole.prompt, whole.promptTitle = "填数字", "提示"
    whole.add("B4:C7")
    sheet.add_data_validation(pick)
    sheet.add_data_validation(whole)
    red = PatternFill(bgColor="FFC7CE")
    sheet.conditional_formatting.add("D4:D7", CellIsRule(operator="greaterThan", formula=["30"], fill=red))
    sheet.conditional_formatting.add("B4:B7", ColorScaleRule("min", None, "FFFFFF", "max", None, "63BE7B"))
    sheet.conditional_formatting.add("C4:C7", DataBarRule("min", None, "max", None, "638EC6"))
    sheet.conditional_formatting.add("E4:E7", IconSetRule("3Arrows", "percent", [0, 33, 67]))
    sheet.print_area = "A1:G7"
    sheet.print_title_rows = "2:3"
    sheet.oddHeader.center.text = "内部资料"
    sheet.oddFooter.center.text = "第 &P 页"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.protection.sheet = True
    picture = io.BytesIO()
    Picture.new("RGB", (24, 24), (200, 30, 30)).save(picture, "PNG")
    sheet.add_image(Image(picture), "J2")
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=3, max_row=6), titles_from_data=True)
    sheet.add_chart(chart, "J6")
    other = book.create_sheet("名单")
    for row in [("编号", "名称"), (1, "甲"), (2, "乙")]:
        other.append(row)
    other.add_table(Table(displayName="名单表", ref="A1:B3"))
    hidden = book.create_sheet("底稿")
    hidden["A1"] = 1
    hidden.sheet_state = "hidden"
    deep = book.create_sheet("参数")
    deep["A1"] = "v1"
    deep.sheet_state = "veryHidden"
    book.create_sheet("空表")
    book.defined_names["总量"] = DefinedName("总量", attr_text="'附件 7''s 表'!$D$7")
    book.custom_doc_props.append(openpyxl.packaging.custom.StringProperty(name="表式", value="附件7"))
    book.save(here / "full.xlsx")


def through_office(name, to):
    subprocess.run(
        ["soffice", "--headless", "-env:UserInstallation=file:///tmp/lo-annotate", "--convert-to",
         to, "--outdir", "/tmp/annotate-made", str(here / name)],
        check=True, capture_output=True,
    )
    return pathlib.Path("/tmp/annotate-made") / (pathlib.Path(name).stem + "." + to.split(":")[0])


def odd():
    """Every element with a prefix, no addresses, relative and absolute targets, no style sheet, an empty sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    pack = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<?xml version="1.0"?><t:Types xmlns:t="{pack}/content-types"><t:Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><t:Override PartName="/book/main.xml" ContentType="{kind}.sheet.main+xml"/><t:Override PartName="/book/a.xml" ContentType="{kind}.worksheet+xml"/><t:Override PartName="/book/b.xml" ContentType="{kind}.worksheet+xml"/></t:Types>',
        "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{pack}/relationships"><Relationship Id="a" Type="{link}/officeDocument" Target="/book/main.xml"></Relationship></Relationships>',
        "book/main.xml": f'<?xml version="1.0"?><x:workbook xmlns:x="{main}"><x:sheets><x:sheet d:id="one" xmlns:d="{link}" name="表 &amp; 一" sheetId="7"/><x:sheet name="空" sheetId="3" q:id="two" xmlns:q="{link}"/></x:sheets></x:workbook>',
        "book/_rels/main.xml.rels": f'<?xml version="1.0"?><p:Relationships xmlns:p="{pack}/relationships"><p:Relationship Id="one" Type="{link}/worksheet" Target="a.xml"/><p:Relationship Id="two" Type="{link}/worksheet" Target="/book/b.xml"/></p:Relationships>',
        "book/a.xml": f'<?xml version="1.0"?><x:worksheet xmlns:x="{main}"><x:sheetData><x:row><x:c><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:t>二</x:t></x:is></x:c></x:row><x:row/><x:row><x:c><x:v>3</x:v></x:c></x:row></x:sheetData></x:worksheet>',
        "book/b.xml": f'<?xml version="1.0"?><x:worksheet xmlns:x="{main}"><x:sheetData/></x:worksheet>',
    }
    with zipfile.ZipFile(here / "odd.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, text)


def strict():
    """The same as full.xlsx in the strict namespaces, as Excel writes them on request."""
    swaps = [
        ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        ("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships"),
    ]
    with zipfile.ZipFile(here / "full.xlsx") as book, zipfile.ZipFile(here / "strict.xlsx", "w", zipfile.ZIP_DEFLATED) as out:
        for name in book.namelist():
            data = book.read(name)
            if re.search(r"\.(xml|rels)$", name) and "Content_Types" not in name:
                for old, new in swaps:
                    data = data.replace(old.encode(), new.encode())
            out.writestr(name, data)


full()
odd()
strict()
(here / "full-office.xlsx").write_bytes(through_office("full.xlsx", "xlsx").read_bytes())
(here / "full.ods").write_bytes(through_office("full.xlsx", "ods").read_bytes())
(here / "full.xls").write_bytes(through_office("full.xlsx", "xls").read_bytes())
