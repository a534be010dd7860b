//! What must hold of everything that was read.

use hebiao::model::{Cell, CellValue, Sheet, Unreadable, Workbook};
use hebiao::read::{Limits, read};

/// Reads a file of an input, and holds what comes out against [`Limits`] and itself.
pub fn read_soundly(bytes: &[u8], limits: &Limits) -> Option<Workbook> {
    let workbook = match read(bytes, limits) {
        Ok(workbook) => workbook,
        Err(reason) => {
            assert_refused(&reason);
            return None;
        }
    };
    for (_, reason) in &workbook.unreadable_sheets {
        assert_refused(reason);
    }
    assert_within(&workbook, limits);
    // The same bytes give the same cells; asked of some, since it takes the time of another.
    if bytes.len().is_multiple_of(8) {
        let again = read(bytes, limits).expect("read once");
        assert_eq!(content(&workbook), content(&again), "another reading");
    }
    Some(workbook)
}

/// A reader that stumbled should have refused.
pub fn assert_refused(reason: &Unreadable) {
    if let Unreadable::ParserPanicked { detail } = reason {
        panic!("a reader panicked: {detail}");
    }
}

fn assert_within(workbook: &Workbook, limits: &Limits) {
    assert!(workbook.sheets.len() <= limits.sheets);
    let n_cells: usize = (workbook.sheets.iter())
        .map(|sheet| sheet.cells().len())
        .sum();
    assert!(n_cells <= limits.cells, "{n_cells} cells");
    let n_merges: usize = workbook.sheets.iter().map(|sheet| sheet.merges.len()).sum();
    assert!(n_merges <= limits.merges, "{n_merges} merged regions");
    let mut n_text = 0;
    for sheet in &workbook.sheets {
        assert!(
            sheet.cells().is_sorted_by(|a, b| a.at < b.at),
            "each address once, in order"
        );
        for cell in sheet.cells() {
            assert!(cell.at.row < limits.rows && cell.at.col < limits.columns);
            assert_eq!(sheet.get(cell.at).map(|found| found.at), Some(cell.at));
            n_text += cell.formula.as_ref().map_or(0, |formula| formula.len());
            match &cell.value {
                CellValue::Number(number) => assert!(number.is_finite(), "{}", cell.at),
                CellValue::Text(text) => {
                    assert!(!text.is_empty() || cell.formula.is_some(), "{}", cell.at);
                    n_text += text.len();
                }
                CellValue::NotCalculated => assert!(cell.formula.is_some(), "{}", cell.at),
                CellValue::Date(_) | CellValue::Bool(_) | CellValue::Error(_) => {}
            }
        }
        for merge in &sheet.merges {
            assert!(merge.start <= merge.end && merge.start.col <= merge.end.col);
            assert!(merge.end.row < limits.rows && merge.end.col < limits.columns);
            assert!(sheet.merge_at(merge.end).is_some());
        }
    }
    let most = limits.text_bytes + limits.shared_text_bytes;
    assert!(n_text <= most, "{n_text} bytes of text");
}

/// Everything that the sheets say, a line for each cell.
pub fn content(workbook: &Workbook) -> Vec<String> {
    let mut lines = Vec::new();
    for sheet in &workbook.sheets {
        lines.push(format!(
            "[{}] {} {:?}",
            sheet.name, sheet.visible, sheet.merges
        ));
        lines.extend(sheet.cells().iter().map(|cell| format!("{cell:?}")));
    }
    lines.extend(
        workbook
            .unreadable_sheets
            .iter()
            .map(|sheet| format!("{sheet:?}")),
    );
    lines
}

/// What a clerk sees of the sheets that are not our own is the same in a copy: names, addresses, values.
pub fn assert_kept(workbook: &Workbook, copy: &Workbook) {
    let (before, after) = (clerks(workbook), clerks(copy));
    let mut taken: Vec<String> = Vec::new();
    for (sheet, copied) in before.iter().zip(&after) {
        let name = sheet.name.to_lowercase();
        // What Excel takes for no name has another one in a copy made anew.
        if is_name(&name) && !taken.contains(&copied.name.to_lowercase()) && !taken.contains(&name)
        {
            assert_eq!(sheet.name, copied.name);
        }
        taken.extend([name, copied.name.to_lowercase()]);
        assert_eq!(values(sheet), values(copied), "{}", sheet.name);
    }
    assert_eq!(before.len(), after.len(), "sheets");
    // Where every sheet that could be read is hidden, a copy made anew shows the first.
    if before.iter().any(|sheet| sheet.visible) {
        for (sheet, copied) in before.iter().zip(&after) {
            assert_eq!(sheet.visible, copied.visible, "{}", sheet.name);
        }
    }
}

fn clerks(workbook: &Workbook) -> Vec<&Sheet> {
    let sheets = workbook.sheets.iter();
    sheets
        .filter(|sheet| !hebiao::explanations::is_ours(sheet))
        .collect()
}

fn is_name(name: &str) -> bool {
    (1..=31).contains(&name.encode_utf16().count())
        && !name.starts_with('\'')
        && !name.ends_with('\'')
        && !name.contains(|c: char| c.is_control() || "[]:*?/\\".contains(c))
}

/// A line for each cell that is not blank.
fn values(sheet: &Sheet) -> Vec<String> {
    // A formula that was never calculated is blank in a copy made anew, and so is the empty text; where Excel
    // may not take the formula, the cell is not there.
    let line = |cell: &Cell| match &cell.value {
        CellValue::NotCalculated => None,
        CellValue::Text(text) if text.is_empty() => None,
        value => Some(format!("{} {value:?}", cell.at)),
    };
    sheet.cells().iter().filter_map(line).collect()
}
