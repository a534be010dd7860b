"""Lays one annex out as a sheet of cells, with the habits of the office that filled it in."""
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")
HALF_BRACKETS = str.maketrans("（）", "()")


@dataclass
class Look:
    """Fonts of an office."""

    title_font: str = "方正小标宋简体"
    title_size: int = 18
    title_bold: bool = True
    note_font: str = "仿宋_GB2312"
    head_font: str = "黑体"
    head_fill: str = ""
    body_font: str = "仿宋_GB2312"
    size: float = 11


OFFICIAL = Look()
PLAIN = Look("宋体", 16, True, "宋体", "宋体", "", "宋体", 11)
WPS = Look("微软雅黑", 16, True, "等线", "微软雅黑", "DDEBF7", "等线", 11)
GREY = Look("黑体", 18, False, "宋体", "黑体", "E7E6E6", "宋体", 10.5)


@dataclass
class Cell:
    """A value (text, Decimal, date or nothing), a style name, a number format and perhaps a formula."""

    value: object
    style: str
    number_format: str = ""
    formula: str = ""


@dataclass
class Sheet:
    """A finished sheet, before any writer."""

    name: str
    look: Look = field(default_factory=Look)
    cells: dict = field(default_factory=dict)       # (row, column) -> Cell
    merges: list = field(default_factory=list)      # (row, column, row, column), more than one cell each
    widths: dict = field(default_factory=dict)
    heights: dict = field(default_factory=dict)
    hidden: set = field(default_factory=set)        # columns
    header_rows: tuple = (0, 0)                     # repeated when printed

    def put(self, row, column, value, style, number_format="", formula=""):
        self.cells[row, column] = Cell(value, style, number_format, formula)

    def span(self, row, column, row2, column2, value, style):
        """One text over several cells, merged."""
        for r in range(row, row2 + 1):
            for c in range(column, column2 + 1):
                self.put(r, c, None, style)
        self.cells[row, column].value = value
        if (row, column) != (row2, column2):
            self.merges.append((row, column, row2, column2))


def address(row, column):
    """A1 address of a zero-based place."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def as_text(text):
    """A figure typed as text."""
    return text


def in_full_width(text):
    """A figure typed with full-width digits."""
    return text.translate(FULL_WIDTH)


def with_separators(text):
    """A figure of thousands typed as text with its separators; smaller ones stay numbers."""
    return f"{int(text):,}" if len(text) > 3 else Decimal(text)


def lay_out(annex, rows=None, *, name=None, look=OFFICIAL, at=(0, 0), title=None, annex_line=True, reporter="",
            unit="", blank_rows=0, header="merged", head=lambda text: text, label=lambda text: text, order=None,
            blank_after=None, serial="plan", filled=None, total="", formulas=False, merge_down=True, figure=None,
            formats=None, dates="date", helper="", notes=(), sign_off=()):
    """A sheet with an annex on it.

    rows: the rows printed (default: all of the plan).
    at: the sheet's first used row and column.
    header: "merged"; "first" (not merged, text in the first cell of each group); "repeated" (text in each cell).
    head, label: change of every header text, of every text in the key columns.
    order: column names in the order printed (leaving a serial column out is allowed).
    blank_after: name of a column that an empty column follows.
    serial: "plan" or "restart".
    filled: rows whose figures are filled in (default: all); the others keep only their labels.
    total: "" none; "plan" the plan's own total row; "typed"/"formula" a row 合计 of the one own row; "blank" its label only.
    formulas: totals across a row are formulas. figure: (column name, text) -> value or None for a plain number.
    formats: column name -> number format. dates: "date" real ones, "text", or per column name. helper: header of a
    hidden column that joins the keys. notes: lines under the table. sign_off: texts (or a date) side by side.
    """
    rows = annex.rows if rows is None else rows
    formats = formats or {}
    columns = [annex.columns[annex.place(n)] for n in order] if order else list(annex.columns)
    places = [annex.place(c.name) for c in columns]
    slots = []                                      # None is the empty column
    for i, column in enumerate(columns):
        slots.append(i)
        if column.name == blank_after:
            slots.append(None)
    depth = max(len(c.path) for c in columns)
    sheet = Sheet(name or annex.number, look)
    row, left = at
    last = left + len(slots) - 1
    for c in range(left):
        sheet.widths[c] = 3

    # Lines above the table.
    if annex_line:
        sheet.put(row, left, annex.number, "annex")
        row += 1
    sheet.span(row, left, row, last, title or annex.title, "title")
    sheet.heights[row] = 34
    row += 1 + blank_rows
    if reporter or unit:
        half = left + max(1, len(slots) * 3 // 5)
        if reporter and unit:
            sheet.span(row, left, row, half - 1, reporter, "note")
            sheet.span(row, half, row, last, unit, "note_right")
        else:
            sheet.span(row, left, row, last, reporter or unit, "note" if reporter else "note_right")
        sheet.heights[row] = 20
        row += 1

    # The header.
    top = row
    for j, slot in enumerate(slots):
        sheet.widths[left + j] = columns[slot].width if slot is not None else 4
        for d in range(depth):
            sheet.put(top + d, left + j, None, "head")
    if header == "merged":
        draw_merged_header(sheet, top, left, [columns[s].path if s is not None else ("",) for s in slots], depth, head)
    else:
        before = ()
        for j, slot in enumerate(slots):
            path = columns[slot].path if slot is not None else ()
            for d, text in enumerate(path):
                if header == "repeated" or path[:d + 1] != before[:d + 1]:
                    sheet.cells[top + d, left + j].value = head(text)
            before = path
    set_header_heights(sheet, top, columns, depth, head, header == "merged")
    sheet.header_rows = (top, top + depth - 1)
    row = top + depth

    # The rows.
    first_data = row + (1 if annex.total_at == "top" and total in ("plan", "blank") else 0)
    leading = next(i for i, c in enumerate(columns) if c.kind == "figure")
    total_at_top = annex.total_at == "top" and total in ("plan", "blank")

    def place_of(column_name):
        return left + slots.index(next(i for i, c in enumerate(columns) if c.name == column_name))

    def put_figure(r, j, column, text, style="number", formula=""):
        value = figure(column.name, text) if figure and text else None
        if text == "":
            sheet.put(r, left + j, None, style)
        elif value is not None and not isinstance(value, Decimal):
            sheet.put(r, left + j, value, style)
        elif not text.replace(".", "").isdigit() and not text.endswith("%"):
            sheet.put(r, left + j, text, style)     # － stands for "does not apply"
        elif text.endswith("%"):
            sheet.put(r, left + j, Decimal(text[:-1]) / 100, style, "0%")
        else:
            number_format = formats.get(column.name, "")
            if not number_format and "." in text and text.endswith("0"):
                number_format = "0." + "0" * len(text.partition(".")[2])
            sheet.put(r, left + j, Decimal(text), style, number_format, formula)

    def row_formula(r, column):
        parts = annex.sums.get(column.name) if formulas else None
        if not parts:
            return ""
        cells = [place_of(p) for p in parts]
        return f"=SUM({address(r, min(cells))}:{address(r, max(cells))})"

    def put_total(r):
        text = "合计" if total in ("typed", "formula") else annex.total[0]
        if header == "merged":
            sheet.span(r, left, r, left + leading - 1, text, "total")
        else:
            for j in range(leading):
                sheet.put(r, left + j, None, "total")
            sheet.cells[r, left].value = text
        if total == "plan":
            own = annex.total
        elif total == "blank":
            own = [""] * len(annex.columns)
        else:
            own = next(x for x in rows if filled is None or x in filled)
        for j, slot in enumerate(slots):
            if j < leading:
                continue
            if slot is None or columns[slot].kind != "figure":
                sheet.put(r, left + j, None, "total")
                continue
            formula = ""
            if total == "formula" or (formulas and total == "plan"):
                formula = f"=SUM({address(first_data, left + j)}:{address(first_data + len(rows) - 1, left + j)})"
            put_figure(r, j, columns[slot], own[places[slot]], "total", formula)
        sheet.heights[r] = 22

    if total_at_top:
        put_total(row)
        row += 1
    for i, values in enumerate(rows):
        show = filled is None or values in filled
        for j, slot in enumerate(slots):
            if slot is None:
                sheet.put(row, left + j, None, "text")
                continue
            column, text = columns[slot], values[places[slot]]
            if column.kind == "serial":
                number = text if serial == "plan" else str(i + 1)
                sheet.put(row, left + j, Decimal(number), "text")
            elif column.kind == "figure":
                put_figure(row, j, column, text if show else "", formula=row_formula(row, column) if show else "")
            elif column.kind == "date":
                how = dates if isinstance(dates, str) else dates[column.name]
                if how == "date":
                    sheet.put(row, left + j, date.fromisoformat(text), "text", "yyyy-mm-dd")
                else:
                    sheet.put(row, left + j, text, "text")
            elif column.name in annex.keys:
                sheet.put(row, left + j, label(text), "text")
            else:
                sheet.put(row, left + j, text or None, "text")
        tallest = max(lines_of(values[places[s]], columns[s].width) for s in slots
                      if s is not None and columns[s].merge != "all")
        sheet.heights[row] = 22 if tallest == 1 else 15 * tallest + 6
        row += 1
    if total and not total_at_top:
        put_total(row)
        row += 1
    if helper:
        keys = [place_of(k) for k in annex.keys]
        sheet.put(top, last + 1, helper, "head")
        for i, values in enumerate(rows):
            r = first_data + i
            sheet.put(r, last + 1, "".join(values[annex.place(k)] for k in annex.keys), "text",
                      formula="=" + "&".join(address(r, k) for k in keys))
        sheet.hidden.add(last + 1)

    # Equal neighbours become one cell.
    for j, slot in enumerate(slots):
        if slot is None or not columns[slot].merge:
            continue
        if columns[slot].merge == "all":
            end = row - 1
            if merge_down and end > first_data:
                sheet.span(first_data, left + j, end, left + j, rows[0][places[slot]] or None, "text")
        elif merge_down:
            merge_equal(sheet, rows, [places[slot]] + ([annex.place("年度")] if columns[slot].kind == "serial" else []),
                        first_data, left + j)

    # Lines below the table.
    for text in notes:
        sheet.span(row, left, row, last, text, "note")
        sheet.heights[row] = 20
        row += 1
    if sign_off:
        step = max(1, len(slots) // len(sign_off))
        for k, text in enumerate(sign_off):
            c = left + k * step
            if isinstance(text, date):
                end = min(last, c + (2 if sheet.widths[c] < 12 else 0))
                sheet.span(row, c, row, end, text, "note")
                sheet.cells[row, c].number_format = 'yyyy"年"m"月"d"日"'
            elif len(sign_off) == 1:
                sheet.span(row, c, row, last, text, "note")
            else:
                sheet.put(row, c, text, "note")
        sheet.heights[row] = 22
    return sheet


def draw_merged_header(sheet, top, left, paths, depth, head):
    """Shared beginnings of neighbouring paths become one cell; a short path goes down to the last header row."""
    for d in range(depth):
        j = 0
        while j < len(paths):
            path = paths[j]
            if len(path) <= d:
                j += 1
                continue
            end = j
            while end + 1 < len(paths) and len(path) > d + 1 and paths[end + 1][:d + 1] == path[:d + 1]:
                end += 1
            bottom = depth - 1 if len(path) == d + 1 else d
            sheet.span(top + d, left + j, top + bottom, left + end, head(path[d]) or None, "head")
            j = end + 1


def lines_of(text, width):
    """How many lines a text takes in a column; Chinese characters are two wide."""
    wide = [sum(2 if ord(ch) > 0x2E7F or ch in "Ⅲ㎡" else 1 for ch in part) for part in text.split("\n")]
    return sum(max(1, -(-w // max(1, int(width) - 1))) for w in wide)


def set_header_heights(sheet, top, columns, depth, head, merged):
    """Rows high enough for the texts; where cells are merged, a text may use all the rows and columns it spans."""
    heights = [24] * depth
    for column in columns:
        for d, text in enumerate(column.path):
            need = 15 * lines_of(head(text), column.width) + 8
            if not merged:
                heights[d] = max(heights[d], need)
            elif d == len(column.path) - 1:
                heights[-1] = max(heights[-1], need - sum(heights[d:-1]))
    for d, height in enumerate(heights):
        sheet.heights[top + d] = height


def merge_equal(sheet, rows, places, first, column):
    """Merges runs of rows that agree in `places`."""
    start = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or any(rows[i][p] != rows[start][p] for p in places):
            if i - start > 1:
                cell = sheet.cells[first + start, column]
                number_format = cell.number_format
                sheet.span(first + start, column, first + i - 1, column, cell.value, cell.style)
                sheet.cells[first + start, column].number_format = number_format
            start = i


def lookup_sheet(name, heads, rows, look=OFFICIAL):
    """A second sheet that is no form: a list that the office keeps beside it."""
    sheet = Sheet(name, look)
    for j, text in enumerate(heads):
        sheet.put(0, j, text, "head")
        sheet.widths[j] = 16
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            sheet.put(i + 1, j, text, "text")
    return sheet
