//! Formulas as Excel compiles them, in .xls and .xlsb, as they would be typed.
//!
//! A compiled formula is a list of tokens in the order in which they are calculated ([MS-XLS] 2.2.2, [MS-XLSB] 2.2.2).
//! A formula is given in full or not at all: what is not known here, what refers to another workbook, and what does not
//! come out even is none.

use std::collections::HashMap;
use std::fmt::Write;

use encoding_rs::Encoding;

use super::xls::error;
use crate::model::CellRef;

/// How a version of the format keeps what tokens say.
#[derive(Clone, Copy)]
pub(super) enum Version {
    /// Excel 5 and 95, with its code page.
    Old(&'static Encoding),
    /// Excel 97 to 2003.
    Biff8,
    /// .xlsb
    Biff12,
}

/// What formulas of a workbook refer to.
pub(super) struct Book {
    pub(super) version: Version,
    /// The sheets, as on their tabs.
    pub(super) sheets: Vec<String>,
    /// First and last sheet of each link, by its number; `None` where it leads to another workbook or nowhere.
    pub(super) links: Vec<Option<(usize, usize)>>,
    /// Names of cells and formulas, by their numbers; `None` for those that cannot be written.
    pub(super) names: Vec<Option<String>>,
    /// The workbook that each link leads to, by its number.
    pub(super) books: Vec<usize>,
    /// Functions of add-ins, by workbook and number.
    pub(super) functions: HashMap<(usize, usize), String>,
}

/// A compiled formula.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compiled<'a> {
    pub(super) tokens: &'a [u8],
    /// The values of its constant arrays.
    pub(super) arrays: &'a [u8],
}

impl<'a> Compiled<'a> {
    /// Tokens behind their length in two bytes, and arrays behind them.
    pub(super) fn of_xls(data: &'a [u8]) -> Option<Self> {
        let (length, rest) = data.split_first_chunk::<2>()?;
        let (tokens, arrays) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        Some(Self { tokens, arrays })
    }

    /// Tokens behind their length in four bytes, and arrays behind theirs.
    pub(super) fn of_xlsb(data: &'a [u8]) -> Option<Self> {
        let (length, rest) = data.split_first_chunk::<4>()?;
        let (tokens, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some(Self {
            tokens,
            arrays: rest.get(4..).unwrap_or_default(),
        })
    }

    /// The first cell of the group whose formula it shares.
    pub(super) fn shared_with(self, version: Version) -> Option<CellRef> {
        let [0x01, rest @ ..] = self.tokens else {
            return None;
        };
        let mut bytes = Bytes(rest);
        Some(match version {
            Version::Old(_) | Version::Biff8 => {
                let row = bytes.number(2)?;
                CellRef::new(row, bytes.number(2)?)
            }
            // Its column stands in what follows the tokens.
            Version::Biff12 => {
                let row = bytes.number(4)?;
                CellRef::new(row, Bytes(self.arrays).number(4)?)
            }
        })
    }
}

/// The formula without its `=`, for the cell at `at`: references of shared formulas count from there.
pub(super) fn formula(book: &Book, compiled: Compiled, at: CellRef) -> Option<String> {
    Reader::new(book, compiled, at).formula()
}

/// The formula that a name stands for. One that moves with the cell that uses it is none: where it counts from is kept
/// in another way than formulas keep it.
pub(super) fn formula_of_name(book: &Book, compiled: Compiled) -> Option<String> {
    let mut reader = Reader::new(book, compiled, CellRef::new(0, 0));
    let formula = reader.formula()?;
    (!formula.is_empty() && !reader.moves).then_some(formula)
}

/// Excel takes no longer formula.
const LONGEST: usize = 8_192;

/// Part of a formula; parts inside it stand before it.
enum Node {
    Leaf(String),
    Binary(&'static str, usize, usize),
    Before(&'static str, usize),
    Percent(usize),
    Brackets(usize),
    Function(String, Vec<usize>),
}

struct Reader<'b, 'a> {
    book: &'b Book,
    at: CellRef,
    tokens: Bytes<'a>,
    arrays: Bytes<'a>,
    /// What stands behind the tokens begins with areas and not with arrays.
    has_areas: bool,
    /// Some reference moves along with the cell.
    moves: bool,
    nodes: Vec<Node>,
    stack: Vec<usize>,
}

impl<'b, 'a> Reader<'b, 'a> {
    fn new(book: &'b Book, compiled: Compiled<'a>, at: CellRef) -> Self {
        Self {
            book,
            at,
            tokens: Bytes(compiled.tokens),
            arrays: Bytes(compiled.arrays),
            has_areas: false,
            moves: false,
            nodes: Vec::new(),
            stack: Vec::new(),
        }
    }

    fn formula(&mut self) -> Option<String> {
        while !self.tokens.0.is_empty() {
            self.token()?;
        }
        let [root] = self.stack[..] else {
            return None;
        };
        written(&self.nodes, root)
    }

    fn token(&mut self) -> Option<()> {
        const BINARY: [&str; 15] = [
            "+", "-", "*", "/", "^", "&", "<", "<=", "=", ">=", ">", "<>", " ", ",", ":",
        ];
        let token = self.tokens.byte()?;
        let node = match token {
            0x03..=0x11 => {
                let right = self.stack.pop()?;
                let left = self.stack.pop()?;
                Node::Binary(BINARY[usize::from(token - 3)], left, right)
            }
            0x12 => Node::Before("+", self.stack.pop()?),
            0x13 => Node::Before("-", self.stack.pop()?),
            0x14 => Node::Percent(self.stack.pop()?),
            0x15 => Node::Brackets(self.stack.pop()?),
            0x16 => Node::Leaf(String::new()),
            0x17 => Node::Leaf(quoted(&self.text()?)),
            0x19 => return self.attribute(),
            0x1C => Node::Leaf(known_error(self.tokens.byte()?)?.to_owned()),
            0x1D => Node::Leaf(truth(self.tokens.byte()?).to_owned()),
            0x1E => Node::Leaf(self.tokens.number(2)?.to_string()),
            0x1F => Node::Leaf(figure(self.tokens.float()?)?),
            // The upper bits say what kind of value is wanted.
            0x20..=0x7F => return self.operand(token & 0x1F | 0x20),
            _ => return None,
        };
        self.push(node);
        Some(())
    }

    fn push(&mut self, node: Node) {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
    }

    /// What tells Excel how to calculate or to show it, and how it writes the sum of one argument.
    fn attribute(&mut self) -> Option<()> {
        let kind = self.tokens.byte()?;
        let number = self.tokens.number(2)?;
        match kind {
            0x04 => {
                self.tokens.skip((number as usize + 1) * 2)?;
            }
            0x10 | 0x11 => {
                let of = self.stack.pop()?;
                self.push(Node::Function("SUM".to_owned(), vec![of]));
            }
            0x00 | 0x01 | 0x02 | 0x08 | 0x20 | 0x21 | 0x40 | 0x41 => {}
            _ => return None,
        }
        Some(())
    }

    fn operand(&mut self, token: u8) -> Option<()> {
        let is_12 = matches!(self.book.version, Version::Biff12);
        let is_old = matches!(self.book.version, Version::Old(_));
        let node = match token {
            0x20 => {
                self.tokens.skip(if is_12 { 14 } else { 7 })?;
                Node::Leaf(self.array()?)
            }
            0x21 => {
                let (name, n_arguments) = function(self.tokens.number(2)?)?;
                (n_arguments != ANY).then_some(())?;
                self.function(name.to_owned(), n_arguments.into())?
            }
            0x22 => {
                let n_arguments = usize::from(self.tokens.byte()? & 0x7F);
                match self.tokens.number(2)? {
                    OWN_FUNCTION => self.named_function(n_arguments)?,
                    idx => {
                        let (name, _) = function(idx)?;
                        self.function(name.to_owned(), n_arguments)?
                    }
                }
            }
            0x23 => {
                let idx = self.tokens.number(if is_old { 2 } else { 4 })?;
                if is_old {
                    self.tokens.skip(12)?;
                }
                let name = self.book.names.get(idx.checked_sub(1)? as usize)?;
                Node::Leaf(name.clone()?)
            }
            0x24 | 0x2C => {
                let (row, col) = self.corner(token == 0x2C)?;
                Node::Leaf(cell(row, col))
            }
            0x25 | 0x2D => {
                let corners = self.corners(token == 0x2D)?;
                Node::Leaf(self.area(corners))
            }
            // Areas that Excel has worked out already; the tokens that they come from follow.
            0x26 => {
                self.has_areas = true;
                return self.tokens.skip(6);
            }
            0x27 | 0x28 => return self.tokens.skip(6),
            0x29 => return self.tokens.skip(2),
            0x2A => {
                self.tokens.skip(self.corner_bytes())?;
                Node::Leaf("#REF!".to_owned())
            }
            0x2B => {
                self.tokens.skip(2 * self.corner_bytes())?;
                Node::Leaf("#REF!".to_owned())
            }
            // Where it is the name of a function, that takes it from here.
            0x39 if !is_old => {
                let link = self.tokens.number(2)? as usize;
                let idx = self.tokens.number(4)?.checked_sub(1)? as usize;
                let book = *self.book.books.get(link)?;
                let name = self.book.functions.get(&(book, idx))?;
                Node::Leaf(name.clone())
            }
            0x3A => {
                let sheets = self.sheets()?;
                let (row, col) = self.corner(false)?;
                Node::Leaf(format!("{sheets}{}", cell(row, col)))
            }
            0x3B => {
                let sheets = self.sheets()?;
                let corners = self.corners(false)?;
                Node::Leaf(format!("{sheets}{}", self.area(corners)))
            }
            0x3C | 0x3D => {
                let sheets = self.sheets()?;
                let corners = if token == 0x3C { 1 } else { 2 };
                self.tokens.skip(corners * self.corner_bytes())?;
                Node::Leaf(format!("{sheets}#REF!"))
            }
            _ => return None,
        };
        self.push(node);
        Some(())
    }

    fn function(&mut self, name: String, n_arguments: usize) -> Option<Node> {
        let from = self.stack.len().checked_sub(n_arguments)?;
        Some(Node::Function(name, self.stack.split_off(from)))
    }

    /// A function whose name is its first argument: one of an add-in, or one that came after the format.
    fn named_function(&mut self, n_arguments: usize) -> Option<Node> {
        let from = self.stack.len().checked_sub(n_arguments)?;
        let arguments = self.stack.split_off(from);
        let (name, arguments) = arguments.split_first()?;
        let Node::Leaf(name) = &self.nodes[*name] else {
            return None;
        };
        let plain = name.strip_prefix("_xlfn.").unwrap_or(name);
        let plain = plain.to_ascii_uppercase();
        let is_known = FUNCTIONS.iter().any(|(known, _)| *known == plain);
        if is_known {
            return Some(Node::Function(plain, arguments.to_vec()));
        }
        name.starts_with("_xlfn.")
            .then(|| Node::Function(name.clone(), arguments.to_vec()))
    }

    /// The sheets that a reference leads to, as `表!`.
    fn sheets(&mut self) -> Option<String> {
        let (first, last) = match self.book.version {
            Version::Old(_) => {
                // Links of this workbook have negative numbers.
                let link = self.tokens.number(2)? as u16;
                self.tokens.skip(8)?;
                let sheets = (
                    self.tokens.number(2)? as usize,
                    self.tokens.number(2)? as usize,
                );
                ((link as i16) < 0).then_some(sheets)?
            }
            _ => {
                let link = self.tokens.number(2)? as usize;
                (*self.book.links.get(link)?)?
            }
        };
        let first = self.book.sheets.get(first)?;
        let last = self.book.sheets.get(last)?;
        Some(sheet_prefix(first, last))
    }

    fn corner_bytes(&self) -> usize {
        match self.book.version {
            Version::Old(_) => 3,
            Version::Biff8 => 4,
            Version::Biff12 => 6,
        }
    }

    /// Number of rows and of columns that a sheet has.
    fn size(&self) -> (u32, u32) {
        match self.book.version {
            Version::Old(_) => (1 << 14, 1 << 8),
            Version::Biff8 => (1 << 16, 1 << 8),
            Version::Biff12 => (1 << 20, 1 << 14),
        }
    }

    /// A cell, each of its parts with whether it moves along; `is_offset` where such count from the formula's own.
    fn corner(&mut self, is_offset: bool) -> Option<(Part, Part)> {
        let (row, col, flags) = match self.book.version {
            Version::Old(_) => {
                let row = self.tokens.number(2)?;
                (row & 0x3FFF, self.tokens.number(1)?, row >> 14)
            }
            Version::Biff8 => {
                let row = self.tokens.number(2)?;
                let col = self.tokens.number(2)?;
                (row, col & 0xFF, col >> 14)
            }
            Version::Biff12 => {
                let row = self.tokens.number(4)?;
                let col = self.tokens.number(2)?;
                (row, col & 0x3FFF, col >> 14)
            }
        };
        Some(self.parts(row, col, flags, is_offset))
    }

    fn parts(&mut self, row: u32, col: u32, flags: u32, is_offset: bool) -> (Part, Part) {
        self.moves |= flags & 3 != 0;
        let size = self.size();
        let part = |number: u32, moves: bool, own: u32, size: u32| Part {
            number: match moves && is_offset {
                // Offsets upwards and to the left go round the sheet.
                true => own.wrapping_add(number) % size,
                false => number % size,
            },
            moves,
        };
        (
            part(row, flags & 2 != 0, self.at.row, size.0),
            part(col, flags & 1 != 0, self.at.col, size.1),
        )
    }

    fn corners(&mut self, is_offset: bool) -> Option<[(Part, Part); 2]> {
        let (rows, cols, flags) = match self.book.version {
            Version::Old(_) => {
                let rows = [self.tokens.number(2)?, self.tokens.number(2)?];
                let cols = [self.tokens.number(1)?, self.tokens.number(1)?];
                (
                    rows.map(|row| row & 0x3FFF),
                    cols,
                    rows.map(|row| row >> 14),
                )
            }
            Version::Biff8 | Version::Biff12 => {
                let wide = matches!(self.book.version, Version::Biff12);
                let (bytes, mask) = if wide { (4, 0x3FFF) } else { (2, 0xFF) };
                let rows = [self.tokens.number(bytes)?, self.tokens.number(bytes)?];
                let cols = [self.tokens.number(2)?, self.tokens.number(2)?];
                (rows, cols.map(|col| col & mask), cols.map(|col| col >> 14))
            }
        };
        let mut corner = |idx: usize| self.parts(rows[idx], cols[idx], flags[idx], is_offset);
        Some([corner(0), corner(1)])
    }

    /// An area; whole columns and rows of the old size are those of the new one.
    fn area(&self, [first, last]: [(Part, Part); 2]) -> String {
        let size = self.size();
        let spans = |from: Part, to: Part, size: u32| from.number == 0 && to.number == size - 1;
        if spans(first.0, last.0, size.0) {
            return format!("{}:{}", first.1.column(), last.1.column());
        }
        if spans(first.1, last.1, size.1) {
            return format!("{}:{}", first.0.row(), last.0.row());
        }
        format!("{}:{}", cell(first.0, first.1), cell(last.0, last.1))
    }

    /// A text in quotes.
    fn text(&mut self) -> Option<String> {
        let length = match self.book.version {
            Version::Biff12 => self.tokens.number(2)?,
            _ => self.tokens.number(1)?,
        };
        characters(&mut self.tokens, self.book.version, length as usize)
    }

    /// The next constant array: `{1,2;3,4}`.
    fn array(&mut self) -> Option<String> {
        (!self.has_areas).then_some(())?;
        let version = self.book.version;
        let bytes = &mut self.arrays;
        let (n_cols, n_rows) = match version {
            Version::Old(_) => match (bytes.number(1)?, bytes.number(2)?) {
                (0, rows) => (256, rows),
                size => size,
            },
            Version::Biff8 => (bytes.number(1)? + 1, bytes.number(2)? + 1),
            // Rows come first there.
            Version::Biff12 => {
                let rows = bytes.number(4)?;
                (bytes.number(4)?, rows)
            }
        };
        let mut array = "{".to_owned();
        for row in 0..n_rows {
            for col in 0..n_cols {
                array.push_str(match (row, col) {
                    (0, 0) => "",
                    (_, 0) => ";",
                    _ => ",",
                });
                let is_12 = matches!(version, Version::Biff12);
                let value = match (bytes.byte()?, is_12) {
                    (0x01, false) | (0x00, true) => figure(bytes.float()?)?,
                    (0x02, false) | (0x01, true) => {
                        let is_old = matches!(version, Version::Old(_));
                        let length = bytes.number(if is_old { 1 } else { 2 })?;
                        quoted(&characters(bytes, version, length as usize)?)
                    }
                    (0x04, false) => {
                        let value = truth(bytes.byte()?);
                        bytes.skip(7)?;
                        value.to_owned()
                    }
                    (0x02, true) => truth(bytes.byte()?).to_owned(),
                    (0x10, false) => {
                        let value = known_error(bytes.byte()?)?;
                        bytes.skip(7)?;
                        value.to_owned()
                    }
                    (0x04, true) => {
                        let value = known_error(bytes.byte()?)?;
                        bytes.skip(3)?;
                        value.to_owned()
                    }
                    _ => return None,
                };
                array.push_str(&value);
                (array.len() <= LONGEST).then_some(())?;
            }
        }
        array.push('}');
        Some(array)
    }
}

/// A row or a column of a reference.
#[derive(Clone, Copy)]
struct Part {
    number: u32,
    /// Without a `$`.
    moves: bool,
}

impl Part {
    fn sign(self) -> &'static str {
        if self.moves { "" } else { "$" }
    }

    fn row(self) -> String {
        format!("{}{}", self.sign(), self.number + 1)
    }

    fn column(self) -> String {
        let cell = CellRef::new(0, self.number).to_string();
        format!("{}{}", self.sign(), cell.trim_end_matches('1'))
    }
}

fn cell(row: Part, col: Part) -> String {
    format!("{}{}", col.column(), row.row())
}

/// The formula that ends in `root`, if Excel takes one so long.
fn written(nodes: &[Node], root: usize) -> Option<String> {
    enum Step<'n> {
        Node(usize),
        Text(&'n str),
    }
    let mut formula = String::new();
    let mut open = vec![Step::Node(root)];
    while let Some(step) = open.pop() {
        let node = match step {
            Step::Text(text) => {
                formula.push_str(text);
                continue;
            }
            Step::Node(idx) => &nodes[idx],
        };
        // What comes first goes on top.
        match node {
            Node::Leaf(text) => formula.push_str(text),
            Node::Binary(sign, left, right) => {
                open.extend([Step::Node(*right), Step::Text(sign), Step::Node(*left)]);
            }
            Node::Before(sign, of) => open.extend([Step::Node(*of), Step::Text(sign)]),
            Node::Percent(of) => open.extend([Step::Text("%"), Step::Node(*of)]),
            Node::Brackets(of) => {
                open.extend([Step::Text(")"), Step::Node(*of), Step::Text("(")]);
            }
            Node::Function(name, arguments) => {
                open.push(Step::Text(")"));
                for (idx, argument) in arguments.iter().enumerate().rev() {
                    open.push(Step::Node(*argument));
                    open.extend((idx > 0).then_some(Step::Text(",")));
                }
                open.extend([Step::Text("("), Step::Text(name)]);
            }
        }
        if formula.len() > LONGEST {
            return None;
        }
    }
    Some(formula)
}

/// `表!`, `'甲 乙'!` or `'甲:乙'!`
pub(super) fn sheet_prefix(first: &str, last: &str) -> String {
    let name = match first == last {
        true => first.to_owned(),
        false => format!("{first}:{last}"),
    };
    let is_word = |c: char| c.is_alphabetic() || c == '_';
    let mut chars = name.chars();
    let is_plain = chars.next().is_some_and(is_word)
        && chars.all(|c| is_word(c) || c.is_ascii_digit())
        // A1 and R1C1 would be cells.
        && !(name.is_ascii() && name.bytes().any(|b| b.is_ascii_digit()))
        && !name.eq_ignore_ascii_case("r")
        && !name.eq_ignore_ascii_case("c");
    match is_plain {
        true => format!("{name}!"),
        false => format!("'{}'!", name.replace('\'', "''")),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn truth(byte: u8) -> &'static str {
    if byte == 0 { "FALSE" } else { "TRUE" }
}

/// An error that may be typed.
fn known_error(code: u8) -> Option<&'static str> {
    matches!(code, 0x00 | 0x07 | 0x0F | 0x17 | 0x1D | 0x24 | 0x2A).then(|| error(code))
}

/// A number as it is typed.
fn figure(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let mut text = String::new();
    let _ = match number.abs() {
        size if size != 0.0 && !(1e-9..1e15).contains(&size) => write!(text, "{number:E}"),
        _ => write!(text, "{number}"),
    };
    Some(text)
}

/// So many characters; from Excel 97 on a byte before them says how wide they are.
fn characters(bytes: &mut Bytes, version: Version, length: usize) -> Option<String> {
    let is_wide = match version {
        Version::Old(encoding) => {
            let (text, _) = encoding.decode_without_bom_handling(bytes.take(length)?);
            return Some(text.into_owned());
        }
        Version::Biff8 => bytes.byte()? & 1 != 0,
        Version::Biff12 => true,
    };
    let units: Vec<u16> = match is_wide {
        true => {
            let pairs = bytes.take(length * 2)?.as_chunks::<2>().0;
            pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect()
        }
        false => bytes.take(length)?.iter().map(|&b| b.into()).collect(),
    };
    String::from_utf16(&units).ok()
}

/// What is left of some bytes.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(|_| ())
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// An unsigned number of up to four bytes.
    fn number(&mut self, bytes: usize) -> Option<u32> {
        let bytes = self.take(bytes)?;
        Some(bytes.iter().rev().fold(0, |n, &b| n << 8 | u32::from(b)))
    }

    fn float(&mut self) -> Option<f64> {
        Some(f64::from_le_bytes(*self.take(8)?.first_chunk()?))
    }
}

/// The number that stands for a function by name.
const OWN_FUNCTION: u32 = 255;

/// The function takes any number of arguments, and says each time how many.
const ANY: u8 = u8::MAX;

fn function(number: u32) -> Option<(&'static str, u8)> {
    let function = FUNCTIONS.get(number as usize).copied();
    function.filter(|(name, _)| !name.is_empty())
}

/// Functions of worksheets by number, with how many arguments they take ([MS-XLS] 2.5.198.17); those of macros are left
/// blank. A number of arguments that were wrong would leave the formula uneven.
#[rustfmt::skip]
const FUNCTIONS: [(&str, u8); 485] = [
    ("COUNT", ANY), ("IF", 3), ("ISNA", 1), ("ISERROR", 1), ("SUM", ANY), ("AVERAGE", ANY),
    ("MIN", ANY), ("MAX", ANY), ("ROW", 1), ("COLUMN", 1), ("NA", 0), ("NPV", ANY),
    ("STDEV", ANY), ("DOLLAR", 2), ("FIXED", 3), ("SIN", 1), ("COS", 1), ("TAN", 1),
    ("ATAN", 1), ("PI", 0), ("SQRT", 1), ("EXP", 1), ("LN", 1), ("LOG10", 1), ("ABS", 1),
    ("INT", 1), ("SIGN", 1), ("ROUND", 2), ("LOOKUP", 3), ("INDEX", 4), ("REPT", 2),
    ("MID", 3), ("LEN", 1), ("VALUE", 1), ("TRUE", 0), ("FALSE", 0), ("AND", ANY), ("OR", ANY),
    ("NOT", 1), ("MOD", 2), ("DCOUNT", 3), ("DSUM", 3), ("DAVERAGE", 3), ("DMIN", 3),
    ("DMAX", 3), ("DSTDEV", 3), ("VAR", ANY), ("DVAR", 3), ("TEXT", 2), ("LINEST", 4),
    ("TREND", 4), ("LOGEST", 4), ("GROWTH", 4), ("", 0), ("", 0), ("", 0), ("PV", 5),
    ("FV", 5), ("NPER", 5), ("PMT", 5), ("RATE", 6), ("MIRR", 3), ("IRR", 2), ("RAND", 0),
    ("MATCH", 3), ("DATE", 3), ("TIME", 3), ("DAY", 1), ("MONTH", 1), ("YEAR", 1),
    ("WEEKDAY", 2), ("HOUR", 1), ("MINUTE", 1), ("SECOND", 1), ("NOW", 0), ("AREAS", 1),
    ("ROWS", 1), ("COLUMNS", 1), ("OFFSET", 5), ("", 0), ("", 0), ("", 0), ("SEARCH", 3),
    ("TRANSPOSE", 1), ("", 0), ("", 0), ("TYPE", 1), ("", 0), ("", 0), ("", 0), ("", 0),
    ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("ATAN2", 2), ("ASIN", 1),
    ("ACOS", 1), ("CHOOSE", ANY), ("HLOOKUP", 4), ("VLOOKUP", 4), ("", 0), ("", 0),
    ("ISREF", 1), ("", 0), ("", 0), ("", 0), ("LOG", 2), ("", 0), ("CHAR", 1), ("LOWER", 1),
    ("UPPER", 1), ("PROPER", 1), ("LEFT", 2), ("RIGHT", 2), ("EXACT", 2), ("TRIM", 1),
    ("REPLACE", 4), ("SUBSTITUTE", 4), ("CODE", 1), ("", 0), ("", 0), ("FIND", 3), ("CELL", 2),
    ("ISERR", 1), ("ISTEXT", 1), ("ISNUMBER", 1), ("ISBLANK", 1), ("T", 1), ("N", 1), ("", 0),
    ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("DATEVALUE", 1),
    ("TIMEVALUE", 1), ("SLN", 3), ("SYD", 4), ("DDB", 5), ("", 0), ("", 0), ("", 0),
    ("INDIRECT", 2), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0),
    ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("CLEAN", 1), ("MDETERM", 1), ("MINVERSE", 1),
    ("MMULT", 1), ("", 0), ("IPMT", 6), ("PPMT", 6), ("COUNTA", ANY), ("", 0), ("", 0),
    ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0),
    ("", 0), ("PRODUCT", ANY), ("FACT", 1), ("", 0), ("", 0), ("", 0), ("", 0),
    ("DPRODUCT", 3), ("ISNONTEXT", 1), ("", 0), ("", 0), ("STDEVP", ANY), ("VARP", ANY),
    ("DSTDEVP", 3), ("DVARP", 3), ("TRUNC", 2), ("ISLOGICAL", 1), ("DCOUNTA", 3), ("", 0),
    ("", 0), ("", 0), ("", 0), ("USDOLLAR", 2), ("FINDB", 3), ("SEARCHB", 3), ("REPLACEB", 4),
    ("LEFTB", 2), ("RIGHTB", 2), ("MIDB", 3), ("LENB", 3), ("ROUNDUP", 2), ("ROUNDDOWN", 2),
    ("ASC", 1), ("DBCS", 1), ("RANK", 3), ("", 0), ("", 0), ("ADDRESS", 5), ("DAYS360", 3),
    ("TODAY", 0), ("VDB", 7), ("", 0), ("", 0), ("", 0), ("", 0), ("MEDIAN", ANY),
    ("SUMPRODUCT", ANY), ("SINH", 1), ("COSH", 1), ("TANH", 1), ("ASINH", 1), ("ACOSH", 1),
    ("ATANH", 1), ("DGET", 3), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0),
    ("", 0), ("INFO", 1), ("", 0), ("", 0), ("DB", 5), ("", 0), ("", 0), ("", 0), ("", 0),
    ("FREQUENCY", 2), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0),
    ("ERROR.TYPE", 1), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("", 0),
    ("AVEDEV", ANY), ("BETADIST", 5), ("GAMMALN", 1), ("BETAINV", 5), ("BINOMDIST", 4),
    ("CHIDIST", 2), ("CHIINV", 2), ("COMBIN", 2), ("CONFIDENCE", 3), ("CRITBINOM", 3),
    ("EVEN", 1), ("EXPONDIST", 3), ("FDIST", 3), ("FINV", 3), ("FISHER", 1), ("FISHERINV", 1),
    ("FLOOR", 2), ("GAMMADIST", 4), ("GAMMAINV", 3), ("CEILING", 2), ("HYPGEOMDIST", 4),
    ("LOGNORMDIST", 3), ("LOGINV", 3), ("NEGBINOMDIST", 3), ("NORMDIST", 4), ("NORMSDIST", 1),
    ("NORMINV", 3), ("NORMSINV", 1), ("STANDARDIZE", 3), ("ODD", 1), ("PERMUT", 2),
    ("POISSON", 3), ("TDIST", 3), ("WEIBULL", 4), ("SUMXMY2", 2), ("SUMX2MY2", 2),
    ("SUMX2PY2", 2), ("CHITEST", 2), ("CORREL", 2), ("COVAR", 2), ("FORECAST", 3),
    ("FTEST", 2), ("INTERCEPT", 2), ("PEARSON", 2), ("RSQ", 2), ("STEYX", 2), ("SLOPE", 2),
    ("TTEST", 4), ("PROB", 4), ("DEVSQ", ANY), ("GEOMEAN", ANY), ("HARMEAN", ANY),
    ("SUMSQ", ANY), ("KURT", ANY), ("SKEW", ANY), ("ZTEST", 3), ("LARGE", 2), ("SMALL", 2),
    ("QUARTILE", 2), ("PERCENTILE", 2), ("PERCENTRANK", 3), ("MODE", ANY), ("TRIMMEAN", 2),
    ("TINV", 2), ("", 0), ("", 0), ("", 0), ("CONCATENATE", ANY), ("POWER", 2), ("", 0),
    ("", 0), ("", 0), ("", 0), ("RADIANS", 1), ("DEGREES", 1), ("SUBTOTAL", ANY), ("SUMIF", 3),
    ("COUNTIF", 2), ("COUNTBLANK", 1), ("", 0), ("", 0), ("ISPMT", 4), ("DATEDIF", 3),
    ("DATESTRING", 1), ("NUMBERSTRING", 2), ("ROMAN", 2), ("", 0), ("", 0), ("", 0),
    ("GETPIVOTDATA", ANY), ("HYPERLINK", 2), ("PHONETIC", 1), ("AVERAGEA", ANY), ("MAXA", ANY),
    ("MINA", ANY), ("STDEVPA", ANY), ("VARPA", ANY), ("STDEVA", ANY), ("VARA", ANY),
    ("BAHTTEXT", 1), ("THAIDAYOFWEEK", 1), ("THAIDIGIT", 1), ("THAIMONTHOFYEAR", 1),
    ("THAINUMSOUND", 1), ("THAINUMSTRING", 1), ("THAISTRINGLENGTH", 1), ("ISTHAIDIGIT", 1),
    ("ROUNDBAHTDOWN", 1), ("ROUNDBAHTUP", 1), ("THAIYEAR", 1), ("RTD", ANY),
    ("CUBEVALUE", ANY), ("CUBEMEMBER", 3), ("CUBEMEMBERPROPERTY", 3), ("CUBERANKEDMEMBER", 4),
    ("HEX2BIN", 2), ("HEX2DEC", 1), ("HEX2OCT", 2), ("DEC2BIN", 2), ("DEC2HEX", 2),
    ("DEC2OCT", 2), ("OCT2BIN", 2), ("OCT2HEX", 2), ("OCT2DEC", 1), ("BIN2DEC", 1),
    ("BIN2OCT", 2), ("BIN2HEX", 2), ("IMSUB", 2), ("IMDIV", 2), ("IMPOWER", 2), ("IMABS", 1),
    ("IMSQRT", 1), ("IMLN", 1), ("IMLOG2", 1), ("IMLOG10", 1), ("IMSIN", 1), ("IMCOS", 1),
    ("IMEXP", 1), ("IMARGUMENT", 1), ("IMCONJUGATE", 1), ("IMAGINARY", 1), ("IMREAL", 1),
    ("COMPLEX", 3), ("IMSUM", ANY), ("IMPRODUCT", ANY), ("SERIESSUM", 4), ("FACTDOUBLE", 1),
    ("SQRTPI", 1), ("QUOTIENT", 2), ("DELTA", 2), ("GESTEP", 2), ("ISEVEN", 1), ("ISODD", 1),
    ("MROUND", 2), ("ERF", 2), ("ERFC", 1), ("BESSELJ", 2), ("BESSELK", 2), ("BESSELY", 2),
    ("BESSELI", 2), ("XIRR", 3), ("XNPV", 3), ("PRICEMAT", 6), ("YIELDMAT", 6), ("INTRATE", 5),
    ("RECEIVED", 5), ("DISC", 5), ("PRICEDISC", 5), ("YIELDDISC", 5), ("TBILLEQ", 3),
    ("TBILLPRICE", 3), ("TBILLYIELD", 3), ("PRICE", 7), ("YIELD", 7), ("DOLLARDE", 2),
    ("DOLLARFR", 2), ("NOMINAL", 2), ("EFFECT", 2), ("CUMPRINC", 6), ("CUMIPMT", 6),
    ("EDATE", 2), ("EOMONTH", 2), ("YEARFRAC", 3), ("COUPDAYBS", 4), ("COUPDAYS", 4),
    ("COUPDAYSNC", 4), ("COUPNCD", 4), ("COUPNUM", 4), ("COUPPCD", 4), ("DURATION", 6),
    ("MDURATION", 6), ("ODDLPRICE", 8), ("ODDLYIELD", 8), ("ODDFPRICE", 8), ("ODDFYIELD", 8),
    ("RANDBETWEEN", 2), ("WEEKNUM", 2), ("AMORDEGRC", 7), ("AMORLINC", 7), ("CONVERT", 3),
    ("ACCRINT", 8), ("ACCRINTM", 5), ("WORKDAY", 3), ("NETWORKDAYS", 3), ("GCD", ANY),
    ("MULTINOMIAL", ANY), ("LCM", ANY), ("FVSCHEDULE", 2), ("CUBEKPIMEMBER", 4),
    ("CUBESET", 5), ("CUBESETCOUNT", 1), ("IFERROR", 2), ("COUNTIFS", ANY), ("SUMIFS", ANY),
    ("AVERAGEIF", 3), ("AVERAGEIFS", ANY),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn book(version: Version) -> Book {
        Book {
            version,
            sheets: vec!["附件3".into(), "附件 7".into(), "丙".into()],
            links: vec![Some((0, 0)), Some((1, 1)), Some((0, 2)), None],
            names: vec![Some("面积".into()), None, Some("_xlfn.IFERROR".into())],
            books: vec![0, 0, 0, 1],
            functions: HashMap::from([((1, 0), "EDATE".to_owned())]),
        }
    }

    fn typed(tokens: &[u8], arrays: &[u8], at: &str) -> Option<String> {
        let compiled = Compiled { tokens, arrays };
        formula(
            &book(Version::Biff8),
            compiled,
            at.parse().expect("an address"),
        )
    }

    #[test]
    fn compiled_formulas_are_given_as_they_would_be_typed() {
        // Row, and column with its two upper bits: both move, neither does.
        let c10 = [0x24, 9, 0, 2, 0xC0];
        let d10 = [0x44, 9, 0, 3, 0x00];
        let area = [0x25, 2, 0, 4, 0, 1, 0xC0, 3, 0xC0];
        let sum = [0x19, 0x10, 0, 0];
        for (tokens, expected) in [
            ([&c10[..], &d10, &[0x08]].concat(), "C10&$D$10"),
            ([&area[..], &sum].concat(), "SUM(B3:D5)"),
            (
                [&area[..], &c10, &[0x42, 2, 4, 0]].concat(),
                "SUM(B3:D5,C10)",
            ),
            (
                [&c10[..], &[0x1E, 100, 0, 0x06, 0x15, 0x13]].concat(),
                "-(C10/100)",
            ),
            (
                [&c10[..], &[0x1E, 2, 0, 0x41, 27, 0]].concat(),
                "ROUND(C10,2)",
            ),
            (
                [&[0x17, 2, 1, 0x7A, 0x4E, b'"', 0][..], &c10, &[0x08]].concat(),
                "\"乺\"\"\"&C10",
            ),
            (
                [
                    &[0x3A, 0, 0][..],
                    &c10[1..],
                    &[0x3B, 1, 0],
                    &area[1..],
                    &sum,
                    &[0x03],
                ]
                .concat(),
                "附件3!C10+SUM('附件 7'!B3:D5)",
            ),
            ([&[0x3B, 2, 0][..], &area[1..]].concat(), "'附件3:丙'!B3:D5"),
            (vec![0x43, 1, 0, 0, 0], "面积"),
            (
                [&[0x43, 3, 0, 0, 0][..], &c10, &[0x16, 0x42, 3, 255, 0]].concat(),
                "IFERROR(C10,)",
            ),
            (
                [
                    &[0x39, 3, 0, 1, 0, 0, 0][..],
                    &c10,
                    &[0x1E, 1, 0, 0x42, 3, 255, 0],
                ]
                .concat(),
                "EDATE(C10,1)",
            ),
            (vec![0x25, 0, 0, 0xFF, 0xFF, 1, 0, 1, 0], "$B:$B"),
            (vec![0x1F, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x14], "1.5%"),
        ] {
            assert_eq!(typed(&tokens, &[], "A1").as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_not_known_or_not_even_is_no_formula() {
        let c10 = [0x24, 9, 0, 2, 0xC0];
        for tokens in [
            vec![],
            [c10, c10].concat(),
            vec![0x03],
            // Another workbook, a name that cannot be written, a function of macros, an unknown token.
            [&[0x3A, 3, 0][..], &c10[1..]].concat(),
            vec![0x43, 2, 0, 0, 0],
            [&c10[..], &[0x42, 1, 53, 0]].concat(),
            vec![0x18, 0, 0, 0, 0, 0],
            // Too few arguments, too many.
            [&c10[..], &[0x41, 27, 0]].concat(),
            [&c10[..], &c10, &c10, &[0x41, 27, 0]].concat(),
            // It breaks off.
            c10[..3].to_vec(),
        ] {
            assert_eq!(typed(&tokens, &[], "A1"), None, "{tokens:?}");
        }
    }

    #[test]
    fn references_of_shared_formulas_count_from_the_cell() {
        // One row up and in the same column; an area of three columns to the left.
        let tokens = [
            0x2C, 0xFF, 0xFF, 0, 0xC0, 0x2D, 0, 0, 0, 0, 0xFD, 0xC0, 0xFF, 0xC0, 0x19, 0x10, 0, 0,
            0x03,
        ];
        assert_eq!(typed(&tokens, &[], "F5").as_deref(), Some("F4+SUM(C5:E5)"));
        assert_eq!(typed(&tokens, &[], "F6").as_deref(), Some("F5+SUM(C6:E6)"));
        let fixed = [0x2C, 4, 0, 0, 0x40];
        assert_eq!(typed(&fixed, &[], "F6").as_deref(), Some("F$5"));
    }

    #[test]
    fn tokens_of_binary_parts_are_wider() {
        let area = [0x25, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0xC0, 3, 0xC0];
        let rest = [0x19, 0x10, 0, 0, 0x17, 1, 0, b'a', 0, 0x08];
        let data = [&23u32.to_le_bytes()[..], &area, &rest, &[0; 4]].concat();
        let compiled = Compiled::of_xlsb(&data).expect("tokens");
        let typed = formula(&book(Version::Biff12), compiled, CellRef::new(0, 0));
        assert_eq!(typed.as_deref(), Some("SUM(B3:D5)&\"a\""));
        // The first cell of a group: its row, and its column behind the tokens.
        let data = [5, 0, 0, 0, 0x01, 9, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0];
        let shared = Compiled::of_xlsb(&data).expect("tokens");
        assert_eq!(
            shared.shared_with(Version::Biff12),
            Some(CellRef::new(9, 2))
        );
    }

    #[test]
    fn constant_arrays_stand_behind_the_tokens() {
        let tokens = [0x60, 0, 0, 0, 0, 0, 0, 0, 0x22, 1, 4, 0];
        let arrays = [
            &[1, 0, 0, 1][..],
            &2.5f64.to_le_bytes(),
            &[2, 1, 0, 0, b'a'],
        ];
        assert_eq!(
            typed(&tokens, &arrays.concat(), "A1").as_deref(),
            Some("SUM({2.5,\"a\"})")
        );
    }
}
