//! How well wrong cells are found: plants slips in forms of the real scheme and counts how often the first suspect is
//! the planted cell, and what is proposed for it what stood there.
//!
//! ```text
//! cargo run --release --no-default-features --example localisation -- [cases] [seed]
//! cargo run --release --no-default-features --example localisation -- [cases] [seed] --write forms.jsonl
//! ```
//!
//! Prints Markdown. The same seed gives the same counts. With `--write` the planted forms and their relations are
//! written as lines of JSON, with what was found, for `scripts/localisation_banff.py`.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use hebiao::check::Checker;
use hebiao::localise::localise;
use hebiao::model::{
    Amount, CellRange, CellRef, Computes, Detail, Earlier, Entry, Finding, Formula, Kind, Level,
    Period, Place, Row, RowKind, Table, Value,
};
use hebiao::scheme::{Annex, ColumnKind, Relation, Scheme, SchemeFile, YearSel, load};

/// A form as it is planted in.
#[derive(Clone, Copy, PartialEq)]
struct Shape {
    name: &'static str,
    says: &'static str,
    annex: &'static str,
    /// The whole county's, with a total row where the annex has one; else one township's row.
    county: bool,
    formulas: Formulas,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Formulas {
    None,
    /// Totals within a row are computed.
    InRows,
    /// The total row is computed.
    TotalRow,
}

const SHAPES: [Shape; 14] = [
    shape(
        "S2.1",
        "附件2.1, totals both ways",
        "附件2.1",
        true,
        Formulas::None,
    ),
    shape(
        "C3",
        "附件3 of the county, totals both ways",
        "附件3",
        true,
        Formulas::None,
    ),
    shape(
        "C7",
        "附件7 of the county, totals both ways",
        "附件7",
        true,
        Formulas::None,
    ),
    shape(
        "T7",
        "附件7 of a township, two splits of one total",
        "附件7",
        false,
        Formulas::None,
    ),
    shape(
        "P5",
        "附件5, prices and promised areas",
        "附件5",
        true,
        Formulas::None,
    ),
    shape(
        "T3",
        "附件3 of a township, a single sum",
        "附件3",
        false,
        Formulas::None,
    ),
    shape(
        "C6.2",
        "附件6.2, a single column",
        "附件6.2",
        true,
        Formulas::None,
    ),
    shape(
        "T7 own",
        "附件7 of a township, our own blank: totals computed",
        "附件7",
        false,
        Formulas::InRows,
    ),
    shape(
        "S2.1 rows",
        "附件2.1, row totals computed",
        "附件2.1",
        true,
        Formulas::InRows,
    ),
    shape(
        "S2.1 total",
        "附件2.1, total row computed",
        "附件2.1",
        true,
        Formulas::TotalRow,
    ),
    shape(
        "C3 rows",
        "附件3 of the county, row totals computed",
        "附件3",
        true,
        Formulas::InRows,
    ),
    shape(
        "C3 total",
        "附件3 of the county, total row computed",
        "附件3",
        true,
        Formulas::TotalRow,
    ),
    shape(
        "C7 rows",
        "附件7 of the county, row totals computed",
        "附件7",
        true,
        Formulas::InRows,
    ),
    shape(
        "C7 total",
        "附件7 of the county, total row computed",
        "附件7",
        true,
        Formulas::TotalRow,
    ),
];

const fn shape(
    name: &'static str,
    says: &'static str,
    annex: &'static str,
    county: bool,
    formulas: Formulas,
) -> Shape {
    Shape {
        name,
        says,
        annex,
        county,
        formulas,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slip {
    Digit,
    Dropped,
    Added,
    Swapped,
    Sign,
    Point,
    UnitCell,
    Stale,
    Blank,
    Exchanged,
    UnitRow,
    UnitColumn,
    UnitForm,
    Shifted,
}

/// The first nine are of one cell.
const SLIPS: [(Slip, &str); 14] = [
    (Slip::Digit, "digit"),
    (Slip::Dropped, "dropped"),
    (Slip::Added, "added"),
    (Slip::Swapped, "swapped"),
    (Slip::Sign, "sign"),
    (Slip::Point, "point"),
    (Slip::UnitCell, "unit of a cell"),
    (Slip::Stale, "stale total"),
    (Slip::Blank, "blank"),
    (Slip::Exchanged, "exchanged"),
    (Slip::UnitRow, "unit of a row"),
    (Slip::UnitColumn, "unit of a column"),
    (Slip::UnitForm, "unit of the form"),
    (Slip::Shifted, "row shifted"),
];
const N_CELL_SLIPS: usize = 9;

/// What a series of cases came to.
#[derive(Clone, Copy, Default)]
struct Counts {
    cases: u32,
    /// What rounding hides, or no relation touches.
    hidden: u32,
    /// First suspects of all that is told are planted cells, and every planted slip is told.
    first: u32,
    /// And what is proposed is what stood there.
    value: u32,
    /// The planted cells are among the suspects.
    among: u32,
    /// Something failed, and no cell is named.
    none: u32,
    findings: u32,
    /// A finding stands at the planted cell, where that is the first suspect.
    marked: u32,
    time: Duration,
    longest: Duration,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|it| it.parse::<u64>().ok());
    let (cases, seed) = (number(0).unwrap_or(300) as u32, number(1).unwrap_or(1));
    let scheme = scheme();
    let checker = Checker::new(&scheme);
    let bench = Bench {
        scheme: &scheme,
        checker: &checker,
        seed,
    };
    if let Some(at) = arguments.iter().position(|it| it == "--write") {
        let file = arguments.get(at + 1).expect("a file to write to");
        std::fs::write(file, bench.lines(cases)).expect("the file can be written");
        return;
    }
    println!(
        "{cases} cases of each kind and shape, seed {seed}; one slip, shares of what is not hidden:\n"
    );
    println!(
        "| form | figures | cases | hidden | first right | value right | among | no suspect | findings | marked | mean | longest |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut by_kind: BTreeMap<(bool, &str), Vec<(Slip, Counts)>> = BTreeMap::new();
    for rounded in [false, true] {
        for shape in SHAPES {
            let counts: Vec<(Slip, Counts)> = SLIPS
                .iter()
                .map(|&(slip, _)| (slip, bench.measure(shape, rounded, &[slip], cases)))
                .collect();
            let mut all = Counts::default();
            counts.iter().for_each(|(_, counts)| all.add(counts));
            println!("| {} | {} {}", shape.name, figures(rounded), all.line());
            by_kind.insert((rounded, shape.name), counts);
        }
    }
    println!("\nTwo slips of single cells in one form:\n");
    println!(
        "| form | figures | cases | hidden | first right | value right | among | no suspect | findings | marked | mean | longest |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for rounded in [false, true] {
        for shape in SHAPES.iter().filter(|it| it.formulas == Formulas::None) {
            let counts = bench.measure(*shape, rounded, &[], cases * 4);
            println!("| {} | {} {}", shape.name, figures(rounded), counts.line());
        }
    }
    for rounded in [false, true] {
        println!(
            "\nFirst right / value right of one slip, by kind, {} figures:\n",
            figures(rounded)
        );
        let mut head = String::from("| kind |");
        let mut rule = String::from("|---|");
        for shape in SHAPES {
            let _ = write!(head, " {} |", shape.name);
            rule.push_str("---|");
        }
        println!("{head}\n{rule}");
        for (position, (_, name)) in SLIPS.iter().enumerate() {
            let mut line = format!("| {name} |");
            for shape in SHAPES {
                let counts = &by_kind[&(rounded, shape.name)][position].1;
                let _ = match counts.cases {
                    0 => write!(line, " – |"),
                    n => write!(
                        line,
                        " {} / {} |",
                        share(counts.first, n),
                        share(counts.value, n)
                    ),
                };
            }
            println!("{line}");
        }
    }
    println!("\nMean time of one slip by kind, exact figures, in µs (the longest):\n");
    for (position, (_, name)) in SLIPS.iter().enumerate() {
        let mut line = format!("| {name} |");
        for shape in SHAPES {
            let counts = &by_kind[&(false, shape.name)][position].1;
            let mean = (counts.time / counts.cases.max(1)).as_micros();
            let _ = write!(line, " {mean} ({}) |", counts.longest.as_micros());
        }
        println!("{line}");
    }
    println!("\nThe forms:\n");
    for shape in SHAPES {
        println!("- {}: {}", shape.name, shape.says);
    }
    bench.false_alarms();
}

fn figures(rounded: bool) -> &'static str {
    if rounded { "rounded" } else { "exact" }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.hidden += other.hidden;
        self.first += other.first;
        self.value += other.value;
        self.among += other.among;
        self.none += other.none;
        self.findings += other.findings;
        self.marked += other.marked;
        self.time += other.time;
        self.longest = self.longest.max(other.longest);
    }

    fn line(&self) -> String {
        let n = self.cases;
        format!(
            "| {n} | {} | {} % | {} % | {} % | {} | {:.2} | {} % | {} µs | {} µs |",
            self.hidden,
            share(self.first, n),
            share(self.value, n),
            share(self.among, n),
            self.none,
            f64::from(self.findings) / f64::from(n.max(1)),
            share(self.marked, self.first),
            (self.time / n.max(1)).as_micros(),
            self.longest.as_micros(),
        )
    }
}

fn share(n: u32, of: u32) -> String {
    format!("{:.1}", 100.0 * f64::from(n) / f64::from(of.max(1)))
}

struct Bench<'s> {
    scheme: &'s Scheme,
    checker: &'s Checker<'s>,
    seed: u64,
}

/// A cell of a table: row and leaf.
type At = (usize, usize);

/// A form with slips in it.
struct Planted {
    right: Table,
    wrong: Table,
    /// For each slip the cells that it changed.
    slips: Vec<Vec<At>>,
    findings: Vec<Finding>,
}

/// How a case came out.
struct Verdict {
    first: bool,
    value: bool,
    among: bool,
    marked: bool,
    none: bool,
    n_findings: usize,
}

impl Bench<'_> {
    /// Cases of one form with these slips, or with two of single cells.
    fn measure(&self, shape: Shape, rounded: bool, slips: &[Slip], cases: u32) -> Counts {
        let mut counts = Counts::default();
        let mut random = self.random(shape, rounded, slips);
        let show = std::env::var("SHOW_MISSES").unwrap_or_default();
        for _ in 0..cases {
            let Some(planted) = self.plant_one(shape, rounded, slips, &mut random) else {
                continue;
            };
            if !self.is_visible(&planted) {
                counts.hidden += 1;
                continue;
            }
            let tables = [planted.wrong.clone()];
            let mut findings = planted.findings.clone();
            let start = Instant::now();
            localise(self.checker, &tables, &Earlier::default(), &mut findings);
            let time = start.elapsed();
            let verdict = self.verdict(&planted, &findings, rounded);
            counts.time += time;
            counts.longest = counts.longest.max(time);
            counts.cases += 1;
            counts.first += u32::from(verdict.first);
            counts.value += u32::from(verdict.first && verdict.value);
            counts.among += u32::from(verdict.among);
            counts.none += u32::from(verdict.none);
            counts.findings += verdict.n_findings as u32;
            counts.marked += u32::from(verdict.first && verdict.marked);
            let is_miss = !verdict.first || !verdict.value || verdict.none;
            let of_kind = std::env::var("SHOW_KIND").unwrap_or_default();
            let is_kind = of_kind.is_empty()
                || slips
                    .iter()
                    .any(|slip| SLIPS.contains(&(*slip, of_kind.as_str())));
            if is_miss && is_kind && (show == "all" || show == shape.name) {
                show_miss(&planted, &findings, &verdict);
            }
        }
        counts
    }

    fn random(&self, shape: Shape, rounded: bool, slips: &[Slip]) -> Random {
        // The same slips are planted in forms with typed and with computed totals.
        let name = shape.name.split(' ').next().unwrap_or_default();
        let mut seed = self
            .seed
            .wrapping_mul(0x9E37_79B9)
            .wrapping_add(u64::from(rounded));
        for byte in name.bytes().chain(slips.iter().map(|slip| *slip as u8)) {
            seed = seed.wrapping_mul(31).wrapping_add(u64::from(byte));
        }
        Random(seed)
    }

    fn plant_one(
        &self,
        shape: Shape,
        rounded: bool,
        slips: &[Slip],
        random: &mut Random,
    ) -> Option<Planted> {
        const TRIES: u32 = 30;
        for _ in 0..TRIES {
            let right = self.form(shape, rounded, random);
            let mut wrong = right.clone();
            let mut planted: Vec<Vec<At>> = Vec::new();
            let kinds: Vec<Slip> = match slips {
                [] => (0..2)
                    .map(|_| SLIPS[random.below(N_CELL_SLIPS as u64) as usize].0)
                    .collect(),
                slips => slips.to_vec(),
            };
            for slip in kinds {
                planted.extend(self.plant(shape, &mut wrong, slip, random));
            }
            let wanted = if slips.is_empty() { 2 } else { slips.len() };
            let mut cells: Vec<At> = planted.iter().flatten().copied().collect();
            let n_cells = cells.len();
            cells.sort_unstable();
            cells.dedup();
            if planted.len() < wanted || cells.len() < n_cells {
                continue;
            }
            self.compute(&mut wrong);
            let wrong = without_blank_rows(wrong);
            let findings = self.check(&wrong);
            return Some(Planted {
                right,
                wrong,
                slips: planted,
                findings,
            });
        }
        None
    }

    fn check(&self, table: &Table) -> Vec<Finding> {
        let mut findings = self.checker.form(table).findings;
        let tables = std::slice::from_ref(table);
        findings.extend(self.checker.county(tables).findings);
        findings.retain(|it| it.level != Level::Hint);
        // As normalise tells of blanks.
        let annex = &self.scheme.annexes[table.annex];
        for row in &table.rows {
            for (leaf, entry) in row.entries.iter().enumerate() {
                let column = annex.column_of(leaf);
                if entry.value.is_missing()
                    && column.kind == ColumnKind::Additive
                    && !column.blank_is_none
                {
                    let columns = vec![column.name.to_string()];
                    let detail = Detail::MissingValue { columns };
                    let place = Place::sheet(&table.file, &table.sheet, table.cell(row, leaf));
                    let finding = Finding::new(Kind::MissingValue, Level::Verification, detail);
                    findings.push(finding.at(place));
                }
            }
        }
        findings
    }

    /// Whether relations fail because of every slip, or say what belongs into a blank.
    fn is_visible(&self, planted: &Planted) -> bool {
        let relations = self.relations(&planted.right);
        planted.slips.iter().all(|cells| {
            let of_slip = relations
                .iter()
                .filter(|relation| relation.terms.iter().any(|(at, _)| cells.contains(at)));
            let mut of_slip = of_slip.peekable();
            let is_blank = cells.len() == 1 && value_at(&planted.wrong, cells[0]).is_none();
            let is_unit_of_form = cells.len() > 3 && of_slip.peek().is_some();
            is_unit_of_form && self.is_form_slip(planted, cells)
                || match is_blank {
                    true => of_slip.peek().is_some(),
                    false => of_slip.any(|relation| {
                        let values = |at: &At| self.units_at(&planted.wrong, *at);
                        relation.fails(values)
                    }),
                }
        })
    }

    fn is_form_slip(&self, planted: &Planted, cells: &[At]) -> bool {
        let filled = self.figures(&planted.wrong);
        cells.len() * 10 >= filled.len() * 7
    }

    fn verdict(&self, planted: &Planted, findings: &[Finding], rounded: bool) -> Verdict {
        let table = &planted.wrong;
        let place = |at: &At| at_place(table, *at);
        let all: Vec<Place> = planted.slips.iter().flatten().map(place).collect();
        let told: Vec<&Finding> = findings.iter().filter(|it| is_told(it)).collect();
        let mut first = true;
        let mut value = true;
        let mut named: Vec<&Place> = Vec::new();
        let mut none = false;
        for finding in &told {
            none |= finding.suspects.is_empty() && is_equality(finding);
            // As many suspects as wrong cells take part in it should be these.
            let is_of_many = matches!(finding.kind, Kind::UnitSlip | Kind::Shifted);
            let n = match is_of_many {
                true => finding.suspects.len(),
                false => {
                    let own = finding.place.iter().cloned().chain(finding.cells.iter());
                    let own: Vec<Place> = own.collect();
                    all.iter()
                        .filter(|place| own.contains(place))
                        .count()
                        .max(1)
                }
            };
            for suspect in finding.suspects.iter().take(n) {
                let Some(position) = all.iter().position(|it| *it == suspect.place) else {
                    first = false;
                    continue;
                };
                named.push(&all[position]);
                let at = planted
                    .slips
                    .iter()
                    .flatten()
                    .nth(position)
                    .expect("a cell");
                value &= self.is_value(planted, *at, suspect.likely.as_deref(), rounded);
            }
            first &= finding.suspects.len() >= n.min(1);
        }
        let is_named = |cells: &Vec<At>, places: &[&Place]| {
            let n = cells
                .iter()
                .filter(|at| places.contains(&&place(at)))
                .count();
            match cells.len() {
                0..=2 => n == cells.len(),
                // Of many cells a finding lists some.
                all => n >= all.min(24) * 3 / 4,
            }
        };
        let suspected: Vec<&Place> = findings
            .iter()
            .flat_map(|it| &it.suspects)
            .map(|it| &it.place)
            .collect();
        let marks: Vec<&Place> = told.iter().filter_map(|it| it.place.as_ref()).collect();
        Verdict {
            first: first && planted.slips.iter().all(|cells| is_named(cells, &named)),
            value,
            among: planted
                .slips
                .iter()
                .all(|cells| is_named(cells, &suspected)),
            marked: planted
                .slips
                .iter()
                .all(|cells| cells.iter().any(|at| marks.contains(&&place(at)))),
            none,
            n_findings: told.len(),
        }
    }

    /// Whether what is proposed is what stood there; where figures are rounded one by one, within that.
    fn is_value(&self, planted: &Planted, at: At, likely: Option<&str>, rounded: bool) -> bool {
        let Some(likely) = likely.and_then(|it| it.parse::<Amount>().ok()) else {
            return false;
        };
        let right = planted.right.rows[at.0].entries[at.1]
            .value
            .amount()
            .unwrap_or(Amount::ZERO);
        let off = likely.checked_sub(right).expect("small figures").abs();
        if !rounded {
            return off.is_zero();
        }
        let annex = &self.scheme.annexes[planted.right.annex];
        let digit = annex.decimals_of(at.1, planted.right.rows[at.0].spec);
        // Half a digit for each of the figures of the shortest of its sums, and more for what follows from a price.
        let shortest = self
            .relations(&planted.right)
            .into_iter()
            .filter(|relation| relation.terms.iter().any(|(it, _)| *it == at));
        let room = shortest.map(|it| {
            let own = it
                .terms
                .iter()
                .find(|(cell, _)| *cell == at)
                .map_or(1.0, |(_, times)| times.abs());
            it.tolerance / own
        });
        let room = room.fold(f64::INFINITY, f64::min).max(1.0);
        off.to_float() <= room * Amount::last_digit(digit).to_float() + 1e-9
    }

    /// The figures of a form.
    fn figures(&self, table: &Table) -> Vec<At> {
        let annex = &self.scheme.annexes[table.annex];
        let rows = table.rows.iter().enumerate();
        rows.flat_map(|(row_idx, row)| {
            let leaves = (0..annex.leaves.len()).filter(move |&leaf| {
                annex.column_of(leaf).kind == ColumnKind::Additive
                    && row.entries[leaf].value.amount().is_some()
            });
            leaves.map(move |leaf| (row_idx, leaf))
        })
        .collect()
    }

    fn units_at(&self, table: &Table, at: At) -> f64 {
        let annex = &self.scheme.annexes[table.annex];
        let digits = 10f64.powi(i32::from(annex.column_of(at.1).decimals));
        value_at(table, at).map_or(0.0, |amount| amount.to_float() * digits)
    }

    /// Every relation of a form, in units of the last declared digits: known here by the scheme's rules, and not by what
    /// the program makes of them.
    fn relations(&self, table: &Table) -> Vec<Linear> {
        let annex = &self.scheme.annexes[table.annex];
        let mut all = Vec::new();
        let sums = sums(self.scheme, table.annex);
        let total_row = table.rows.iter().position(|row| row.kind == RowKind::Total);
        for row in 0..table.rows.len() {
            for (total, parts) in &sums {
                let parts = parts.iter().map(|&leaf| ((row, leaf), -1.0));
                all.push(Linear::sum((row, *total), parts.collect()));
            }
        }
        if let Some(total) = total_row {
            for leaf in (0..annex.leaves.len())
                .filter(|&leaf| annex.column_of(leaf).kind == ColumnKind::Additive)
            {
                let rows = (0..table.rows.len()).filter(|row| *row != total);
                let parts = rows.map(|row| ((row, leaf), -1.0));
                all.push(Linear::sum((total, leaf), parts.collect()));
            }
        }
        for rule in self
            .scheme
            .rules
            .iter()
            .filter(|rule| rule.annex == Some(table.annex))
        {
            let Relation::Range {
                cells,
                per: Some(per),
                min: Some(min),
                ..
            } = &rule.relation
            else {
                continue;
            };
            let hebiao::scheme::Limit::Amount(price) = min else {
                continue;
            };
            let (given, per) = (cells[0].column, per.column);
            let leaf = |column| annex.leaf(column, None).expect("a column");
            for (row_idx, row) in table.rows.iter().enumerate() {
                let is_for = rule
                    .applies
                    .rows
                    .as_ref()
                    .is_some_and(|rows| rows.iter().any(|it| **it == *row.key));
                if is_for {
                    // 万元 for 0.01 万亩.
                    let times = price.to_float() / 100.0;
                    all.push(Linear {
                        terms: vec![
                            ((row_idx, leaf(given)), 1.0),
                            ((row_idx, leaf(per)), -times),
                        ],
                        constant: 0.0,
                        tolerance: (1.0 + times) / 2.0,
                    });
                }
            }
        }
        if &*annex.number == "附件5" {
            let leaf = area_leaf(annex);
            for (name, promised) in PROMISED {
                let rows: Vec<usize> = (0..table.rows.len())
                    .filter(|&row| &*table.rows[row].key[0] == name)
                    .collect();
                if !rows.is_empty() {
                    all.push(Linear {
                        tolerance: (rows.len() as f64 + 1.0) / 2.0,
                        terms: rows.into_iter().map(|row| ((row, leaf), 1.0)).collect(),
                        constant: promised as f64,
                    });
                }
            }
        }
        all
    }

    /// Lines of JSON: the planted forms, their relations, and what was found in them.
    fn lines(&self, cases: u32) -> String {
        let mut lines = String::new();
        for rounded in [false, true] {
            for shape in SHAPES
                .iter()
                .filter(|it| it.formulas == Formulas::None || it.name == "T7 own")
            {
                for &(slip, name) in &SLIPS {
                    let mut random = self.random(*shape, rounded, &[slip]);
                    for case in 0..cases {
                        let planted = self.plant_one(*shape, rounded, &[slip], &mut random);
                        let Some(planted) = planted.filter(|it| self.is_visible(it)) else {
                            continue;
                        };
                        let tables = [planted.wrong.clone()];
                        let mut findings = planted.findings.clone();
                        localise(self.checker, &tables, &Earlier::default(), &mut findings);
                        let verdict = self.verdict(&planted, &findings, rounded);
                        self.json(&mut lines, *shape, rounded, name, case, &planted, &verdict);
                    }
                }
            }
        }
        lines
    }

    #[allow(clippy::too_many_arguments, reason = "one line holds all of it")]
    fn json(
        &self,
        lines: &mut String,
        shape: Shape,
        rounded: bool,
        slip: &str,
        case: u32,
        planted: &Planted,
        verdict: &Verdict,
    ) {
        let table = &planted.wrong;
        let name = |at: At| format!("R{}C{}", at.0, at.1);
        let mut cells: Vec<At> = Vec::new();
        let mut relations = Vec::new();
        for relation in self.relations(&planted.right) {
            let mut terms = Vec::new();
            for (at, times) in &relation.terms {
                if !cells.contains(at) {
                    cells.push(*at);
                }
                terms.push(format!("[\"{}\",{times}]", name(*at)));
            }
            relations.push(format!(
                "{{\"terms\":[{}],\"constant\":{},\"tolerance\":{}}}",
                terms.join(","),
                relation.constant,
                match rounded || relation.constant != 0.0 || relation.terms.len() == 2 {
                    true => relation.tolerance,
                    false => 0.0,
                },
            ));
        }
        let is_blank = |at: &At| value_at(table, *at).is_none();
        let values = cells.iter().map(|at| match is_blank(at) {
            true => format!("\"{}\":null", name(*at)),
            false => format!("\"{}\":{}", name(*at), self.units_at(table, *at)),
        });
        let computed: Vec<String> = (table.formulas.iter())
            .map(|it| format!("\"{}\"", name((it.row as usize, it.leaf as usize))))
            .collect();
        let planted_cells: Vec<String> = planted
            .slips
            .iter()
            .flatten()
            .map(|at| format!("\"{}\"", name(*at)))
            .collect();
        let _ = writeln!(
            lines,
            "{{\"shape\":\"{}\",\"rounded\":{rounded},\"slip\":\"{slip}\",\"case\":{case},\"cells\":{{{}}},\"computed\":[{}],\"relations\":[{}],\"planted\":[{}],\"first\":{},\"value\":{},\"among\":{}}}",
            shape.name,
            values.collect::<Vec<_>>().join(","),
            computed.join(","),
            relations.join(","),
            planted_cells.join(","),
            verdict.first,
            verdict.value,
            verdict.among,
        );
    }

    fn false_alarms(&self) {
        println!("\nForms without a slip, until 100,000 relations are checked:\n");
        println!("| form | figures | forms | relations | failed | findings of localise | mean |");
        println!("|---|---|---|---|---|---|---|");
        for shape in SHAPES
            .iter()
            .filter(|it| it.formulas == Formulas::None && (it.county || it.annex == "附件7"))
        {
            for rounded in [false, true] {
                let mut random = self.random(*shape, rounded, &[]);
                let (mut forms, mut relations, mut failed, mut alarms) = (0u32, 0usize, 0, 0);
                let mut time = Duration::ZERO;
                while relations < 100_000 && forms < 25_000 {
                    let table = [self.form(*shape, rounded, &mut random)];
                    relations += self.relations(&table[0]).len();
                    let mut findings = self.checker.form(&table[0]).findings;
                    findings.extend(self.checker.county(&table).findings);
                    failed += findings.iter().filter(|it| is_equality(it)).count();
                    let start = Instant::now();
                    localise(self.checker, &table, &Earlier::default(), &mut findings);
                    time += start.elapsed();
                    let is_alarm = |it: &&Finding| {
                        !it.suspects.is_empty() || (is_told(it) && !is_equality(it))
                    };
                    alarms += findings.iter().filter(is_alarm).count();
                    forms += 1;
                }
                println!(
                    "| {} | {} | {forms} | {relations} | {failed} | {alarms} | {} µs |",
                    shape.name,
                    figures(rounded),
                    (time / forms).as_micros()
                );
            }
        }
    }

    /// A form in which every relation holds. Rows have sizes of their own, years follow each other within a few percent
    /// (planting goes up and down), a sixth of the figures are zero.
    fn form(&self, shape: Shape, rounded: bool, random: &mut Random) -> Table {
        let annex_idx = self
            .scheme
            .annex(shape.annex)
            .expect("an annex of the scheme");
        let annex = &self.scheme.annexes[annex_idx];
        let figures: Vec<usize> = (0..annex.leaves.len())
            .filter(|leaf| annex.column_of(*leaf).kind == ColumnKind::Additive)
            .collect();
        let fixed = annex.rows.fixed();
        let own = random.below(fixed.len() as u64) as usize;
        let specs: Vec<usize> = match shape.county {
            true => (0..fixed.len()).collect(),
            false => vec![own],
        };
        let mut rows: Vec<Vec<i64>> = match shape.annex {
            "附件5" => projects(annex, random),
            _ => {
                let of_row = |_: &usize| self.row(shape, annex_idx, &figures, random);
                specs.iter().map(of_row).collect()
            }
        };
        if shape.county {
            match shape.annex {
                // 1.35 万亩 of the plan's text.
                "附件3" => fit(&mut rows, &figures[..3], Some(13_500_000)),
                // Less than 3.8044 亿立方米.
                "附件7" => {
                    let sums = sums(self.scheme, annex_idx);
                    let total = |rows: &[Vec<i64>]| -> i64 {
                        let balanced = rows.iter().cloned().map(|mut row| {
                            balance(&sums, &mut row);
                            row[figures[2]]
                        });
                        balanced.sum()
                    };
                    while total(&rows) > 3_500_000 {
                        rows.iter_mut().flatten().for_each(|value| *value /= 2);
                    }
                }
                _ => {}
            }
        }
        let sums = sums(self.scheme, annex_idx);
        for row in &mut rows {
            if !rounded {
                row.iter_mut().for_each(|value| *value = *value / 100 * 100);
            }
        }
        if shape.county && shape.annex == "附件3" {
            fit(&mut rows, &figures[..3], None);
        }
        rows.iter_mut().for_each(|row| balance(&sums, row));
        let mut entries: Vec<(RowKind, Option<usize>, Vec<i64>)> = rows
            .iter()
            .zip(&specs)
            .map(|(row, spec)| (RowKind::Data, Some(*spec), row.clone()))
            .collect();
        if let Some(total) = annex.total.as_ref().filter(|_| shape.county) {
            let sum = (0..annex.leaves.len()).map(|leaf| rows.iter().map(|row| row[leaf]).sum());
            let row = (RowKind::Total, None, sum.collect());
            let at = if total.at_top { 0 } else { entries.len() };
            entries.insert(at, row);
        }
        let n_rows = specs.len() as u32;
        let rows = entries
            .into_iter()
            .enumerate()
            .map(|(idx, (kind, spec, exact))| Row {
                kind,
                spec,
                key: spec.map_or_else(Box::default, |spec| fixed[spec].key.clone()),
                year: spec.and_then(|spec| fixed[spec].year),
                reporter: spec
                    .and_then(|spec| fixed[spec].reporter())
                    .or(annex.responsible),
                sheet_row: idx as u32 + 4,
                stated_count: (kind == RowKind::Total).then_some(n_rows),
                entries: (0..annex.leaves.len())
                    .map(|leaf| match figures.contains(&leaf) {
                        true => entry(annex, leaf, (exact[leaf] + 50).div_euclid(100)),
                        false => Entry::MISSING,
                    })
                    .collect(),
            });
        let rows: Vec<Row> = rows.collect();
        let reporter = match shape.county {
            true => annex.responsible,
            false => rows[0].reporter,
        };
        let mut table = Table {
            annex: annex_idx,
            file: "合成.xlsx".into(),
            sheet: annex.number.clone(),
            reporter,
            columns: (0..annex.leaves.len() as u32).map(Some).collect(),
            rows,
            period: Period::Plan,
            originals: Vec::new(),
            notes: Vec::new(),
            formulas: Vec::new(),
            blank_rows: Vec::new(),
        };
        table.formulas = self.formulas(shape, &table);
        self.compute(&mut table);
        table
    }

    fn row(
        &self,
        shape: Shape,
        annex_idx: usize,
        figures: &[usize],
        random: &mut Random,
    ) -> Vec<i64> {
        let annex = &self.scheme.annexes[annex_idx];
        // In hundredths of the last printed digit; townships differ thirtyfold.
        let size = 100.0 * 10f64.powf(2.0 + 1.5 * random.unit());
        let mut exact = vec![0i64; annex.leaves.len()];
        let mut by_column = vec![None; annex.columns.len()];
        for &leaf in figures {
            let column = annex.leaves[leaf].column;
            let base = *by_column[column].get_or_insert_with(|| match random.below(6) {
                0 if shape.annex == "附件7" => 0.0,
                _ => size * (0.2 + random.unit()),
            });
            let year = 0.94 + 0.08 * random.unit();
            exact[leaf] = match shape.annex {
                "附件3" => (size * (0.2 + 1.8 * random.unit())) as i64,
                "附件2.1" => (100.0 * (50.0 + 900.0 * random.unit())) as i64,
                "附件6.2" => (100.0 * (50.0 + 1900.0 * random.unit())) as i64,
                _ => (base * year) as i64,
            };
        }
        exact
    }

    /// The totals that the form computes.
    fn formulas(&self, shape: Shape, table: &Table) -> Vec<Formula> {
        let annex = &self.scheme.annexes[table.annex];
        let mut formulas = Vec::new();
        let cell = |row: usize, leaf: usize| CellRef::new(table.rows[row].sheet_row, leaf as u32);
        let mut push = |row: usize, leaf: usize, ranges: Vec<(CellRange, i8)>| {
            formulas.push(Formula {
                row: row as u32,
                leaf: leaf as u32,
                does: Computes::Sum {
                    ranges: ranges.into(),
                    result: None,
                    skips: None,
                },
            });
        };
        match shape.formulas {
            Formulas::None => {}
            Formulas::InRows => {
                let sums = sums(self.scheme, table.annex);
                let mut done: Vec<usize> = Vec::new();
                for (total, parts) in &sums {
                    if done.contains(total) {
                        continue;
                    }
                    done.push(*total);
                    for row in 0..table.rows.len() {
                        let ranges = parts.iter().map(|&part| {
                            let part = cell(row, part);
                            (CellRange::new(part, part), 1)
                        });
                        push(row, *total, ranges.collect());
                    }
                }
            }
            Formulas::TotalRow => {
                let total = table.rows.iter().position(|row| row.kind == RowKind::Total);
                let total = total.expect("a total row");
                for leaf in (0..annex.leaves.len())
                    .filter(|&leaf| annex.column_of(leaf).kind == ColumnKind::Additive)
                {
                    let (first, last) = if total == 0 {
                        (1, table.rows.len() - 1)
                    } else {
                        (0, total - 1)
                    };
                    push(
                        total,
                        leaf,
                        vec![(CellRange::new(cell(first, leaf), cell(last, leaf)), 1)],
                    );
                }
            }
        }
        formulas.sort_by_key(|formula| (formula.row, formula.leaf));
        formulas
    }

    /// Lets the form calculate.
    fn compute(&self, table: &mut Table) {
        let formulas = std::mem::take(&mut table.formulas);
        let computed = formulas.into_iter().map(|mut formula| {
            let (row, leaf) = (formula.row as usize, formula.leaf as usize);
            if let Computes::Sum { ranges, result, .. } = &mut formula.does {
                let mut sum = Amount::ZERO;
                for (other, it) in table.rows.iter().enumerate() {
                    for (at, entry) in it.entries.iter().enumerate() {
                        let cell = CellRef::new(table.rows[other].sheet_row, at as u32);
                        if ranges.iter().any(|(range, _)| range.contains(cell))
                            && let Some(amount) = entry.value.amount()
                        {
                            sum = sum.checked_add(amount).expect("small figures");
                        }
                    }
                }
                *result = Some(sum);
                table.rows[row].entries[leaf] = Entry {
                    value: Value::Amount(sum),
                    formula: true,
                };
            }
            formula
        });
        table.formulas = computed.collect();
    }

    /// Plants a slip, and tells the cells that it changed.
    fn plant(
        &self,
        shape: Shape,
        table: &mut Table,
        slip: Slip,
        random: &mut Random,
    ) -> Option<Vec<At>> {
        let annex = &self.scheme.annexes[table.annex];
        let is_computed = |at: &At| {
            table
                .formulas
                .iter()
                .any(|it| (it.row as usize, it.leaf as usize) == *at)
        };
        let typed: Vec<At> = self
            .figures(table)
            .into_iter()
            .filter(|at| !is_computed(at))
            .collect();
        let at = typed[random.below(typed.len() as u64) as usize];
        let given = units(annex, table, at);
        let digits: Vec<u8> = given.abs().to_string().into_bytes();
        let of = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<i64>().ok();
        let position = random.below(digits.len() as u64) as usize;
        let digit = b'0' + random.below(10) as u8;
        let value = match slip {
            Slip::Digit => {
                let mut typed = digits;
                typed[position] = digit;
                of(&typed)?
            }
            Slip::Dropped => {
                let mut typed = digits;
                typed.remove(position);
                of(&typed)?
            }
            Slip::Added => {
                let mut typed = digits;
                typed.insert(position, digit);
                of(&typed)?
            }
            Slip::Swapped => {
                let mut typed = digits;
                if position + 1 == typed.len() {
                    return None;
                }
                typed.swap(position, position + 1);
                of(&typed)?
            }
            Slip::Sign => -given,
            Slip::Point => {
                let power = [10, 100][random.below(2) as usize];
                return self.scaled(table, &[at], random.below(2) == 0, power);
            }
            Slip::UnitCell => {
                return self.scaled(table, &[at], random.below(4) == 0, 10_000);
            }
            Slip::Blank => {
                if annex.kind_of(at.1, table.rows[at.0].spec) != ColumnKind::Additive || given == 0
                {
                    return None;
                }
                table.rows[at.0].entries[at.1] = Entry::MISSING;
                return Some(vec![at]);
            }
            Slip::Stale => {
                // The total of before one of its parts changed.
                let relations = self.relations(table);
                let sums = relations
                    .iter()
                    .filter(|it| it.constant == 0.0 && it.terms.len() > 2);
                let totals: Vec<&Linear> = sums.filter(|it| !is_computed(&it.terms[0].0)).collect();
                if totals.is_empty() {
                    return None;
                }
                let sum = totals[random.below(totals.len() as u64) as usize];
                let total = sum.terms[0].0;
                let part = sum.terms[1 + random.below(sum.terms.len() as u64 - 1) as usize].0;
                let size = units(annex, table, part) as f64 * (0.05 + 0.55 * random.unit());
                let change = size as i64 * if random.below(2) == 0 { 1 } else { -1 };
                let before = units(annex, table, total);
                if change == 0 || before + change <= 0 {
                    return None;
                }
                table.rows[total.0].entries[total.1] = entry(annex, total.1, before + change);
                return Some(vec![total]);
            }
            Slip::Exchanged => {
                let others: Vec<At> = typed
                    .iter()
                    .copied()
                    .filter(|other| {
                        let is_beside = (other.0 == at.0) != (other.1 == at.1);
                        let is_near = other.0.abs_diff(at.0) + other.1.abs_diff(at.1) <= 1;
                        let same_unit = self.scheme.unit_of(annex, other.1, None)
                            == self.scheme.unit_of(annex, at.1, None);
                        let kind = |at: &At| table.rows[at.0].kind;
                        is_beside && is_near && same_unit && kind(other) == kind(&at)
                    })
                    .collect();
                let other = *others.get(random.below(others.len().max(1) as u64) as usize)?;
                if units(annex, table, other) == given {
                    return None;
                }
                let (a, b) = (
                    table.rows[at.0].entries[at.1].clone(),
                    table.rows[other.0].entries[other.1].clone(),
                );
                table.rows[at.0].entries[at.1] = b;
                table.rows[other.0].entries[other.1] = a;
                return Some(vec![at, other]);
            }
            Slip::UnitRow if shape.county => {
                let cells: Vec<At> = typed.iter().copied().filter(|it| it.0 == at.0).collect();
                return self.scaled(table, &cells, random.below(4) == 0, 10_000);
            }
            Slip::UnitColumn if shape.county => {
                let unit = |leaf| self.scheme.unit_of(annex, leaf, None);
                let cells: Vec<At> = typed
                    .iter()
                    .copied()
                    .filter(|it| it.1 == at.1 && unit(it.1) == unit(at.1))
                    .collect();
                return self.scaled(table, &cells, random.below(4) == 0, 10_000);
            }
            Slip::UnitForm => {
                // All figures of one unit; too large ones break a bound where there is one.
                let unit = |leaf| self.scheme.unit_of(annex, leaf, None);
                let cells: Vec<At> = typed
                    .iter()
                    .copied()
                    .filter(|it| unit(it.1) == unit(at.1))
                    .collect();
                let is_large = shape.name == "C7" && random.below(2) == 0;
                return self.scaled(table, &cells, is_large, 10_000);
            }
            Slip::Shifted if shape.county && shape.annex != "附件5" => {
                // From one cell on everything is one column to the right, and that cell is blank.
                let row: Vec<At> = typed.iter().copied().filter(|it| it.0 == at.0).collect();
                let from = row.iter().position(|it| *it == at)?;
                if row.len() < from + 4 {
                    return None;
                }
                let given: Vec<Entry> = row
                    .iter()
                    .map(|at| table.rows[at.0].entries[at.1].clone())
                    .collect();
                for (idx, cell) in row.iter().enumerate().skip(from) {
                    table.rows[cell.0].entries[cell.1] = match idx == from {
                        true => Entry::MISSING,
                        false => given[idx - 1].clone(),
                    };
                }
                return Some(row[from..].to_vec());
            }
            Slip::UnitRow | Slip::UnitColumn | Slip::Shifted => return None,
        };
        if value == given {
            return None;
        }
        table.rows[at.0].entries[at.1] = entry(annex, at.1, value);
        Some(vec![at])
    }

    /// Cells so many times too large or too small.
    fn scaled(
        &self,
        table: &mut Table,
        cells: &[At],
        too_large: bool,
        times: i64,
    ) -> Option<Vec<At>> {
        let mut changed = Vec::new();
        for &at in cells {
            let amount = value_at(table, at)?;
            if amount.is_zero() {
                continue;
            }
            let factor = match too_large {
                true => Amount::from(times),
                false => format!("{}", 1.0 / times as f64)
                    .parse()
                    .expect("a power of ten"),
            };
            let scaled = amount
                .checked_mul(factor)
                .expect("small figures")
                .normalised();
            table.rows[at.0].entries[at.1] = Entry {
                value: Value::Amount(scaled),
                formula: false,
            };
            changed.push(at);
        }
        (!changed.is_empty()).then_some(changed)
    }
}

/// Σ times·cell = constant, in units of last digits.
struct Linear {
    terms: Vec<(At, f64)>,
    constant: f64,
    tolerance: f64,
}

impl Linear {
    fn sum(total: At, mut parts: Vec<(At, f64)>) -> Self {
        parts.insert(0, (total, 1.0));
        Self {
            tolerance: parts.len() as f64 / 2.0,
            terms: parts,
            constant: 0.0,
        }
    }

    fn fails(&self, value: impl Fn(&At) -> f64) -> bool {
        let sum: f64 = self.terms.iter().map(|(at, times)| times * value(at)).sum();
        (sum - self.constant).abs() > self.tolerance + 1e-6
    }
}

/// What the plan's text promises of the projects of 附件5, in 0.01 万亩.
const PROMISED: [(&str, i64); 4] = [
    ("人工造乔木林", 135),
    ("退化林修复", 65),
    ("封（沙）山育林", 1_400),
    ("草原改良", 100),
];

fn area_leaf(annex: &Annex) -> usize {
    (0..annex.leaves.len())
        .find(|&leaf| &*annex.column_of(leaf).name == "面积")
        .expect("a column")
}

/// The projects of 附件5: areas that come to what is promised, and their prices.
fn projects(annex: &Annex, random: &mut Random) -> Vec<Vec<i64>> {
    let area = area_leaf(annex);
    let money = area + 1;
    let prices = [
        ("人工造乔木林", 900),
        ("退化林修复", 650),
        ("封（沙）山育林", 100),
        ("草原改良", 90),
    ];
    let mut rows = vec![vec![0i64; annex.leaves.len()]; annex.rows.fixed().len()];
    for ((name, promised), (_, price)) in PROMISED.into_iter().zip(prices) {
        let own: Vec<usize> = (0..rows.len())
            .filter(|&row| &*annex.rows.fixed()[row].key[0] == name)
            .collect();
        let mut left = promised;
        for (idx, &row) in own.iter().enumerate() {
            let n_left = (own.len() - idx) as f64;
            let area_of = match idx + 1 == own.len() {
                true => left,
                false => (left as f64 / n_left * (0.6 + 0.8 * random.unit())) as i64,
            };
            left -= area_of;
            rows[row][area] = area_of * 100;
            rows[row][money] = (area_of * price + 50) / 100 * 100;
        }
    }
    rows
}

/// Scales figures so that they come to a total; without one puts right what rounding has left of 13500.
fn fit(rows: &mut [Vec<i64>], leaves: &[usize], total: Option<i64>) {
    let wanted = 13_500_000i64;
    let sum = |rows: &[Vec<i64>]| -> i64 {
        rows.iter()
            .flat_map(|row| leaves.iter().map(|&leaf| row[leaf]))
            .sum()
    };
    if let Some(total) = total {
        let is = sum(rows).max(1);
        for row in rows.iter_mut() {
            for &leaf in leaves {
                row[leaf] = (i128::from(row[leaf]) * i128::from(total) / i128::from(is)) as i64;
            }
        }
        return;
    }
    let off = wanted - sum(rows);
    let largest = (0..rows.len())
        .flat_map(|row| leaves.iter().map(move |&leaf| (row, leaf)))
        .max_by_key(|&(row, leaf)| rows[row][leaf]);
    if let Some((row, leaf)) = largest {
        rows[row][leaf] += off;
    }
}

fn is_told(finding: &Finding) -> bool {
    is_equality(finding)
        || matches!(
            finding.kind,
            Kind::UnitSlip | Kind::Shifted | Kind::Miswritten | Kind::MissingValue
        )
}

fn is_equality(finding: &Finding) -> bool {
    let beyond = match (finding.difference, finding.tolerance) {
        (Some(difference), Some(tolerance)) => difference.abs() > tolerance,
        _ => false,
    };
    beyond
        && matches!(
            finding.detail,
            Detail::Sum { .. }
                | Detail::TotalRow { .. }
                | Detail::RangePer { .. }
                | Detail::Target { .. }
                | Detail::Equal { .. }
        )
}

fn show_miss(planted: &Planted, findings: &[Finding], verdict: &Verdict) {
    use hebiao::report::{Lang, words};
    println!(
        "-- first {} value {} none {}",
        verdict.first, verdict.value, verdict.none
    );
    for &at in planted.slips.iter().flatten().take(6) {
        let value =
            |table: &Table| value_at(table, at).map_or("blank".to_owned(), |it| it.to_string());
        let place = at_place(&planted.right, at)
            .cell
            .map_or(String::new(), |cell| cell.to_string());
        println!(
            "planted {place} {} → {}",
            value(&planted.right),
            value(&planted.wrong)
        );
    }
    for finding in findings.iter().filter(|it| is_told(it)) {
        println!(
            "{} {}",
            words::heading(finding),
            words::message(finding, Lang::Zh)
        );
        for suspect in finding.suspects.iter().take(4) {
            println!("    {}", words::suspect(finding, suspect, Lang::Zh));
        }
    }
}

/// As normalise does: a printed row in which nothing is filled in is none.
fn without_blank_rows(mut table: Table) -> Table {
    let is_blank = |row: &Row| row.entries.iter().all(|entry| entry.value.is_missing());
    let (blank, rows): (Vec<Row>, Vec<Row>) = std::mem::take(&mut table.rows)
        .into_iter()
        .partition(is_blank);
    table.rows = rows;
    table.blank_rows = blank
        .into_iter()
        .map(|row| Row {
            entries: Box::default(),
            ..row
        })
        .collect();
    table
}

fn value_at(table: &Table, at: At) -> Option<Amount> {
    let row = table
        .rows
        .iter()
        .find(|row| row.sheet_row == at.0 as u32 + 4)?;
    row.entries[at.1].value.amount()
}

/// The place of a cell, by the row of the sheet: rows that were left blank are no rows of the table.
fn at_place(table: &Table, at: At) -> Place {
    let cell = CellRef::new(at.0 as u32 + 4, at.1 as u32);
    Place::sheet(&table.file, &table.sheet, Some(cell))
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
fn units(annex: &Annex, table: &Table, at: At) -> i64 {
    let Some(amount) = value_at(table, at) else {
        return 0;
    };
    let digits = 10i64.pow(u32::from(annex.column_of(at.1).decimals));
    (amount.to_float() * digits as f64).round() as i64
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
