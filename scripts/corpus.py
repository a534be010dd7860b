#!/usr/bin/env python3
"""Runs hebiao over every file of some folders, whatever they are, and says what came of each: outcome, CPU time,
memory, cells, and where other readers read them otherwise.

    cargo build --release --examples
    cargo build --release
    scripts/corpus.py FOLDER… [--programs target/release] [--copies] [--mutations 20]

For each file, each in a process of its own with limits of time and memory:

- `hebiao check FILE --format json`: it must end with 0 or 1, and list the file as read or unreadable;
- `examples/compare_cells FILE`: our cells against calamine's, and against those of openpyxl (.xlsx, .xlsm), xlrd
  (.xls) and odfpy (.ods) where Python has them: address, type, exact text, numbers to 15 digits;
- with --copies, `examples/mark_file FILE`: marked copies at random cells, of changed bytes too; the copies are then
  checked by openxml-audit (a port of the checks of Microsoft's Open XML SDK), where Python has it: what it says of a
  copy and not of the original is a fault;
- with --mutations N, N times with some bytes changed: only failures are shown.

Differences that are right are listed with their reasons in `RIGHT` below, and counted by themselves. The exit code is
1 where anything panics, aborts, runs out of time or memory, ends with a wrong code, loses or misreads a cell, or
makes a copy that is no lawful package.

    pip install openpyxl xlrd odfpy openxml-audit
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

# What another reader says otherwise by right: (its name, test of what both say, reason).
RIGHT = [
    ("any", lambda us, it: us == ("not-calculated", ""),
     "a formula whose value was never saved is told apart from a blank cell"),
    ("any", lambda us, it: us[0] == "text" and us[1] == "" and it is None,
     "a formula that comes to an empty text is a cell"),
    ("any", lambda us, it: us[0] == "text" and it and it[0] == "text" and spaced(us[1]) == spaced(it[1]),
     "blanks at the ends count only where the file says so (xml:space), and once in OpenDocument; line ends are one"),
    ("openpyxl", lambda us, it: it and it[0] == "text" and us[0] == "text" and us[1] == unescaped(it[1]),
     "openpyxl leaves _x000D_ and the like as they are written"),
    ("openpyxl", lambda us, it: us[0] == "number" and it and it[0] == "date",
     "times, and days that no form can be about, stay numbers"),
    ("xlrd", lambda us, it: us[0] == "number" and it and it[0] == "date",
     "times, and days that no form can be about, stay numbers"),
    ("openpyxl", lambda us, it: us[0] == "date" and it and it[0] == "number",
     "formats of dates with locale or era marks are numbers to openpyxl"),
    ("xlrd", lambda us, it: us[0] == "date" and it and it[0] == "number",
     "formats of dates with locale or era marks are numbers to xlrd"),
    ("odfpy", lambda us, it: us[0] == "error", "in OpenDocument an error is kept as a text, or as 0 with the error shown"),
    ("odfpy", lambda us, it: us[0] == "number" and it and it[0] == "time", "times are parts of a day"),
]

# What openxml-audit says of copies that is lawful: (words, reason).
LAWFUL = [
    ("inline-string cell(s)", "texts of 审核说明 stand in their cells, so that the list of shared texts stays as it was"),
]


def spaced(text):
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ")).strip()


def unescaped(text):
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text).replace("\r\n", "\n").replace("\r", "\n")


class Run:
    """A process with limits, and what it took."""

    def __init__(self, command, seconds, memory):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))

        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, stdout=out, stderr=err, preexec_fn=limit)
            # The system's own account of the peak begins with what this script had.
            peak, ended = 0, 0
            while not ended:
                try:
                    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                    peak = max([peak] + [int(n) for n in re.findall(r"VmHWM:\s+(\d+)", status)])
                except OSError:
                    pass
                ended, status, used = os.wait4(process.pid, os.WNOHANG)
                time.sleep(0 if ended else 0.002)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            self.out = out.read().decode(errors="replace")
            self.err = err.read().decode(errors="replace")
        self.code = process.returncode
        self.seconds = used.ru_utime + used.ru_stime
        self.megabytes = peak / 1024

    def failure(self, fine):
        """What is wrong with how it ended, in a word; nothing where it ended well."""
        if self.code in (-24, -9):
            return "out of time"
        if self.code < 0:
            return f"signal {-self.code}"
        if self.code == 101 or "panicked at" in self.err:
            return "panic"
        return "" if self.code in fine else f"exit {self.code}"


def column(letters):
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def address(row, col):
    letters = ""
    while col:
        col, rest = divmod(col - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def unquoted(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r", "t": "\t"}.get(m[1], m[1]), text)


def our_cells(out):
    """Cells by (sheet, address), the differences to calamine, the sheets that could not be read, and whether calamine read it."""
    cells, calamine, unreadable, compared = {}, [], set(), False
    for line in out.splitlines():
        fields = line.split("\t")
        if fields[0] == "cell":
            cells[unquoted(fields[1]), fields[2]] = (fields[3], unquoted("\t".join(fields[4:])))
        elif fields[0] == "calamine":
            calamine.append("\t".join(fields[1:]))
        elif fields[0] == "unreadable":
            unreadable.add(unquoted(fields[1]))
        elif fields[0] == "compared":
            compared = True
    return cells, calamine, unreadable, compared


def plain(value, is_error=False):
    """A value of Python as (type, value); None for nothing."""
    if value is None:
        return None
    if is_error:
        return "error", str(value)
    if isinstance(value, bool):
        return "bool", "true" if value else "false"
    if isinstance(value, (int, float)):
        return "number", repr(float(value))
    if isinstance(value, (datetime.datetime, datetime.date)):
        return "date", value.isoformat()[:10]
    if isinstance(value, (datetime.time, datetime.timedelta)):
        return "date", str(value)
    return "text", str(value).replace("\r\n", "\n").replace("\r", "\n")


def by_openpyxl(path):
    import openpyxl
    book = openpyxl.load_workbook(path, data_only=True)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    yield sheet.title, cell.coordinate, plain(cell.value, cell.data_type == "e"), cell.value


def by_xlrd(path):
    import xlrd
    with open(os.devnull, "w") as nowhere:
        book = xlrd.open_workbook(path, logfile=nowhere)
    for sheet in book.sheets():
        for row in range(sheet.nrows):
            for col in range(sheet.row_len(row)):
                kind, value = sheet.cell_type(row, col), sheet.cell_value(row, col)
                at = address(row + 1, col + 1)
                if kind == xlrd.XL_CELL_TEXT and value != "":
                    yield sheet.name, at, plain(value), value
                elif kind == xlrd.XL_CELL_NUMBER:
                    yield sheet.name, at, plain(value), value
                elif kind == xlrd.XL_CELL_BOOLEAN:
                    yield sheet.name, at, plain(bool(value)), value
                elif kind == xlrd.XL_CELL_ERROR:
                    yield sheet.name, at, ("error", xlrd.error_text_from_code.get(value, "")), value
                elif kind == xlrd.XL_CELL_DATE:
                    try:
                        date = xlrd.xldate_as_datetime(value, book.datemode)
                        yield sheet.name, at, plain(date), value
                    except (ValueError, OverflowError):
                        yield sheet.name, at, plain(value), value


def by_odfpy(path):
    from odf import opendocument, table, teletype
    from odf.namespaces import OFFICENS, TABLENS
    document = opendocument.load(path)
    for sheet in document.spreadsheet.getElementsByType(table.Table):
        name, row_number = sheet.getAttribute("name"), 0
        for row in sheet.getElementsByType(table.TableRow):
            times = int(row.getAttribute("numberrowsrepeated") or 1)
            col = 0
            for cell in row.childNodes:
                if cell.qname not in ((TABLENS, "table-cell"), (TABLENS, "covered-table-cell")):
                    continue
                repeated = int(cell.getAttribute("numbercolumnsrepeated") or 1)
                kind = cell.attributes.get((OFFICENS, "value-type"))
                text = "\n".join(teletype.extractText(p) for p in cell.childNodes if p.qname[1] == "p")
                value = None
                if kind in ("float", "percentage", "currency"):
                    value = plain(float(cell.attributes[OFFICENS, "value"]))
                elif kind == "date":
                    value = ("date", cell.attributes[OFFICENS, "date-value"][:10])
                elif kind == "time":
                    value = ("time", text)
                elif kind == "boolean":
                    value = ("bool", cell.attributes[OFFICENS, "boolean-value"])
                elif text:
                    value = ("text", text)
                if value and times * repeated < 100_000:
                    for r in range(times):
                        for c in range(repeated):
                            yield name, address(row_number + r + 1, col + c + 1), value, None
                col += repeated
            row_number += times


def same(us, it):
    if us == it:
        return True
    if us is None or it is None:
        return False
    if us[0] == it[0] == "number":
        return f"{float(us[1]):.14e}" == f"{float(it[1]):.14e}"
    if us[0] == it[0] == "date":
        return it[1].startswith(us[1])
    # What Excel shows as an error, other programs may keep under its other name.
    return us[0] == it[0] == "error"


def against(name, cells, unreadable, others):
    """What is lost, what misread, and what differs by right, by reason."""
    lost, misread, right = [], [], collections.Counter()
    sheets = {sheet for sheet, _ in cells}
    seen = set()
    for sheet, at, it, _ in others:
        if sheet in unreadable:
            right["a sheet that cannot be read is named"] += 1
            continue
        seen.add((sheet, at))
        us = cells.get((sheet, at))
        if it in (None, ("text", "")) or same(us, it):
            continue
        reason = next((why for who, test, why in RIGHT if who in ("any", name) and us and test(us, it)), None)
        if reason:
            right[reason] += 1
        elif us is None:
            lost.append(f"{sheet}!{at}: {name} reads {it}")
        else:
            misread.append(f"{sheet}!{at}: {us}, {name} reads {it}")
    return lost, misread, right


def other_reader(path, kind):
    """The name of the reader and its cells, all read, or why there are none."""
    readers = {"xlsx": ("openpyxl", by_openpyxl), "xlsm": ("openpyxl", by_openpyxl), "xls": ("xlrd", by_xlrd), "ods": ("odfpy", by_odfpy)}
    if kind not in readers:
        return None, []
    name, read = readers[kind]
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as copy:
        copy.write(path.read_bytes())
        copy.flush()
        try:
            return name, list(read(copy.name))
        except ImportError:
            return None, []
        except Exception:  # Whatever it stumbles over, it says nothing about us.
            return None, []


def audit(path):
    """What openxml-audit says of a workbook; None where it is not installed."""
    try:
        from openxml_audit import OpenXmlValidator
    except ImportError:
        return None
    said = collections.Counter()
    try:
        result = OpenXmlValidator(max_errors=2000).validate(str(path))
    except Exception as error:  # A damaged original.
        said[f"cannot be opened: {error}"] += 1
        return said
    for error in result.errors:
        if any(words in error.description for words, _ in LAWFUL):
            continue
        part = str(getattr(error, "part_uri", "") or "")
        said[re.sub(r"\d+", "#", f"{part}: {error.description}")] += 1
    return said


def mutated(data, chance):
    """Some bytes changed, or the end cut off, or a part doubled."""
    data = bytearray(data)
    kind = chance.random()
    if kind < 0.1:
        return bytes(data[: chance.randrange(len(data))])
    if kind < 0.15:
        start = chance.randrange(len(data))
        return bytes(data[:start] + data[start:start + 4096] + data[start:])
    for _ in range(chance.choice((1, 2, 4, 8, 32))):
        at = chance.randrange(len(data))
        data[at] = chance.choice((0, 0xFF, 0x7F, 0x80, data[at] ^ 1 << chance.randrange(8), chance.randrange(256)))
    return bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    parser.add_argument("--programs", type=pathlib.Path, default=pathlib.Path("target/release"))
    parser.add_argument("--seconds", type=float, default=20, help="of CPU time for a file")
    parser.add_argument("--memory", type=int, default=2048, help="MiB of address space")
    parser.add_argument("--resident", type=int, default=512, help="MiB of memory that a file may take")
    parser.add_argument("--copies", action="store_true", help="make and check marked copies")
    parser.add_argument("--changed", type=int, default=20, help="copies of changed bytes for each file, with --copies")
    parser.add_argument("--mutations", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shown", type=int, default=5, help="differences shown for a file")
    arguments = parser.parse_args()
    memory = arguments.memory << 20
    hebiao = arguments.programs / "hebiao"
    compare = arguments.programs / "examples/compare_cells"
    mark = arguments.programs / "examples/mark_file"

    files = sorted(p for folder in arguments.folders for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    totals, outcomes, right, n_by = collections.Counter(), collections.Counter(), collections.Counter(), collections.Counter()
    n_audited = 0
    for path in files:
        faults = []
        checked = Run([hebiao, "check", path, "--format", "json"], arguments.seconds, memory)
        failure = checked.failure((0, 1))
        outcome, kind = failure or "read", ""
        if failure:
            faults.append(f"check: {failure}: {checked.err.strip()[:300]}")
        else:
            try:
                record = json.loads(checked.out)["files"][0]
                outcome, kind = record["status"], record.get("format") or ""
            except (ValueError, LookupError):
                faults.append("check: no file in its json")
        if checked.megabytes > arguments.resident:
            faults.append(f"check: {checked.megabytes:.0f} MiB")

        compared = Run([compare, path], arguments.seconds * 3, memory)
        failure = compared.failure((0,))
        if failure:
            faults.append(f"compare_cells: {failure}")
        cells, calamine, unreadable, with_calamine = our_cells(compared.out)
        faults += [f"calamine: {difference}" for difference in calamine[: arguments.shown]]
        totals["misread, by calamine"] += len(calamine)
        n_by["calamine"] += len(cells) if with_calamine else 0
        name, others = other_reader(path, kind) if cells or outcome == "read" else (None, [])
        if name:
            lost, misread, by_right = against(name, cells, unreadable, others)
            faults += [f"lost: {line}" for line in lost[: arguments.shown]] + [f"misread: {line}" for line in misread[: arguments.shown]]
            totals[f"lost, by {name}"] += len(lost)
            totals[f"misread, by {name}"] += len(misread)
            right.update({f"{name}: {why}": n for why, n in by_right.items()})
            n_by[name] += len(others)

        if arguments.copies and cells:
            with tempfile.TemporaryDirectory() as folder:
                marked = Run([mark, path, "--copies", folder, "--rounds", "4", "--changed", str(arguments.changed)], arguments.seconds * 10, memory)
                failure = marked.failure((0,))
                if failure:
                    faults.append(f"mark_file: {failure}: {(marked.out + marked.err).strip()[:300]}")
                totals["copies"] += 4 + arguments.changed
                for copy in pathlib.Path(folder).iterdir():
                    said = audit(copy)
                    if said is None:
                        continue
                    n_audited += 1
                    with tempfile.NamedTemporaryFile(suffix=copy.suffix) as original:
                        original.write(path.read_bytes())
                        original.flush()
                        known = audit(original.name) if kind in ("xlsx", "xlsm") else {}
                    faults += [f"copy: {what} ({n})" for what, n in said.items() if n > known.get(what, 0)][: arguments.shown]

        outcomes[outcome] += 1
        totals["cells"] += len(cells)
        print(f"{outcome:12} {checked.seconds * 1000:7.0f} ms {checked.megabytes:6.0f} MB {len(cells):8} cells  {path}", flush=True)
        for fault in faults:
            print(f"             {fault}", flush=True)
        totals["files with faults"] += bool(faults)

    tried = failed = 0
    chance = random.Random(arguments.seed)
    with tempfile.NamedTemporaryFile() as scratch:
        for path in files:
            data = path.read_bytes()
            for _ in range(arguments.mutations if data else 0):
                changed = mutated(data, chance)
                pathlib.Path(scratch.name).write_bytes(changed)
                run = Run([hebiao, "check", scratch.name, "--format", "json"], arguments.seconds, memory)
                tried += 1
                failure = run.failure((0, 1))
                if failure:
                    failed += 1
                    kept = pathlib.Path(tempfile.gettempdir()) / f"failed-{tried}-{path.name}"
                    kept.write_bytes(changed)
                    print(f"{failure}: {path.name} changed, kept as {kept}")

    print(f"\n{len(files)} files: " + ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items())))
    print(f"{totals['cells']} cells; compared " + (", ".join(f"{n} with {name}" for name, n in sorted(n_by.items())) or "with nobody"))
    for what in sorted(k for k in totals if k.startswith(("lost", "misread"))):
        print(f"{what}: {totals[what]}")
    if arguments.copies:
        said = f"{n_audited} checked by openxml-audit" if n_audited else "openxml-audit: skipped, it is not installed"
        print(f"{totals['copies']} marked copies; {said}")
    if tried:
        print(f"{tried} changed files, {failed} failures")
    for why, n in sorted(right.items()):
        print(f"right: {why}: {n}")
    print(f"{totals['files with faults']} files with faults")
    return 1 if totals["files with faults"] or failed else 0


if __name__ == "__main__":
    sys.exit(main())
