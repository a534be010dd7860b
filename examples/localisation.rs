//! How well wrong cells are found: plants slips in forms of the real scheme and counts how often the suspects
//! are the planted cells.
//!
//! ```text
//! cargo run --release --no-default-features --example localisation -- [cases] [seed]
//! ```
//!
//! Prints Markdown. The same seed gives the same counts.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use hebiao::check::Checker;
use hebiao::localise::localise;
use hebiao::model::{
    Amount, Earlier, Entry, Finding, Kind, Level, Past, Period, Place, Row, RowKind, Table, Value,
};
use hebiao::scheme::{Annex, ColumnKind, Relation, Scheme, SchemeFile, YearSel, load};

const KINDS: [(Slip, &str); 11] = [
    (Slip::DigitChanged, "digit changed"),
    (Slip::DigitsSwapped, "digits swapped"),
    (Slip::DigitDropped, "digit dropped"),
    (Slip::DigitAdded, "digit added"),
    (Slip::Times(10), "×10"),
    (Slip::Times(15), "×15"),
    (Slip::Times(10_000), "×10⁴"),
    (Slip::Sign, "sign"),
    (Slip::Exchanged, "cells exchanged"),
    (Slip::RowShifted, "row shifted sideways"),
    (Slip::ColumnShifted, "column shifted down"),
];

/// The first so many change one cell, or two; the rest a whole row or column.
const N_CELL_KINDS: usize = 9;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slip {
    DigitChanged,
    DigitsSwapped,
    DigitDropped,
    DigitAdded,
    Times(i64),
    Sign,
    Exchanged,
    RowShifted,
    ColumnShifted,
}

/// What a series of cases came to.
#[derive(Default)]
struct Counts {
    cases: u32,
    /// The planted cells and no others come first.
    first: u32,
    /// All planted cells are among the suspects.
    among: u32,
    /// Slips drawn again because rounding hides them, or no relation is touched.
    invisible: u32,
    time: Duration,
    longest: Duration,
}

#[derive(Clone, Copy)]
struct Setting {
    annex: &'static str,
    totals: bool,
    /// Whether last month's figures are known.
    before: bool,
    /// Whether every printed figure is rounded by itself.
    rounded: bool,
    errors: usize,
    /// Whether whole rows and columns may be shifted.
    blocks: bool,
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|it| it.parse::<u64>().ok());
    let (cases, seed) = (
        arguments.next().unwrap_or(1000) as u32,
        arguments.next().unwrap_or(1),
    );
    let scheme = scheme();
    let checker = Checker::new(&scheme);
    let measure = |setting, kind, cases| measure(&checker, &scheme, setting, kind, cases, seed);
    println!("{cases} cases each, seed {seed}; slips that change one cell or two:\n");
    let head = "| form | figures | totals | last month | slips | first | among | mean | longest | redrawn |";
    println!("{head}\n|---|---|---|---|---|---|---|---|---|---|");
    for annex in ["附件3", "附件7"] {
        for rounded in [false, true] {
            for totals in [true, false] {
                for before in [false, true] {
                    for errors in 1..=3 {
                        let setting = Setting {
                            totals,
                            before,
                            rounded,
                            errors,
                            ..Setting::of(annex)
                        };
                        println!("{}", line(setting, &measure(setting, None, cases)));
                    }
                }
            }
        }
    }
    println!("\nWith shifted rows and columns among the slips:\n");
    println!("{head}\n|---|---|---|---|---|---|---|---|---|---|");
    for annex in ["附件3", "附件7"] {
        for errors in 1..=3 {
            let setting = Setting {
                errors,
                blocks: true,
                ..Setting::of(annex)
            };
            println!("{}", line(setting, &measure(setting, None, cases)));
        }
    }
    println!("\nOne slip by kind, exact figures, first / among:\n");
    println!("| kind | 附件3 with totals | 附件3 without | 附件7 with totals | 附件7 without |");
    println!("|---|---|---|---|---|");
    for (kind, name) in KINDS {
        let mut line = format!("| {name} |");
        for annex in ["附件3", "附件7"] {
            for totals in [true, false] {
                let setting = Setting {
                    totals,
                    ..Setting::of(annex)
                };
                let counts = measure(setting, Some(kind), cases / 2);
                line.push_str(&match counts.cases {
                    0 => " invisible |".to_owned(),
                    n => format!(
                        " {} / {} |",
                        percent(counts.first, n),
                        percent(counts.among, n)
                    ),
                });
            }
        }
        println!("{line}");
    }
    false_alarms(&checker, &scheme, seed);
}

impl Setting {
    /// One slip in a form with totals and exact figures.
    fn of(annex: &'static str) -> Self {
        Self {
            annex,
            totals: true,
            before: false,
            rounded: false,
            errors: 1,
            blocks: false,
        }
    }
}

fn line(setting: Setting, counts: &Counts) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        setting.annex,
        if setting.rounded { "rounded" } else { "exact" },
        yes(setting.totals),
        yes(setting.before),
        setting.errors,
        percent(counts.first, counts.cases),
        percent(counts.among, counts.cases),
        micros(counts.time / counts.cases.max(1)),
        micros(counts.longest),
        counts.invisible,
    )
}

fn measure(
    checker: &Checker<'_>,
    scheme: &Scheme,
    setting: Setting,
    kind: Option<Slip>,
    cases: u32,
    seed: u64,
) -> Counts {
    const TRIES: u32 = 40;
    let mut random = Random(
        seed.wrapping_mul(0x9E37_79B9)
            .wrapping_add(setting.errors as u64),
    );
    let mut counts = Counts::default();
    for _ in 0..cases {
        let form = form(scheme, &setting, &mut random);
        let before = setting.before.then(|| drift(scheme, &form, &mut random));
        let before = last_month(before);
        let mut planted = None;
        for _ in 0..TRIES {
            let mut wrong = form.clone();
            let Some(cells) = plant_all(scheme, &mut wrong, &setting, kind, &mut random) else {
                continue;
            };
            let findings = check(checker, &wrong);
            if cells
                .iter()
                .all(|slip| is_visible(slip, &wrong, &findings, setting.totals))
            {
                planted = Some((wrong, cells, findings));
                break;
            }
            counts.invisible += 1;
        }
        let Some((wrong, cells, mut findings)) = planted else {
            continue;
        };
        let tables = [wrong];
        let start = Instant::now();
        localise(checker, &tables, &before, &mut findings);
        let time = start.elapsed();
        counts.time += time;
        counts.longest = counts.longest.max(time);
        counts.cases += 1;
        let (first, among) = verdict(&tables[0], &cells, &findings);
        counts.first += u32::from(first);
        counts.among += u32::from(among);
        if !first && std::env::var_os("SHOW_MISSES").is_some() {
            show(&tables[0], &form, &cells, &findings);
        }
    }
    counts
}

fn show(wrong: &Table, right: &Table, cells: &[Vec<(usize, usize)>], findings: &[Finding]) {
    println!("--");
    for &(row, leaf) in cells.iter().flatten() {
        let value = |table: &Table| table.rows[row].entries[leaf].value.to_string();
        println!(
            "planted {} {} → {}",
            place(wrong, row, leaf),
            value(right),
            value(wrong)
        );
    }
    for finding in findings {
        use hebiao::report::{Lang, words};
        if finding.suspects.is_empty() && finding.kind == Kind::Range {
            continue;
        }
        println!(
            "{} {}",
            words::heading(finding),
            words::message(finding, Lang::Zh)
        );
        for suspect in &finding.suspects {
            println!("    {}", words::suspect(finding, suspect, Lang::Zh));
        }
    }
}

/// Whether the planted cells come first, and whether they are among the suspects.
fn verdict(table: &Table, slips: &[Vec<(usize, usize)>], findings: &[Finding]) -> (bool, bool) {
    let planted: HashSet<Place> = slips
        .iter()
        .flatten()
        .map(|&(row, leaf)| cell_place(table, row, leaf))
        .collect();
    let mut heads: HashSet<&Place> = HashSet::new();
    let mut all: HashSet<&Place> = HashSet::new();
    let mut is_first = true;
    for finding in findings.iter().filter(|it| is_told(it)) {
        all.extend(finding.suspects.iter().map(|it| &it.place));
        // As many suspects as wrong cells take part in the relation should be those cells.
        let own = finding.place.iter().cloned();
        let concerned: HashSet<Place> = own.chain(finding.cells.iter()).collect();
        let n_wrong = planted
            .iter()
            .filter(|place| concerned.contains(place))
            .count();
        let head: Vec<&Place> = finding
            .suspects
            .iter()
            .take(n_wrong)
            .map(|it| &it.place)
            .collect();
        is_first &=
            head.len() >= n_wrong.min(8) && head.iter().all(|place| planted.contains(place));
        heads.extend(head);
    }
    // Of a shifted block it is enough that three cells in four are told.
    let told = |slip: &Vec<(usize, usize)>, among: &HashSet<&Place>| {
        let n = slip
            .iter()
            .filter(|cell| among.contains(&cell_place(table, cell.0, cell.1)))
            .count();
        match slip.len() {
            0..=2 => n == slip.len(),
            all => n * 4 >= all * 3,
        }
    };
    let among = slips.iter().all(|slip| told(slip, &all));
    (
        is_first && slips.iter().all(|slip| told(slip, &heads)),
        among,
    )
}

fn is_told(finding: &Finding) -> bool {
    is_equality(finding) || matches!(finding.kind, Kind::UnitSlip | Kind::Shifted)
}

fn is_equality(finding: &Finding) -> bool {
    let beyond = match (finding.difference, finding.tolerance) {
        (Some(difference), Some(tolerance)) => difference.abs() > tolerance,
        _ => false,
    };
    beyond && matches!(finding.kind, Kind::Sum | Kind::TotalRow)
}

/// Whether relations that fail hold the cells of a slip. A cell with a total row must be seen by row and
/// column: an error that is less than a column's rounding is seen by the row alone, as if there were no totals.
fn is_visible(slip: &[(usize, usize)], table: &Table, findings: &[Finding], totals: bool) -> bool {
    let mut failing: HashMap<Place, u32> = HashMap::new();
    for finding in findings.iter().filter(|it| is_equality(it)) {
        for place in finding.place.iter().cloned().chain(finding.cells.iter()) {
            *failing.entry(place).or_default() += 1;
        }
    }
    let least = if totals && slip.len() == 1 { 2 } else { 1 };
    let seen = slip.iter().filter(|cell| {
        let place = cell_place(table, cell.0, cell.1);
        failing.get(&place).is_some_and(|n| *n >= least)
    });
    let n_seen = seen.count();
    match slip.len() {
        0..=2 => n_seen == slip.len(),
        all => n_seen * 4 >= all * 3,
    }
}

fn false_alarms(checker: &Checker<'_>, scheme: &Scheme, seed: u64) {
    println!("\nForms without a mistake:\n");
    println!(
        "| form | figures | last month | forms | relations checked | failed | findings of localise | mean |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for annex in ["附件3", "附件7"] {
        for (rounded, before) in [(false, false), (true, false), (true, true)] {
            let setting = Setting {
                before,
                rounded,
                errors: 0,
                ..Setting::of(annex)
            };
            let mut random = Random(seed);
            let (mut forms, mut checked, mut failed, mut alarms) = (0u32, 0u64, 0, 0);
            let mut time = Duration::ZERO;
            while checked < 100_000 && forms < 20_000 {
                let table = [form(scheme, &setting, &mut random)];
                let earlier = last_month(before.then(|| drift(scheme, &table[0], &mut random)));
                let result = checker.form(&table[0]);
                checked += result
                    .tallies
                    .iter()
                    .zip(&scheme.rules)
                    .filter(|(_, rule)| {
                        matches!(
                            rule.relation,
                            Relation::Sum { .. } | Relation::TotalRow { .. }
                        )
                    })
                    .map(|(tally, _)| tally.pass + tally.fail)
                    .sum::<u64>();
                let mut findings = result.findings;
                failed += findings.iter().filter(|it| is_equality(it)).count();
                let start = Instant::now();
                localise(checker, &table, &earlier, &mut findings);
                time += start.elapsed();
                let is_alarm = |it: &&Finding| {
                    !it.suspects.is_empty() || matches!(it.kind, Kind::UnitSlip | Kind::Shifted)
                };
                alarms += findings.iter().filter(is_alarm).count();
                forms += 1;
            }
            println!(
                "| {annex} | {} | {} | {forms} | {checked} | {failed} | {alarms} | {} |",
                if rounded { "rounded" } else { "exact" },
                if before { "yes" } else { "no" },
                micros(time / forms)
            );
        }
    }
}

fn check(checker: &Checker<'_>, table: &Table) -> Vec<Finding> {
    let mut findings = checker.form(table).findings;
    findings.retain(|it| it.level != Level::Hint);
    findings
}

/// The whole of an annex in one form, as whoever answers for it keeps it. Every row has a size of its own, years follow each
/// other within a few percent, a sixth of the figures are zero.
fn form(scheme: &Scheme, setting: &Setting, random: &mut Random) -> Table {
    let annex_idx = scheme.annex(setting.annex).expect("an annex of the scheme");
    let annex = &scheme.annexes[annex_idx];
    let figures: Vec<usize> = (0..annex.leaves.len())
        .filter(|leaf| annex.column_of(*leaf).kind == ColumnKind::Additive)
        .collect();
    let sums = sums(scheme, annex_idx);
    let mut columns: Vec<Vec<i64>> = Vec::new();
    for _ in annex.rows.fixed() {
        // In hundredths of the last printed digit; townships differ thirtyfold.
        let size = 100.0 * 10f64.powf(2.0 + 1.5 * random.unit());
        let mut exact = vec![0i64; annex.leaves.len()];
        let mut by_column = vec![None; annex.columns.len()];
        for &leaf in &figures {
            let column = annex.leaves[leaf].column;
            let base = *by_column[column].get_or_insert_with(|| match random.below(6) {
                0 => 0.0,
                _ => size * (0.2 + random.unit()),
            });
            let year = 0.94 + 0.08 * random.unit();
            exact[leaf] = match setting.annex {
                // Planting goes up and down from year to year.
                "附件3" => (size * (0.2 + 1.8 * random.unit())) as i64,
                _ => (base * year) as i64,
            };
        }
        if !setting.rounded {
            exact
                .iter_mut()
                .for_each(|value| *value = *value / 100 * 100);
        }
        balance(&sums, &mut exact);
        columns.push(exact);
    }
    let mut rows: Vec<(RowKind, Vec<i64>)> = columns
        .iter()
        .map(|it| (RowKind::Data, it.clone()))
        .collect();
    if setting.totals {
        let total = (0..annex.leaves.len()).map(|leaf| columns.iter().map(|row| row[leaf]).sum());
        rows.push((RowKind::Total, total.collect()));
    }
    let rows = rows
        .into_iter()
        .enumerate()
        .map(|(idx, (kind, exact))| Row {
            kind,
            spec: (kind == RowKind::Data).then_some(idx),
            key: match kind {
                RowKind::Data => annex.rows.fixed()[idx].key.clone(),
                RowKind::Total => Box::default(),
            },
            year: None,
            reporter: annex.rows.fixed().get(idx).and_then(|row| row.reporter()),
            sheet_row: idx as u32 + 4,
            stated_count: None,
            entries: (0..annex.leaves.len())
                .map(|leaf| match figures.contains(&leaf) {
                    true => entry(annex, leaf, (exact[leaf] + 50).div_euclid(100)),
                    false => Entry::MISSING,
                })
                .collect(),
        });
    Table {
        annex: annex_idx,
        file: "合成.xlsx".into(),
        sheet: annex.number.clone(),
        reporter: annex.responsible,
        columns: (0..annex.leaves.len() as u32).map(Some).collect(),
        rows: rows.collect(),
        period: Period::Plan,
        originals: Vec::new(),
    }
}

fn last_month(table: Option<Table>) -> Earlier {
    let last_month = table.map(|table| Past {
        period: Period::Plan,
        tables: vec![table],
        unknown: Vec::new(),
    });
    Earlier {
        last_month,
        ..Earlier::default()
    }
}

/// Last month's form: every figure a few percent off, and in balance.
fn drift(scheme: &Scheme, table: &Table, random: &mut Random) -> Table {
    let annex = &scheme.annexes[table.annex];
    let sums = sums(scheme, table.annex);
    let mut earlier = table.clone();
    let mut totals = vec![0i64; annex.leaves.len()];
    for row in &mut earlier.rows {
        let mut values: Vec<i64> = (0..annex.leaves.len())
            .map(|leaf| units(annex, leaf, &row.entries[leaf].value))
            .map(|value| (value as f64 * (0.96 + 0.08 * random.unit())) as i64)
            .collect();
        balance(&sums, &mut values);
        match row.kind {
            RowKind::Data => totals
                .iter_mut()
                .zip(&values)
                .for_each(|(sum, value)| *sum += value),
            RowKind::Total => values.clone_from(&totals),
        }
        for (leaf, value) in values.into_iter().enumerate() {
            if row.entries[leaf].value.amount().is_some() {
                row.entries[leaf] = entry(annex, leaf, value);
            }
        }
    }
    earlier
}

/// Total and parts of every sum inside a row, parts of the same total one after the other.
fn sums(scheme: &Scheme, annex_idx: usize) -> Vec<(usize, Vec<usize>)> {
    let annex = &scheme.annexes[annex_idx];
    let mut sums = Vec::new();
    for rule in scheme
        .rules
        .iter()
        .filter(|rule| rule.annex == Some(annex_idx))
    {
        let Relation::Sum { total, parts } = &rule.relation else {
            continue;
        };
        let years: Vec<Option<u16>> = match rule.each_year {
            true => scheme.years.iter().copied().map(Some).collect(),
            false => vec![None],
        };
        for year in years {
            let leaves = parts.iter().flat_map(|part| {
                let year = match part.year {
                    YearSel::Fixed(year) => Some(year),
                    YearSel::Current | YearSel::Every => year,
                };
                (0..annex.leaves.len()).filter(move |leaf| {
                    let it = &annex.leaves[*leaf];
                    it.column == part.column && (year.is_none() || it.year == year)
                })
            });
            let total = annex.leaf(total.column, year).expect("a column");
            sums.push((total, leaves.collect()));
        }
    }
    sums
}

/// Makes totals the sum of their parts; a second way of splitting a total is fitted to the first.
fn balance(sums: &[(usize, Vec<usize>)], values: &mut [i64]) {
    let mut done: Vec<usize> = Vec::new();
    for (total, parts) in sums {
        let sum: i64 = parts.iter().map(|part| values[*part]).sum();
        if done.contains(total) {
            let (last, rest) = parts.split_last().expect("parts");
            if sum > 0 {
                for part in rest {
                    let scaled = values[*part] as i128 * values[*total] as i128 / sum as i128;
                    values[*part] = scaled as i64 / 100 * 100;
                }
            }
            values[*last] = values[*total] - rest.iter().map(|part| values[*part]).sum::<i64>();
        } else {
            values[*total] = sum;
            done.push(*total);
        }
    }
}

fn entry(annex: &Annex, leaf: usize, units: i64) -> Entry {
    let digit = Amount::last_digit(annex.column_of(leaf).decimals);
    let value = Amount::from(units)
        .checked_mul(digit)
        .expect("a small figure");
    Entry {
        value: Value::Amount(value),
        formula: false,
    }
}

/// A figure in units of its last declared digit.
fn units(annex: &Annex, leaf: usize, value: &Value) -> i64 {
    let Some(amount) = value.amount() else {
        return 0;
    };
    let digits = 10i64.pow(u32::from(annex.column_of(leaf).decimals));
    let units = amount
        .checked_mul(Amount::from(digits))
        .expect("a small figure");
    let units = units.normalised().to_string();
    units.parse().expect("a whole number")
}

/// Plants as many slips as the setting asks for, in cells of their own.
fn plant_all(
    scheme: &Scheme,
    table: &mut Table,
    setting: &Setting,
    kind: Option<Slip>,
    random: &mut Random,
) -> Option<Vec<Vec<(usize, usize)>>> {
    let mut slips: Vec<Vec<(usize, usize)>> = Vec::new();
    for _ in 0..setting.errors {
        let n_kinds = match setting.blocks {
            true => KINDS.len(),
            false => N_CELL_KINDS,
        };
        let slip = kind.unwrap_or_else(|| KINDS[random.below(n_kinds as u64) as usize].0);
        let cells = plant(scheme, table, slip, random)?;
        if slips.iter().flatten().any(|cell| cells.contains(cell)) {
            return None;
        }
        slips.push(cells);
    }
    Some(slips)
}

fn plant(
    scheme: &Scheme,
    table: &mut Table,
    slip: Slip,
    random: &mut Random,
) -> Option<Vec<(usize, usize)>> {
    let annex = &scheme.annexes[table.annex];
    let figures: Vec<usize> = (0..annex.leaves.len())
        .filter(|leaf| annex.column_of(*leaf).kind == ColumnKind::Additive)
        .collect();
    let row = random.below(table.rows.len() as u64) as usize;
    let at = random.below(figures.len() as u64) as usize;
    let leaf = figures[at];
    let given = units(annex, leaf, &table.rows[row].entries[leaf].value);
    let set = |table: &mut Table, row: usize, leaf: usize, value: i64| {
        table.rows[row].entries[leaf] = entry(annex, leaf, value);
    };
    let digits: Vec<u8> = given.to_string().into_bytes();
    let of = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<i64>().ok();
    let position = random.below(digits.len() as u64) as usize;
    let value = match slip {
        Slip::DigitChanged => {
            let mut typed = digits;
            typed[position] = b'0' + random.below(10) as u8;
            of(&typed)?
        }
        Slip::DigitsSwapped => {
            let mut typed = digits;
            if position + 1 == typed.len() {
                return None;
            }
            typed.swap(position, position + 1);
            of(&typed)?
        }
        Slip::DigitDropped => {
            let mut typed = digits;
            typed.remove(position);
            of(&typed)?
        }
        Slip::DigitAdded => {
            let mut typed = digits;
            typed.insert(position, b'0' + random.below(10) as u8);
            of(&typed)?
        }
        Slip::Times(factor) => given * factor,
        Slip::Sign => -given,
        Slip::Exchanged => {
            // With the cell to the right, or the one below.
            let (other_row, other_leaf) = match random.below(2) {
                0 => (row, *figures.get(at + 1)?),
                _ => (row + 1, leaf),
            };
            let other = table.rows.get(other_row)?;
            if other.kind == RowKind::Total {
                return None;
            }
            let theirs = units(annex, other_leaf, &other.entries[other_leaf].value);
            if theirs == given {
                return None;
            }
            set(table, row, leaf, theirs);
            set(table, other_row, other_leaf, given);
            return Some(vec![(row, leaf), (other_row, other_leaf)]);
        }
        Slip::RowShifted => {
            let values: Vec<i64> = figures
                .iter()
                .map(|&leaf| units(annex, leaf, &table.rows[row].entries[leaf].value))
                .collect();
            let mut cells = Vec::new();
            for (idx, pair) in values.windows(2).enumerate() {
                if pair[0] != pair[1] {
                    set(table, row, figures[idx + 1], pair[0]);
                    cells.push((row, figures[idx + 1]));
                }
            }
            return (cells.len() >= 3).then_some(cells);
        }
        Slip::ColumnShifted => {
            let data: Vec<usize> = (0..table.rows.len())
                .filter(|row| table.rows[*row].kind == RowKind::Data)
                .collect();
            let values: Vec<i64> = data
                .iter()
                .map(|&row| units(annex, leaf, &table.rows[row].entries[leaf].value))
                .collect();
            let mut cells = Vec::new();
            for (idx, pair) in values.windows(2).enumerate() {
                if pair[0] != pair[1] {
                    set(table, data[idx + 1], leaf, pair[0]);
                    cells.push((data[idx + 1], leaf));
                }
            }
            return (cells.len() >= 3).then_some(cells);
        }
    };
    if value == given {
        return None;
    }
    set(table, row, leaf, value);
    Some(vec![(row, leaf)])
}

fn cell_place(table: &Table, row: usize, leaf: usize) -> Place {
    Place::sheet(
        &table.file,
        &table.sheet,
        table.cell(&table.rows[row], leaf),
    )
}

fn place(table: &Table, row: usize, leaf: usize) -> String {
    let cell = table.cell(&table.rows[row], leaf);
    cell.map_or(String::new(), |cell| cell.to_string())
}

fn percent(n: u32, of: u32) -> String {
    format!("{:.1} %", 100.0 * f64::from(n) / f64::from(of.max(1)))
}

fn micros(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}

fn scheme() -> Scheme {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/luntai-2023-2025");
    let mut files: Vec<SchemeFile> = std::fs::read_dir(folder)
        .expect("the scheme's folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| SchemeFile {
            name: path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name")
                .to_owned(),
            text: std::fs::read_to_string(&path).expect("a file of the scheme"),
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    load(&files).expect("the scheme is right")
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 53) as f64 / (1u64 << 53) as f64
    }
}
