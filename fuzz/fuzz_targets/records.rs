//! records.parquet of an earlier period: the bytes of a file, its two halves, or a whole file in which cells
//! hold something else.
//!
//! The first byte says which. Changed cells are lines of an input: column, row, what it holds now.

#![no_main]

use std::io::Cursor;
use std::sync::OnceLock;

use hebiao::consolidate::read_records;
use hebiao::consolidate::records::write_records;
use hebiao::model::{Past, Period, Value};
use hebiao::pipeline::FormReader;
use hebiao_fuzz::SEPARATOR;
use hebiao_fuzz::grid::GridFile;
use hebiao_fuzz::scheme::luntai;
use libfuzzer_sys::fuzz_target;
use polars::prelude::*;

fuzz_target!(
    init: {
        // A panic inside polars may be caught; one that is not ends the target all the same.
        std::panic::set_hook(Box::new(|_| ()));
    },
    |data: &[u8]| {
        let Some((kind, content)) = data.split_first() else {
            return;
        };
        match kind.wrapping_sub(b'0') % 4 {
            0 => {
                read(content.to_vec());
            }
            1 => {
                read(halves(content));
            }
            _ => changed(&String::from_utf8_lossy(content)),
        }
    }
);

const FORM: &str = "轮台镇.xlsx
附件3
单位：亩
单位\t2023年度\t2024年度\t2025年度\t三年合计
轮台镇\t1.50\t－\t约30\t6";

fn may() -> Period {
    Period::parse("2024-05").expect("a month")
}

fn read(bytes: Vec<u8>) -> Option<Past> {
    read_records(luntai(), may(), Cursor::new(bytes)).ok()
}

/// The file that is written of one small form.
fn whole() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let made = GridFile::of(FORM.as_bytes());
        let file = FormReader::new(luntai(), None).file(&made.name.as_str().into(), &made.bytes());
        let mut bytes = Vec::new();
        write_records(luntai(), may(), &[file.record], &file.tables, &mut bytes).expect("memory");
        bytes
    })
}

/// Pages and what describes them, as an input has them, between the marks and lengths of a whole file.
fn halves(content: &[u8]) -> Vec<u8> {
    let at = content
        .windows(SEPARATOR.len())
        .position(|bytes| bytes == SEPARATOR);
    let (pages, description) = match at {
        Some(at) => (&content[..at], &content[at + SEPARATOR.len()..]),
        // The description alone, behind the pages that it is usually about.
        None => {
            let whole = whole();
            let end = whole.len() - 8;
            let length = u32::from_le_bytes(*whole[end..].first_chunk().expect("a length"));
            (&whole[4..end - length as usize], content)
        }
    };
    let length = u32::try_from(description.len())
        .expect("a short input")
        .to_le_bytes();
    [b"PAR1", pages, description, &length, b"PAR1"].concat()
}

/// What is in a file of which some cells were changed is read, or the file is refused: no figure comes out of it
/// that does not stand there.
fn changed(input: &str) {
    let reader = ParquetReader::new(Cursor::new(whole()));
    let frame = reader.finish().expect("the file is whole");
    let n_rows = frame.height();
    let mut columns: Vec<Vec<Option<String>>> = (frame.columns().iter())
        .map(|column| {
            let shown = |idx| match column.get(idx).expect("a row") {
                AnyValue::Null => None,
                value => Some(value.str_value().into_owned()),
            };
            (0..n_rows).map(shown).collect()
        })
        .collect();
    for line in input.lines().take(50) {
        let mut parts = line.splitn(3, '\t');
        let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
        let (Some(column), Some(row)) = (number(), number()) else {
            continue;
        };
        let (column, row) = (column % columns.len(), row % n_rows);
        columns[column][row] = parts.next().map(str::to_owned);
    }
    let made: Vec<Column> = (frame.columns().iter().zip(&columns))
        .map(|(was, texts)| {
            let texts = Column::new(was.name().clone(), texts);
            texts.cast(was.dtype()).unwrap_or(texts)
        })
        .collect();
    let mut made = DataFrame::new(n_rows, made).expect("columns of one length");
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .finish(&mut made)
        .expect("memory");
    let Some(past) = read(bytes) else { return };
    let column = |name: &str| {
        let idx = frame
            .columns()
            .iter()
            .position(|column| column.name() == name);
        &columns[idx.expect("a column")]
    };
    let (values, texts) = (column("value"), column("text"));
    for table in &past.tables {
        for entry in table.rows.iter().flat_map(|row| &row.entries) {
            let Value::Amount(amount) = &entry.value else {
                continue;
            };
            let stands = |text: &Option<String>| {
                let read = text
                    .as_ref()
                    .and_then(|text| text.parse::<hebiao::model::Amount>().ok());
                read == Some(*amount)
            };
            assert!(
                values.iter().any(stands) || texts.iter().any(stands),
                "{amount} stands nowhere"
            );
        }
    }
}
