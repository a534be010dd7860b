"""Writes sheets as workbooks: four writers, and the clean-up that makes a rerun give the same bytes."""
import datetime
import re
import subprocess
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path

WHEN = datetime.datetime(2023, 3, 15, 10, 0)


def spec(style, look):
    """What a style name looks like in an office's fonts."""
    box = {"border": True, "align": "center", "wrap": True}
    return {
        "annex": {"font": "黑体", "size": 14, "align": "left"},
        "title": {"font": look.title_font, "size": look.title_size, "bold": look.title_bold, "align": "center"},
        "note": {"font": look.note_font, "size": look.size, "align": "left"},
        "note_right": {"font": look.note_font, "size": look.size, "align": "right"},
        "head": {**box, "font": look.head_font, "size": look.size, "bold": True, "fill": look.head_fill},
        "text": {**box, "font": look.body_font, "size": look.size},
        "number": {**box, "font": "Times New Roman", "size": look.size, "wrap": False},
        "total": {**box, "font": look.head_font, "size": look.size, "bold": True},
    }[style]


def plain(value):
    """What the writers take: a Decimal becomes the whole number or float nearest to it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def with_xlsxwriter(sheets, path, author, when=WHEN):
    """Shared strings, formulas with their values."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"author": author, "created": when})
    made = {}

    def style_of(sheet, cell):
        key = (cell.style, cell.number_format, id(sheet.look))
        if key not in made:
            s = spec(cell.style, sheet.look)
            f = {"font_name": s["font"], "font_size": s["size"], "bold": s.get("bold", False), "align": s["align"],
                 "valign": "vcenter", "text_wrap": s.get("wrap", False), "border": int(s.get("border", False))}
            if s.get("fill"):
                f["bg_color"] = "#" + s["fill"]
            if cell.number_format:
                f["num_format"] = cell.number_format
            made[key] = book.add_format(f)
        return made[key]

    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.center_horizontally()
        for c, width in sheet.widths.items():
            page.set_column(c, c, width)
        for c in sheet.hidden:
            page.set_column(c, c, 10, None, {"hidden": True})
        for r, height in sheet.heights.items():
            page.set_row(r, height)
        if sheet.header_rows != (0, 0):
            page.repeat_rows(*sheet.header_rows)
        for r, c, r2, c2 in sheet.merges:
            page.merge_range(r, c, r2, c2, "")
        for (r, c), cell in sorted(sheet.cells.items()):
            f, value = style_of(sheet, cell), plain(cell.value)
            if cell.formula:
                page.write_formula(r, c, cell.formula, f, value)
            elif value is None:
                page.write_blank(r, c, None, f)
            elif isinstance(value, datetime.date):
                page.write_datetime(r, c, datetime.datetime.combine(value, datetime.time()), f)
            elif isinstance(value, str):
                page.write_string(r, c, value, f)
            else:
                page.write_number(r, c, value, f)
    book.close()
    settle_zip(path, when)


def with_openpyxl(sheets, path, author, when=WHEN):
    """Inline strings; no formulas, because this writer keeps no values beside them."""
    import openpyxl
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.creator = author
    side = Side(style="thin")
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
        page.page_setup.fitToHeight, page.print_options.horizontalCentered = 0, True
        page.sheet_properties.pageSetUpPr = openpyxl.worksheet.properties.PageSetupProperties(fitToPage=True)
        for c, width in sheet.widths.items():
            page.column_dimensions[get_column_letter(c + 1)].width = width + 0.7
        for c in sheet.hidden:
            page.column_dimensions[get_column_letter(c + 1)].hidden = True
        for r, height in sheet.heights.items():
            page.row_dimensions[r + 1].height = height
        if sheet.header_rows != (0, 0):
            page.print_title_rows = f"{sheet.header_rows[0] + 1}:{sheet.header_rows[1] + 1}"
        for (r, c), cell in sorted(sheet.cells.items()):
            assert not cell.formula, "a formula needs its value"
            s, x = spec(cell.style, sheet.look), page.cell(r + 1, c + 1)
            x.value = plain(cell.value)
            x.font = Font(name=s["font"], size=s["size"], bold=s.get("bold", False))
            x.alignment = Alignment(horizontal=s["align"], vertical="center", wrap_text=s.get("wrap", False))
            if s.get("border"):
                x.border = Border(left=side, right=side, top=side, bottom=side)
            if s.get("fill"):
                x.fill = PatternFill("solid", start_color=s["fill"])
            if cell.number_format:
                x.number_format = cell.number_format
        for r, c, r2, c2 in sheet.merges:
            page.merge_cells(start_row=r + 1, start_column=c + 1, end_row=r2 + 1, end_column=c2 + 1)
    book.save(path)
    settle_zip(path, when)


def with_xlwt(sheets, path, _author, _when=WHEN):
    """BIFF8: .xls, and what WPS calls .et. The writer takes no author that is not ASCII, and no time."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    made = {}

    def style_of(sheet, cell):
        key = (cell.style, cell.number_format, id(sheet.look))
        if key not in made:
            s, f = spec(cell.style, sheet.look), xlwt.XFStyle()
            f.font.name, f.font.height, f.font.bold = s["font"], int(s["size"] * 20), s.get("bold", False)
            f.alignment.horz = {"left": 1, "center": 2, "right": 3}[s["align"]]
            f.alignment.vert, f.alignment.wrap = 1, int(s.get("wrap", False))
            if s.get("border"):
                f.borders.left = f.borders.right = f.borders.top = f.borders.bottom = xlwt.Borders.THIN
            if s.get("fill"):
                f.pattern.pattern, f.pattern.pattern_fore_colour = xlwt.Pattern.SOLID_PATTERN, 22
            f.num_format_str = cell.number_format or "General"
            made[key] = f
        return made[key]

    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        page.portrait, page.paper_size_code = False, 9
        page.header_str, page.footer_str, page.print_centered_horz = b"", b"", True
        page.fit_num_pages, page.fit_width_to_pages, page.fit_height_to_pages = 1, 1, 0
        for c, width in sheet.widths.items():
            page.col(c).width = int((width + 0.7) * 256)
        for c in sheet.hidden:
            page.col(c).hidden = True
        for r, height in sheet.heights.items():
            page.row(r).height_mismatch, page.row(r).height = True, int(height * 20)
        inside = set()
        for r, c, r2, c2 in sheet.merges:
            inside |= {(x, y) for x in range(r, r2 + 1) for y in range(c, c2 + 1)}
            cell = sheet.cells[r, c]
            page.write_merge(r, r2, c, c2, plain(cell.value) if cell.value is not None else "", style_of(sheet, cell))
        for (r, c), cell in sorted(sheet.cells.items()):
            assert not cell.formula, "a formula needs its value"
            if (r, c) not in inside:
                page.write(r, c, plain(cell.value), style_of(sheet, cell))
    book.save(str(path))


class Office:
    """LibreOffice, converting what xlsxwriter wrote; its own profile, thrown away afterwards."""

    FILTERS = {".xlsx": "xlsx:Calc MS Excel 2007 XML", ".xls": "xls:MS Excel 97", ".ods": "ods:calc8"}

    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="sample-inbox-")

    def write(self, sheets, path, author, when=WHEN):
        source = Path(self.scratch.name, "source", Path(path).stem + ".xlsx")
        source.parent.mkdir(exist_ok=True)
        with_xlsxwriter(sheets, source, author, when)
        target = Path(self.scratch.name, "target")
        subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{self.scratch.name}/profile", "--headless", "--convert-to",
             self.FILTERS[Path(path).suffix], "--outdir", str(target), str(source)],
            check=True, capture_output=True, timeout=180)
        made = target / (source.stem + Path(path).suffix)
        Path(path).write_bytes(made.read_bytes())
        if Path(path).suffix == ".xls":
            settle_xls(path, when)
        else:
            settle_zip(path, when)


def settle_zip(path, when):
    """Rewrites a workbook's archive with fixed times, inside and outside its parts."""
    stamp = when.isoformat().encode()
    with zipfile.ZipFile(path) as archive:
        # The preview picture that LibreOffice adds is larger than the form.
        parts = [(i.filename, archive.read(i)) for i in archive.infolist() if i.filename != "Thumbnails/thumbnail.png"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp + b"Z", data)
            elif name == "meta.xml":
                data = re.sub(rb"(<(?:meta:creation-date|dc:date)>)[^<]*", rb"\g<1>" + stamp, data)
                data = re.sub(rb"<meta:editing-duration>[^<]*</meta:editing-duration>", b"", data)
            elif name == "META-INF/manifest.xml":
                data = re.sub(rb"<manifest:file-entry[^>]*thumbnail.png[^>]*/>", b"", data)
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o600 << 16
            archive.writestr(info, data)


def settle_xls(path, when):
    """Sets the times in the property sets of an .xls to one moment."""
    data = Path(path).read_bytes()
    ticks = int((when - datetime.datetime(1601, 1, 1)).total_seconds()) * 10_000_000
    # VT_FILETIME (0x40) and eight bytes; a duration (editing time) is small, a moment of this century is not.
    def fixed(match):
        value = int.from_bytes(match.group(1), "little")
        return b"\x40\0\0\0" + (ticks if 125e15 < value < 150e15 else value).to_bytes(8, "little")
    head = data.find(b"\xfe\xff\0\0")
    while head >= 0:
        section = data[head:head + 512]
        data = data[:head] + re.sub(rb"\x40\0\0\0(.{8})", fixed, section, flags=re.S) + data[head + 512:]
        head = data.find(b"\xfe\xff\0\0", head + 4)
    Path(path).write_bytes(data)
