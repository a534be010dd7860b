//! What a workbook holds by us against what it holds by calamine, cell by cell.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, ExcelDateTime, ExcelDateTimeType, Ods, Reader, Xls, Xlsb, Xlsx};
use hebiao::model::{Cell, CellRef, CellValue, Date, Format, Workbook};

/// How the two differ, a line each; nothing where calamine cannot open the file.
pub(crate) fn differences(ours: &Workbook, bytes: &[u8]) -> Option<Vec<String>> {
    let bytes = Cursor::new(bytes);
    match ours.format {
        Format::Xlsx | Format::Xlsm => by(ours, Xlsx::new(bytes).ok()?),
        Format::Xlsb => by(ours, Xlsb::new(bytes).ok()?),
        Format::Xls => by(ours, Xls::new(bytes).ok()?),
        Format::Ods => by(ours, Ods::new(bytes).ok()?),
    }
}

fn by<'b, R: Reader<Cursor<&'b [u8]>>>(ours: &Workbook, mut theirs: R) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for sheet in &ours.sheets {
        // Two sheets of one name are one to calamine.
        let same_name = ours.sheets.iter().filter(|other| other.name == sheet.name);
        if same_name.count() > 1 {
            continue;
        }
        let Ok(range) = theirs.worksheet_range(&sheet.name) else {
            continue;
        };
        let (top, left) = range.start().unwrap_or_default();
        let mut cells: BTreeMap<CellRef, &Data> = BTreeMap::new();
        for (row, col, value) in range.used_cells() {
            let at = CellRef::new(top + row as u32, left + col as u32);
            cells.insert(at, value);
        }
        for cell in sheet.cells() {
            let value = cells.remove(&cell.at);
            if !is_same(cell, value, ours.format) {
                let name = &sheet.name;
                found.push(format!(
                    "{name}!{}: {:?}, by calamine {value:?}",
                    cell.at, cell.value
                ));
            }
        }
        for (at, value) in cells.iter().filter(|(_, value)| !is_blank(value)) {
            found.push(format!(
                "{}!{at}: nothing, by calamine {value:?}",
                sheet.name
            ));
        }
    }
    Some(found)
}

/// Whether both say the same. Where they differ by right, the reason stands beside it.
fn is_same(cell: &Cell, value: Option<&Data>, format: Format) -> bool {
    let Some(value) = value else {
        // Formulas without a saved value, and those whose value is an empty text, are no cells to calamine.
        return match &cell.value {
            CellValue::NotCalculated => true,
            CellValue::Text(text) => text.is_empty(),
            // Those of formulas in binary workbooks it passes over.
            CellValue::Error(_) => format == Format::Xlsb,
            _ => false,
        };
    };
    match (&cell.value, value) {
        (CellValue::NotCalculated, value) => is_blank(value) || format != Format::Xlsx,
        (CellValue::Number(a), Data::Float(b)) => is_near(*a, *b),
        (CellValue::Number(a), Data::Int(b)) => is_near(*a, *b as f64),
        // Times, and days that no form is about, are numbers to us.
        (CellValue::Number(a), Data::DateTime(b)) => is_near(*a, b.as_f64()),
        (CellValue::Number(_), Data::DurationIso(_)) => true,
        (CellValue::Date(a), Data::DateTime(b)) => {
            let (year, month, day, ..) = b.to_ymd_hms_milli();
            let text = format!("{year:04}-{month:02}-{day:02}");
            is_day(*a, &text) || b.as_f64().fract() > 0.999_99
        }
        (CellValue::Date(a), Data::DateTimeIso(text)) => is_day(*a, text),
        // Of some number formats calamine does not know that they are of dates.
        (CellValue::Date(a), Data::Float(b)) => [false, true].into_iter().any(|is_1904| {
            let days = ExcelDateTime::new(*b, ExcelDateTimeType::DateTime, is_1904);
            let (year, month, day, ..) = days.to_ymd_hms_milli();
            is_day(*a, &format!("{year:04}-{month:02}-{day:02}"))
        }),
        (CellValue::Text(a), Data::String(b)) => is_same_text(a, b, format),
        // Numbers beyond what a cell can hold are kept as they are written.
        (CellValue::Text(a), Data::Float(b)) => a.parse() == Ok(*b),
        (CellValue::Text(a), value) if a.is_empty() => is_blank(value),
        (CellValue::Text(a), Data::DateTimeIso(b) | Data::DurationIso(b)) => **a == **b,
        (CellValue::Bool(a), Data::Bool(b)) => a == b,
        (CellValue::Error(a), Data::Error(b)) => *a == b.to_string(),
        // An error is a text to calamine in .ods, or the 0 that is kept beside it.
        (CellValue::Error(_), Data::String(_) | Data::Float(_) | Data::Empty) => {
            format == Format::Ods
        }
        _ => false,
    }
}

fn is_blank(value: &Data) -> bool {
    match value {
        Data::Empty => true,
        Data::String(text) => text.is_empty(),
        _ => false,
    }
}

/// To fifteen digits, as spreadsheets show numbers.
fn is_near(a: f64, b: f64) -> bool {
    a == b || format!("{a:.14e}") == format!("{b:.14e}")
}

/// Whether the day is that of `2024-05-31…`, as far as it is shown.
fn is_day(date: Date, text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut part = |length: usize| {
        let part = parts.next()?.get(..length)?;
        part.parse::<u16>().ok()
    };
    let day = (part(4), part(2), part(2));
    day.0 == Some(date.year)
        && date
            .month
            .is_none_or(|month| day.1 == Some(u16::from(month)))
        && date.day.is_none_or(|date| day.2 == Some(u16::from(date)))
}

fn is_same_text(ours: &str, theirs: &str, format: Format) -> bool {
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    match format {
        // OpenDocument counts blanks once, which calamine does not.
        Format::Ods => {
            let words = |text: &str| text.split_whitespace().collect::<String>();
            words(ours) == words(theirs)
        }
        // calamine takes some wide texts of old workbooks for narrow ones.
        Format::Xls => lines(ours) == lines(&theirs.replace('\0', "")),
        _ => lines(ours) == lines(theirs),
    }
}
