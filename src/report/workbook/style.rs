//! What cells look like: fonts, borders, number formats and the colours of levels.

use foldhash::HashMap;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, FormatUnderline, Workbook};

use crate::model::Level;

use super::marks::{MarkLook, Marked};

const BODY: &str = "宋体";
const BLACK: &str = "黑体";
const TITLE: &str = "方正小标宋简体";
const GREY: u32 = 0xF2F2F2;

/// What a cell looks like; equal looks are one format in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Look {
    /// What the cell is for.
    pub(super) role: Role,
    /// How its number is shown.
    pub(super) number: Number,
    /// The worst level of its findings.
    pub(super) level: Option<Level>,
    /// How it is marked, where it has one.
    pub(super) marked: Marked,
}

/// What a cell is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// 附件7, above the title.
    AnnexNumber,
    /// The title of a sheet.
    Title,
    /// The title of a block.
    Section,
    /// Unit line and the like, right above the table.
    Aside,
    /// Grey small print.
    Small,
    /// Running text without borders.
    Paragraph,
    /// Likewise, as a warning.
    Warning,
    /// A header cell.
    Header,
    /// A cell in the middle: serial numbers, keys, dates, 是/否.
    Centred,
    /// Longer text.
    Text,
    /// A figure.
    Figure,
    /// The label of a total row.
    TotalLabel,
    /// A figure of a total row.
    TotalFigure,
    /// Something that is not there: 未报.
    Absent,
    /// Something that cannot be: ÷0, /.
    Faint,
    /// A link to another cell of the workbook.
    Link,
    /// Likewise, in the middle.
    CentredLink,
    /// A cell of a blank form to be filled in.
    Input,
    /// Likewise, for longer text.
    InputText,
    /// A cell of a blank form that says which row it is.
    Label,
    /// Likewise, for longer text.
    LabelText,
    /// A cell of a blank form that is worked out from others, or stays blank.
    Computed,
    /// A line of a blank form to be completed by hand.
    Signature,
    /// The period of a blank form, below its title.
    Period,
}

/// How a number is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Number {
    /// As it comes.
    General,
    /// With so many decimals.
    Decimals(u8),
    /// Likewise, with a sign also above zero.
    Signed(u8),
    /// A hundredth shown as one percent.
    Percent(u8),
    /// A date, as the annexes print it.
    Date,
    /// Text, so that a code stays one when the cell is edited.
    Text,
}

/// The formats in use.
#[derive(Default)]
pub(super) struct Styles {
    made: HashMap<Look, Format>,
    registered: HashMap<Format, u32>,
}

/// The numbers of the looks that lines of text have.
#[derive(Clone, Copy)]
pub(super) struct Looks {
    pub(super) centred: u32,
    pub(super) text: u32,
}

impl Looks {
    pub(super) fn register(workbook: &mut Workbook, styles: &mut Styles) -> Self {
        Self {
            centred: styles.register(workbook, Look::new(Role::Centred)),
            text: styles.register(workbook, Look::new(Role::Text)),
        }
    }
}

impl Look {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            number: Number::General,
            level: None,
            marked: Marked::Wrong,
        }
    }

    pub(super) fn number(mut self, number: Number) -> Self {
        self.number = number;
        self
    }

    pub(super) fn level(mut self, level: Option<Level>) -> Self {
        self.level = level;
        self
    }

    /// The look of a cell that findings mark.
    pub(super) fn mark(mut self, mark: Option<MarkLook>) -> Self {
        self.level = mark.map(|(_, level)| level);
        self.marked = mark.map_or(Marked::Wrong, |(marked, _)| marked);
        self
    }
}

impl Styles {
    pub(super) fn get(&mut self, look: Look) -> &Format {
        self.made.entry(look).or_insert_with(|| format(look))
    }

    /// The number of a look's format in the workbook. Looks are registered before anything is written.
    pub(super) fn register(&mut self, workbook: &mut Workbook, look: Look) -> u32 {
        // Number 0 is the default format; equal formats are one.
        let next = self.registered.len() as u32 + 1;
        let format = self.get(look).clone();
        workbook.register_format(&format);
        *self.registered.entry(format).or_insert(next)
    }

    pub(super) fn role(&mut self, role: Role) -> &Format {
        self.get(Look::new(role))
    }
}

/// Fill, font and border of a level: light enough that the figure stays readable in print.
pub(super) fn colours(level: Level) -> (u32, u32, u32) {
    match level {
        Level::Mandatory => (0xFFC7CE, 0x9C0006, 0xC00000),
        Level::QuasiMandatory => (0xFFD9A0, 0x7F3F00, 0xC65911),
        Level::Verification => (0xFFE7C6, 0x7F3F00, 0xC65911),
        Level::Hint => (0xFFFFA8, 0x5F5200, 0xBF9000),
    }
}

/// Fill of a cell that is right as far as anybody can tell, but is held against one that is wrong.
const RELATED: u32 = 0xE4EAF2;

/// The colour of a sheet's tab: stronger, because tabs are small.
pub(super) fn tab_colour(level: Level) -> u32 {
    match level {
        Level::Mandatory => 0xE03C32,
        Level::QuasiMandatory | Level::Verification => 0xF39C12,
        Level::Hint => 0xFFE14D,
    }
}

fn format(look: Look) -> Format {
    let plain = || {
        Format::new()
            .set_font_name(BODY)
            .set_font_size(11)
            .set_align(FormatAlign::VerticalCenter)
    };
    let cell = || plain().set_border(FormatBorder::Thin).set_text_wrap();
    let linked = |format: Format| {
        format
            .set_font_color(0x0563C1)
            .set_underline(FormatUnderline::Single)
    };
    let format = match look.role {
        Role::AnnexNumber => plain().set_font_name(BLACK).set_font_size(14),
        Role::Title => plain()
            .set_font_name(TITLE)
            .set_font_size(18)
            .set_align(FormatAlign::Center)
            .set_text_wrap(),
        Role::Section => plain().set_font_name(BLACK).set_font_size(12),
        Role::Aside => plain().set_align(FormatAlign::Right),
        Role::Small => plain()
            .set_font_size(9)
            .set_font_color(0x7F7F7F)
            .set_align(FormatAlign::Right),
        Role::Paragraph => plain().set_text_wrap(),
        Role::Warning => plain().set_text_wrap().set_bold().set_font_color(0xC00000),
        Role::Header => cell()
            .set_font_name(BLACK)
            .set_align(FormatAlign::Center)
            .set_background_color(GREY),
        Role::Centred => cell().set_align(FormatAlign::Center),
        Role::Text => cell().set_align(FormatAlign::Left),
        // A figure that does not fit must not break over two lines.
        Role::Figure => plain()
            .set_border(FormatBorder::Thin)
            .set_align(FormatAlign::Center),
        Role::TotalLabel => cell().set_bold().set_align(FormatAlign::Center),
        Role::TotalFigure => plain()
            .set_border(FormatBorder::Thin)
            .set_bold()
            .set_align(FormatAlign::Center),
        Role::Absent => cell()
            .set_align(FormatAlign::Center)
            .set_font_color(0x7F7F7F)
            .set_background_color(0xEDEDED),
        Role::Faint => cell()
            .set_align(FormatAlign::Center)
            .set_font_color(0x7F7F7F),
        Role::Link => linked(cell().set_align(FormatAlign::Left)),
        Role::CentredLink => linked(cell().set_align(FormatAlign::Center)),
        // Grey is for what needs no filling in, so that white says where to type.
        Role::Input => plain()
            .set_border(FormatBorder::Thin)
            .set_align(FormatAlign::Center)
            .set_unlocked(),
        Role::InputText => cell().set_align(FormatAlign::Left).set_unlocked(),
        Role::Label => cell()
            .set_align(FormatAlign::Center)
            .set_background_color(GREY),
        Role::LabelText => cell()
            .set_align(FormatAlign::Left)
            .set_background_color(GREY),
        Role::Computed => plain()
            .set_border(FormatBorder::Thin)
            .set_align(FormatAlign::Center)
            .set_background_color(GREY),
        Role::Signature => plain().set_unlocked(),
        Role::Period => plain().set_align(FormatAlign::Center),
    };
    let format = match look.number {
        Number::General => format,
        Number::Decimals(decimals) => format.set_num_format(decimals_format(decimals)),
        Number::Signed(decimals) => {
            let plain = decimals_format(decimals);
            format.set_num_format(format!("+{plain};-{plain};{plain}"))
        }
        Number::Percent(decimals) => format.set_num_format(decimals_format(decimals) + "%"),
        Number::Date => format.set_num_format("yyyy-mm-dd"),
        Number::Text => format.set_num_format("@"),
    };
    let Some(level) = look.level else {
        return format;
    };
    let (fill, font, border) = colours(level);
    match look.marked {
        Marked::Wrong => format
            .set_background_color(fill)
            .set_font_color(font)
            .set_border(FormatBorder::Thin)
            .set_border_color(border),
        Marked::Candidate => format
            .set_border(FormatBorder::MediumDashed)
            .set_border_color(border),
        Marked::Related => format.set_background_color(RELATED),
    }
}

fn decimals_format(decimals: u8) -> String {
    match decimals {
        0 => "0".to_owned(),
        n => format!("0.{}", "0".repeat(usize::from(n))),
    }
}
