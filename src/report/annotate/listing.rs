//! The sheet 审核说明 at the end of an annotated copy: one row for each finding, and a column for what the
//! reporter has to say about it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::explanations::{self, Explanation, KEY_HEADER, MARK_HEADER, RETIRED};
use crate::model::{CellRange, CellRef, Finding, Level, Period, Verdict};
use crate::report::workbook::text;
use crate::report::{Lang, words};

use super::styles::{Part, Styles, fill_colour};
use super::xml::{escape, escape_attribute};

/// What the sheet says.
pub(super) struct Listing<'a> {
    pub(super) rows: Vec<Entry<'a>>,
    /// Explanations of which no finding is left.
    pub(super) retired: Vec<Retired<'a>>,
    /// What is to be said of the copy itself.
    pub(super) remarks: Vec<String>,
    pub(super) lang: Lang,
}

/// A row of the sheet.
pub(super) struct Entry<'a> {
    pub(super) finding: &'a Finding,
    pub(super) key: String,
    pub(super) explanation: Option<String>,
    /// The cell in the copy: name of the sheet and address.
    pub(super) cell: Option<(&'a str, CellRef)>,
    /// What its cells looked like before, one record each.
    pub(super) records: Vec<String>,
}

/// An explanation without a finding, kept because nothing that a reporter wrote is thrown away.
pub(super) struct Retired<'a> {
    pub(super) explanation: &'a Explanation,
    /// The period that it was written about, where the finding is there again in another one.
    pub(super) of_other_period: Option<Period>,
}

/// Row of the header, from 0. What stands above it is frozen with it.
const HEADER: u32 = 4;

const ZH: [&str; 12] = [
    "序号",
    "级别",
    "附件",
    "位置",
    "单元格",
    "填写",
    "应为",
    "差额",
    "问题",
    "怎么办",
    "嫌疑单元格",
    "说明",
];
const EN: [&str; 12] = [
    "No.",
    "Level",
    "Annex",
    "Place",
    "Cell",
    "Given",
    "Expected",
    "Difference",
    "Finding",
    "What to do",
    "Suspects",
    "Explanation",
];
const WIDTHS: [f64; 12] = [
    5.5, 8.5, 9.0, 18.0, 12.0, 10.0, 10.0, 9.0, 34.0, 22.0, 38.0, 30.0,
];
/// Column of 说明.
const ANSWER: u32 = 11;
/// Column of what cells looked like before they were marked.
const RECORDS: u32 = 13;

/// Characters of records in a cell; Excel takes 32,767.
const LONGEST: usize = 16_000;
/// Excel takes no more links on a sheet than 65,530.
const MOST_LINKS: usize = 65_000;
/// Findings that have a row; a sheet has 1,048,576 rows, and nobody reads so many.
const MOST_FINDINGS: usize = 100_000;

/// Name of the sheet.
pub(super) fn sheet_name(lang: Lang) -> &'static str {
    lang.pick("审核说明", "Review")
}

/// Rows that stand at the top of every page, from 1.
pub(super) fn header_row() -> u32 {
    HEADER + 1
}

/// The formats of the sheet, by number.
struct Formats {
    title: usize,
    verdict: usize,
    paragraph: usize,
    header: usize,
    centred: usize,
    text: usize,
    link: usize,
    answer: usize,
    gone: usize,
    hidden: usize,
    levels: BTreeMap<Level, usize>,
}

/// The part's XML.
pub(super) fn write(
    listing: &Listing<'_>,
    styles: &mut Styles,
    main: &str,
    link_namespace: &str,
) -> String {
    let verdict = Verdict::of(listing.rows.iter().map(|row| row.finding));
    let formats = Formats::add(styles, verdict);
    let mut rows = String::new();
    let (mut links, mut n_links) = (String::new(), 0);
    head(listing, &formats, verdict, &mut rows);
    let mut at = HEADER + 1;
    let mut further_records = Vec::new();
    // An explanation has its row in any case.
    let is_listed =
        |(idx, entry): &(usize, &Entry<'_>)| *idx < MOST_FINDINGS || entry.explanation.is_some();
    for (idx, entry) in listing.rows.iter().enumerate().filter(is_listed) {
        let mut texts = cell_texts(&entry.records).into_iter();
        row(
            listing.lang,
            &formats,
            at,
            idx + 1,
            entry,
            texts.next(),
            &mut rows,
        );
        if let Some(place) = entry.cell.filter(|_| n_links < MOST_LINKS) {
            link(at, place, &mut links);
            n_links += 1;
        }
        further_records.extend(texts);
        at += 1;
    }
    let last_finding = at;
    for gone in &listing.retired {
        retired(listing.lang, &formats, at, gone, &mut rows);
        at += 1;
    }
    if at == HEADER + 1 {
        let text = listing.lang.pick("没有问题", "Nothing was found");
        let _ = write!(rows, "<row r=\"{}\">", at + 1);
        cell(&mut rows, at, 8, formats.paragraph, text);
        rows.push_str("</row>");
        at += 1;
    }
    for text in &further_records {
        let _ = write!(rows, "<row r=\"{}\" hidden=\"1\">", at + 1);
        cell(&mut rows, at, RECORDS, formats.hidden, text);
        rows.push_str("</row>");
        at += 1;
    }
    let widths: String = WIDTHS
        .iter()
        .enumerate()
        .map(|(idx, width)| {
            let col = idx + 1;
            format!("<col min=\"{col}\" max=\"{col}\" width=\"{width}\" customWidth=\"1\"/>")
        })
        .collect();
    let merges: String = (1..=HEADER)
        .map(|row| format!("<mergeCell ref=\"A{row}:L{row}\"/>"))
        .collect();
    let tab = match verdict {
        Verdict::ToCorrect => "FFE03C32",
        Verdict::ToExplain => "FFF39C12",
        Verdict::Acceptable => "FF70AD47",
    };
    let links = match links.is_empty() {
        true => links,
        false => format!("<hyperlinks>{links}</hyperlinks>"),
    };
    let top = HEADER + 2;
    let footer = escape(listing.lang.pick("&C第 &P 页，共 &N 页", "&CPage &P of &N"));
    format!(
        "{}\n<worksheet xmlns=\"{main}\" xmlns:r=\"{link_namespace}\">\
         <sheetPr><tabColor rgb=\"{tab}\"/><pageSetUpPr fitToPage=\"1\"/></sheetPr>\
         <dimension ref=\"A1:N{at}\"/>\
         <sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"{}\" topLeftCell=\"A{top}\" activePane=\"bottomLeft\" state=\"frozen\"/>\
         <selection pane=\"bottomLeft\" activeCell=\"A{top}\" sqref=\"A{top}\"/></sheetView></sheetViews>\
         <sheetFormatPr defaultRowHeight=\"15\"/>\
         <cols>{widths}<col min=\"13\" max=\"14\" width=\"9\" hidden=\"1\" customWidth=\"1\"/></cols>\
         <sheetData>{rows}</sheetData><mergeCells count=\"{HEADER}\">{merges}</mergeCells>{}{links}\
         <printOptions horizontalCentered=\"1\"/>\
         <pageMargins left=\"0.4\" right=\"0.4\" top=\"0.5\" bottom=\"0.6\" header=\"0.3\" footer=\"0.3\"/>\
         <pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/>\
         <headerFooter><oddFooter>{footer}</oddFooter></headerFooter>\
         <ignoredErrors><ignoredError sqref=\"F{top}:H{}\" numberStoredAsText=\"1\"/></ignoredErrors>\
         </worksheet>",
        super::XML_HEAD,
        HEADER + 1,
        validations(listing, last_finding),
        at.max(top),
    )
}

fn head(listing: &Listing<'_>, formats: &Formats, verdict: Verdict, rows: &mut String) {
    let lang = listing.lang;
    let counts: Vec<String> = Level::ALL
        .into_iter()
        .filter_map(|level| {
            let of_level = listing.rows.iter().filter(|row| row.finding.level == level);
            let count = of_level.count();
            (count > 0).then(|| format!("{} {count}", words::level(level, lang)))
        })
        .collect();
    let counts = match counts.is_empty() {
        true => lang.pick("没有问题", "nothing was found").to_owned(),
        false => counts.join(lang.pick("，", ", ")),
    };
    let explained = (listing.rows.iter())
        .filter(|row| row.finding.level == Level::QuasiMandatory && row.finding.is_explained())
        .count();
    let explained = match (explained, lang) {
        (0, _) => String::new(),
        (n, Lang::Zh) => format!("；准强制已说明 {n}，待县里认可"),
        (n, Lang::En) => format!("; {n} quasi-mandatory explained, for the county to accept"),
    };
    let verdict_of_rows = verdict;
    let verdict = match lang {
        Lang::Zh => format!(
            "结论：{}（{counts}{explained}）",
            words::verdict(verdict, lang)
        ),
        Lang::En => format!(
            "Verdict: {} ({counts}{explained})",
            words::verdict(verdict, lang)
        ),
    };
    let to_do = match verdict_of_rows {
        Verdict::ToCorrect => lang.pick(
            "请改正红色的单元格后重报；橙色的，有误的改正，数字无误、确属实情的，在“说明”列写明原因，至少6个字，连同本表一起报回。",
            "Correct the red cells and send the file again. Correct the orange ones too, or, where a figure is unusual but true, write the reason into the column Explanation (at least 6 characters); return this sheet with the file.",
        ),
        Verdict::ToExplain => lang.pick(
            "橙色的单元格，有误的改正；数字无误、确属实情的，在“说明”列写明原因，至少6个字，连同本表一起报回。",
            "Correct the orange cells, or, where a figure is unusual but true, write the reason into the column Explanation (at least 6 characters); return this sheet with the file.",
        ),
        Verdict::Acceptable => lang.pick(
            "没有必须改正、还要说明的，可以报送；写了说明的，连同本表一起报回。",
            "Nothing has to be corrected or explained any more; the file may be sent, with this sheet if it holds explanations.",
        ),
    };
    let mut legend = lang
        .pick(
            "红色：强制，必须改正；橙色：准强制、核实，应改正或说明；黄色：提示，供了解。虚线框：这几格中有一格填错，分不出是哪一格，各格批注写明应为多少；浅灰蓝：因别的格填错才对不上，那一格改对就对上，不要改。每个标色的单元格都有批注。再次审核时颜色和批注会自动更换，说明会保留。",
            "Red: mandatory, to be corrected. Orange: quasi-mandatory or to verify, to be corrected or explained. Yellow: hints. Dashed frames: one of these cells is wrong and nothing tells which; their notes say what each should be. Pale blue grey: does not hold only because another cell is wrong; leave it. Each marked cell has a note. The next check replaces colours and notes and keeps explanations.",
        )
        .to_owned();
    for remark in &listing.remarks {
        legend.push('\n');
        legend.push_str(remark);
    }
    if let Some(n_left) = listing
        .rows
        .len()
        .checked_sub(MOST_FINDINGS)
        .filter(|n| *n > 0)
    {
        legend += &match lang {
            Lang::Zh => format!(
                "\n问题太多，下面只列出最严重的 {MOST_FINDINGS} 个，另有 {n_left} 个只在单元格上标注。"
            ),
            Lang::En => format!(
                "\nThere are too many findings: the gravest {MOST_FINDINGS} are listed, {n_left} more only marked at their cells."
            ),
        };
    }
    let total: f64 = WIDTHS.iter().sum();
    let lines = [
        (sheet_name(lang).to_owned(), formats.title, 28.0),
        (verdict, formats.verdict, 24.0),
        (to_do.to_owned(), formats.paragraph, 0.0),
        (legend, formats.paragraph, 0.0),
    ];
    for (idx, (line, format, height)) in lines.into_iter().enumerate() {
        let height = match height {
            0.0 => text::height(text::lines(&line, total)),
            height => height,
        };
        open_row(rows, idx as u32, height);
        cell(rows, idx as u32, 0, format, &line);
        rows.push_str("</row>");
    }
    open_row(rows, HEADER, 22.0);
    for (col, (zh, en)) in ZH.into_iter().zip(EN).enumerate() {
        cell(rows, HEADER, col as u32, formats.header, lang.pick(zh, en));
    }
    cell(rows, HEADER, 12, formats.hidden, KEY_HEADER);
    cell(rows, HEADER, RECORDS, formats.hidden, MARK_HEADER);
    rows.push_str("</row>");
}

fn row(
    lang: Lang,
    formats: &Formats,
    row: u32,
    number: usize,
    entry: &Entry<'_>,
    records: Option<String>,
    rows: &mut String,
) {
    let finding = entry.finding;
    let figure = |text: Option<String>| text.unwrap_or_default();
    let suspects = words::suspects(finding, usize::MAX, lang);
    let shown_cell = match (&entry.cell, &finding.place) {
        (Some((sheet, cell)), _) => {
            // LibreOffice breaks no line in a cell that is a link.
            let whole = format!("{sheet}!{cell}");
            match text::lines(&whole, WIDTHS[4]) {
                1 => whole,
                _ => cell.to_string(),
            }
        }
        (None, Some(place)) => place.sheet.as_deref().unwrap_or_default().to_owned(),
        (None, None) => String::new(),
    };
    let texts: [(u32, usize, String); 11] = [
        (
            2,
            formats.centred,
            finding.annex.as_deref().unwrap_or_default().to_owned(),
        ),
        (3, formats.text, place_in_annex(finding, lang)),
        (
            4,
            if entry.cell.is_some() {
                formats.link
            } else {
                formats.centred
            },
            shown_cell,
        ),
        (5, formats.centred, figure(finding.given.clone())),
        (6, formats.centred, words::right(finding, lang)),
        (
            7,
            formats.centred,
            figure(finding.difference.map(|amount| amount.to_string())),
        ),
        (8, formats.text, words::message(finding, lang)),
        (9, formats.text, words::advice(finding, lang)),
        (10, formats.text, suspects.join("\n")),
        (
            11,
            formats.answer,
            entry.explanation.clone().unwrap_or_default(),
        ),
        (12, formats.hidden, entry.key.clone()),
    ];
    let n_lines = texts[..10]
        .iter()
        // Other programs break lines a little earlier.
        .map(|(col, _, text)| text::lines(text, WIDTHS[*col as usize] - 1.5))
        .max();
    open_row(rows, row, text::height(n_lines.unwrap_or(1)));
    cell(rows, row, 0, formats.centred, &number.to_string());
    let level = formats.levels.get(&finding.level).copied();
    cell(
        rows,
        row,
        1,
        level.unwrap_or(formats.centred),
        words::level(finding.level, lang),
    );
    for (col, format, text) in &texts {
        cell(rows, row, *col, *format, text);
    }
    if let Some(records) = &records {
        cell(rows, row, RECORDS, formats.hidden, records);
    }
    rows.push_str("</row>");
}

/// The link from a row of the sheet to the cell that it is about.
fn link(row: u32, (sheet, cell): (&str, CellRef), links: &mut String) {
    let location = format!("'{}'!{cell}", sheet.replace('\'', "''"));
    let _ = write!(
        links,
        "<hyperlink ref=\"{}\" location=\"{}\"/>",
        CellRef::new(row, 4),
        escape_attribute(&location)
    );
}

/// Records, a line each, in as many texts as cells are needed for them.
fn cell_texts(records: &[String]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for record in records {
        match texts.last_mut() {
            // No character is shorter than a byte.
            Some(text) if text.len() + 1 + record.len() <= LONGEST => {
                text.push('\n');
                text.push_str(record);
            }
            _ => texts.push(record.clone()),
        }
    }
    texts
}

/// A row of an explanation that explains nothing here.
fn retired(lang: Lang, formats: &Formats, row: u32, gone: &Retired<'_>, rows: &mut String) {
    let Explanation {
        keys,
        period,
        text,
        about,
        ..
    } = gone.explanation;
    let lines = text::lines(about, WIDTHS[8]).max(text::lines(text, WIDTHS[11]));
    open_row(rows, row, text::height(lines));
    let (state, advice) = match (gone.of_other_period, lang) {
        (None, Lang::Zh) => ("已不需要", "问题已经没有了，不必处理".to_owned()),
        (None, Lang::En) => ("gone", "The finding is gone; nothing to do".to_owned()),
        (Some(period), Lang::Zh) => (
            "不是本期",
            format!("是 {period} 报表的说明；本期的问题请另写原因"),
        ),
        (Some(period), Lang::En) => (
            "not this period's",
            format!("Written about {period}; give this period's reason with its finding"),
        ),
    };
    for col in 0..12 {
        let text = match col {
            1 => state,
            8 => about.as_str(),
            9 => advice.as_str(),
            11 => text.as_str(),
            _ => "",
        };
        cell(rows, row, col, formats.gone, text);
    }
    let key = explanations::written(keys, *period);
    cell(rows, row, 12, formats.hidden, &format!("{RETIRED}{key}"));
    rows.push_str("</row>");
}

/// Hints that pop up where an explanation is to be written.
fn validations(listing: &Listing<'_>, end: u32) -> String {
    let lang = listing.lang;
    // Runs of rows, since Excel takes only so many cells one by one.
    let cells_of = |wanted: &dyn Fn(Level) -> bool| {
        let rows = (HEADER + 1..end).zip(&listing.rows);
        let rows = rows.filter(|(_, entry)| wanted(entry.finding.level));
        let rows: Vec<u32> = rows.map(|(row, _)| row).collect();
        let runs = rows.chunk_by(|a, b| a + 1 == *b).map(|run| {
            let range = CellRange::new(
                CellRef::new(run[0], ANSWER),
                CellRef::new(run[run.len() - 1], ANSWER),
            );
            match run.len() {
                1 => range.start.to_string(),
                _ => range.to_string(),
            }
        });
        runs.collect::<Vec<_>>().join(" ")
    };
    let groups = [
        (
            cells_of(&|level| level == Level::Mandatory),
            lang.pick("须改正", "To be corrected"),
            lang.pick(
                "强制性问题必须改正，写明原因不能代替改正。",
                "A mandatory finding has to be corrected; an explanation does not replace that.",
            ),
        ),
        (
            cells_of(&|level| level > Level::Mandatory && level < Level::Hint),
            lang.pick("写明原因", "The reason"),
            lang.pick(
                "数字无误、确属实情的，写明具体原因，至少6个字；每个问题写各自的原因。",
                "If the figure is right, write down why: at least 6 characters, a reason for each finding.",
            ),
        ),
    ];
    let groups: Vec<String> = groups
        .into_iter()
        .filter(|(cells, ..)| !cells.is_empty())
        .map(|(cells, title, prompt)| {
            format!(
                "<dataValidation type=\"textLength\" errorStyle=\"information\" operator=\"greaterThanOrEqual\" \
                 allowBlank=\"1\" showInputMessage=\"1\" showErrorMessage=\"1\" errorTitle=\"{title}\" error=\"{prompt}\" \
                 promptTitle=\"{title}\" prompt=\"{prompt}\" sqref=\"{cells}\"><formula1>6</formula1></dataValidation>"
            )
        })
        .collect();
    match groups.len() {
        0 => String::new(),
        n => format!(
            "<dataValidations count=\"{n}\">{}</dataValidations>",
            groups.concat()
        ),
    }
}

/// Row, column and year, as far as they are known.
fn place_in_annex(finding: &Finding, lang: Lang) -> String {
    let year = finding.year.map(|year| match lang {
        Lang::Zh => format!("{year}年"),
        Lang::En => year.to_string(),
    });
    let parts = [
        finding.row.as_deref().map(str::to_owned),
        finding.column.as_deref().map(str::to_owned),
        year,
    ];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(lang.pick("，", ", "))
}

fn open_row(rows: &mut String, row: u32, height: f64) {
    let _ = write!(
        rows,
        "<row r=\"{}\" ht=\"{height}\" customHeight=\"1\">",
        row + 1
    );
}

/// A cell with text; texts of our own stay out of the list that the workbook's cells share.
fn cell(rows: &mut String, row: u32, col: u32, format: usize, text: &str) {
    let at = CellRef::new(row, col);
    let _ = match text.is_empty() {
        true => write!(rows, "<c r=\"{at}\" s=\"{format}\"/>"),
        false => write!(
            rows,
            "<c r=\"{at}\" s=\"{format}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
            escape(&text::fit(text))
        ),
    };
}

impl Formats {
    fn add(styles: &mut Styles, verdict: Verdict) -> Self {
        let named = match styles.has_named_styles() {
            true => " xfId=\"0\"",
            false => "",
        };
        let font = |styles: &mut Styles, extra: &str, size: u32, colour: &str| {
            let colour = match colour {
                "" => "<~color indexed=\"8\"/>".to_owned(),
                rgb => format!("<~color rgb=\"{rgb}\"/>"),
            };
            styles.add(
                Part::Font,
                &format!(
                    "<~font>{extra}<~sz val=\"{size}\"/>{colour}<~name val=\"宋体\"/><~charset val=\"134\"/></~font>"
                ),
            )
        };
        let body = font(styles, "", 11, "");
        let bold = font(styles, "<~b/>", 11, "");
        let title = font(styles, "<~b/>", 16, "");
        let large = font(styles, "<~b/>", 13, "");
        let linked = font(styles, "<~u/>", 11, "FF0563C1");
        let grey = font(styles, "", 11, "FF7F7F7F");
        let line =
            |side: &str| format!("<~{side} style=\"thin\"><~color rgb=\"FFBFBFBF\"/></~{side}>");
        let sides = ["left", "right", "top", "bottom"].map(line).concat();
        let none = styles.add(
            Part::Border,
            "<~border><~left/><~right/><~top/><~bottom/><~diagonal/></~border>",
        );
        let border = styles.add(
            Part::Border,
            &format!("<~border>{sides}<~diagonal/></~border>"),
        );
        let fill = |styles: &mut Styles, rgb: &str| {
            styles.add(
                Part::Fill,
                &format!(
                    "<~fill><~patternFill patternType=\"solid\"><~fgColor rgb=\"{rgb}\"/><~bgColor indexed=\"64\"/></~patternFill></~fill>"
                ),
            )
        };
        let format = |styles: &mut Styles,
                      font: usize,
                      fill: usize,
                      border: usize,
                      across: &str,
                      number: u32| {
            styles.add(
                Part::Format,
                &format!(
                    "<~xf numFmtId=\"{number}\" fontId=\"{font}\" fillId=\"{fill}\" borderId=\"{border}\"{named} applyNumberFormat=\"1\" \
                     applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" applyAlignment=\"1\" applyProtection=\"1\">\
                     <~alignment horizontal=\"{across}\" vertical=\"center\" wrapText=\"1\"/><~protection locked=\"0\"/></~xf>"
                ),
            )
        };
        let levels = Level::ALL.into_iter().map(|level| {
            let fill = fill(styles, fill_colour(level));
            (level, format(styles, body, fill, border, "center", 49))
        });
        let levels = levels.collect();
        let verdict_fill = match verdict {
            Verdict::ToCorrect => fill(styles, fill_colour(Level::Mandatory)),
            Verdict::ToExplain => fill(styles, fill_colour(Level::Verification)),
            Verdict::Acceptable => fill(styles, "FFE2EFDA"),
        };
        let header_fill = fill(styles, "FFEDEDED");
        // Blue is where something may be written.
        let answer_fill = fill(styles, "FFEAF3FF");
        Self {
            title: format(styles, title, 0, none, "left", 49),
            verdict: format(styles, large, verdict_fill, none, "left", 49),
            paragraph: format(styles, body, 0, none, "left", 49),
            header: format(styles, bold, header_fill, border, "center", 49),
            centred: format(styles, body, 0, border, "center", 49),
            text: format(styles, body, 0, border, "left", 49),
            link: format(styles, linked, 0, border, "left", 49),
            answer: format(styles, body, answer_fill, border, "left", 49),
            gone: format(styles, grey, 0, border, "left", 49),
            hidden: format(styles, grey, 0, none, "left", 49),
            levels,
        }
    }
}
