//! Writes what the targets start from into `fuzz/corpus`: the files of the tests, the sample inbox and the
//! shipped scheme, each cut into the parts that a target takes.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use hebiao::model::{Format, Workbook};
use hebiao::read::{Limits, read};
use hebiao_fuzz::packages::{Kind, ODS, XLSB, XLSX};
use hebiao_fuzz::scheme::{self, project};
use hebiao_fuzz::{grid, joined, streams};
use zip::ZipArchive;

/// Larger files are slow to try and have nothing that smaller ones lack.
const MAX_BYTES: u64 = 200 << 10;

fn main() {
    for path in files() {
        let Ok(bytes) = fs::read(&path) else { continue };
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        of_file(&name.unwrap_or_default(), &bytes);
    }
    for input in scheme::inputs() {
        seed("scheme", &input);
    }
    for sheet in xlsb_sheets() {
        seed("xlsb", &joined(&[(0, &sheet)]));
    }
    for (idx, texts) in TEXTS.iter().enumerate() {
        for text in *texts {
            seed("texts", &[&[b'0' + idx as u8], text.as_bytes()].concat());
        }
    }
    for float in [
        0.1 + 0.2,
        40.0,
        1e14 + 0.5,
        1e-7,
        123_456_789.25,
        20_240_603.0,
        2024.1,
    ] {
        for kind in b'4'..b'8' {
            seed(
                "texts",
                &[&[kind], &f64::to_le_bytes(float)[..], &[2]].concat(),
            );
        }
    }
    for input in EXPLANATIONS {
        seed("explanations", input.as_bytes());
    }
}

const TEXTS: [&[&str]; 4] = [
    &[
        "1,234.50",
        "１２３．５",
        " 12 ",
        "3.5亩",
        "1.2万亩",
        "2公顷",
        "（12.5）",
        "-3",
        "+3",
        ".5",
        "－",
        "/",
        "约30",
        "0.0",
        "79228162514264337593543950335",
    ],
    &["40%", "５０％", "40 %", "0.4", "不适用"],
    &[
        "2019-06-03",
        "2019/6/3",
        "20190603",
        "2016年6月",
        "二〇一六年六月",
        "16年6月",
        "2024年12月底前",
        "2024年",
    ],
    &["锅10新A0001", "11106528002016050001", "1/2"],
];

const EXPLANATIONS: [&str; 3] = [
    "轮台镇.xlsx\n附件3\n单位：亩\n单位\t2023年度\n轮台镇\t1\u{c}审核说明\n位置\t问题\t说明\thebiao:key\thebiao:mark\n附件30 B3\t缺行\t已与县林草局核对\tmissing-row|附件3|轮台镇||2024-05\t附件30!B3=none\n附件30 D3\t缺行\t同上\tA3-01|附件3|轮台镇|三年合计|2024|\t\n",
    "轮台镇.xlsx\n审核说明\n说明\thebiao:key\n已核实\tgone:missing-row|附件3|轮台镇||\n已核实\tmissing-row|附件3|轮台镇||#2|2024-05\n40.0\tx\n",
    "a\nReview\nPlace\tFinding\tExplanation\thebiao:key\n\t\tchecked\tmissing-row|附件3|轮台镇||\n",
];

/// The files of the tests and of the sample inbox.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut due = vec![project("tests/data"), project("inbox")];
    while let Some(folder) = due.pop() {
        for entry in fs::read_dir(&folder)
            .expect("a folder of the project")
            .flatten()
        {
            let path = entry.path();
            match path.is_dir() {
                true => due.push(path),
                false => files.push(path),
            }
        }
    }
    files.retain(|path| fs::metadata(path).is_ok_and(|found| found.len() <= MAX_BYTES));
    files.sort();
    files
}

fn of_file(name: &str, bytes: &[u8]) {
    seed("file", bytes);
    if let Some(input) = streams::encrypted_input(bytes) {
        seed("xls", &input);
    }
    let Ok(workbook) = read(bytes, &Limits::default()) else {
        return;
    };
    seed("form", &grid::input(name, &workbook));
    if workbook.sheets.len() <= 3 {
        seed("explanations", &explained(name, &workbook));
    }
    match workbook.format {
        Format::Xlsx | Format::Xlsm => {
            seed_parts("xlsx", &XLSX, bytes);
            seed_parts("annotate", &XLSX, bytes);
        }
        Format::Xlsb => seed_parts("xlsb", &XLSB, bytes),
        Format::Ods => seed_parts("ods", &ODS, bytes),
        Format::Xls => {
            if let Some(stream) = streams::workbook_stream(bytes) {
                seed("xls", &joined(&[(0, &stream)]));
                seed("xls", &streams::input(&stream));
            }
        }
    }
}

/// A form with a sheet of explanations behind it.
fn explained(name: &str, workbook: &Workbook) -> Vec<u8> {
    let (_, sheet) = EXPLANATIONS[0].split_once('\u{c}').expect("two sheets");
    [
        &grid::input(name, workbook)[..],
        "\u{c}".as_bytes(),
        sheet.as_bytes(),
    ]
    .concat()
}

fn seed_parts(target: &str, kind: &Kind, bytes: &[u8]) {
    let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else {
        return;
    };
    let mut parts = Vec::new();
    for idx in 0..zip.len() {
        let Ok(mut part) = zip.by_index(idx) else {
            return;
        };
        let Ok(name) = part.name().map(|name| name.into_owned()) else {
            return;
        };
        let mut content = Vec::new();
        if part.read_to_end(&mut content).is_ok() {
            parts.push((name, content));
        }
    }
    // Programs number the parts of sheets otherwise than the targets.
    for (name, _) in &mut parts {
        if let Some(number) = name.strip_prefix("xl/worksheets/sheet0") {
            *name = format!("xl/worksheets/sheet{number}");
        }
    }
    seed(target, &kind.input(&parts));
}

/// Sheets in binary, since no file of the tests is an .xlsb.
fn xlsb_sheets() -> Vec<Vec<u8>> {
    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let kind = match kind {
            0..128 => vec![kind as u8],
            _ => vec![kind as u8 | 0x80, (kind >> 7) as u8],
        };
        [&kind[..], &[data.len() as u8], data].concat()
    }
    let number = |number: u32| number.to_le_bytes().to_vec();
    let cell = |kind: u16, col: u32, value: &[u8]| {
        record(kind, &[&number(col), &number(0), value].concat())
    };
    let text = [3, 0, 0, 0, b'a', 0, b'b', 0, b'c', 0];
    let sheet = [
        record(0, &number(0)),
        cell(2, 0, &number(7 << 2 | 3)),
        cell(3, 1, &[0x2A]),
        cell(4, 2, &[1]),
        cell(5, 3, &0.25f64.to_le_bytes()),
        cell(6, 4, &text),
        cell(7, 5, &number(0)),
        record(0, &number(1)),
        cell(8, 0, &text),
        cell(9, 1, &[&7f64.to_le_bytes()[..], &[0; 6]].concat()),
        cell(10, 2, &[1, 0, 0, 0, 0, 0, 0]),
        cell(11, 3, &[7, 0, 0, 0, 0, 0, 0]),
        cell(62, 4, &[&[0][..], &text].concat()),
        record(146, &[]),
        record(176, &[number(0), number(0), number(0), number(1)].concat()),
    ];
    vec![sheet.concat()]
}

fn seed(target: &str, input: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&folder).expect("a folder");
    // The same seeds have the same names, however often they are written.
    let hash = (input.iter()).fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    });
    fs::write(folder.join(format!("seed-{hash:016x}")), input).expect("a file");
}
