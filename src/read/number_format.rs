//! What a number format code says about the printed figure: `0.00%`, `#,##0`, `yyyy"年"m"月"`.

use crate::model::{NumberFormat, Scaled, Shows};

/// How numbers with one format code are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// As a figure.
    pub(super) figure: NumberFormat,
    /// As a date, to which part.
    pub(super) date: Option<DateParts>,
    /// With a time of whole seconds or less.
    pub(super) to_second: bool,
}

/// The smallest part of a date that a format shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateParts {
    Year,
    Month,
    Day,
}

impl Shown {
    /// By a format code, as written in the file.
    pub(super) fn by_code(code: &str) -> Self {
        let sections: Vec<Section> = code.split_sections().map(Section::read).collect();
        let Some(first) = sections.first() else {
            return Self::default();
        };
        if let Some(date) = first.date() {
            // With the time beside it a moment is shown as it is.
            let shows = match first.time {
                true => Shows::Figure,
                false => Shows::Date,
            };
            return Self {
                figure: NumberFormat {
                    shows,
                    ..NumberFormat::default()
                },
                date: Some(date),
                // Digits are parts of seconds here.
                to_second: first.time && !first.has_digits,
            };
        }
        let mut decimals = first.decimals();
        // Sections chosen by conditions are equals; without conditions the first one is for the
        // positive figures that forms hold.
        if first.has_condition {
            for section in sections.iter().filter(|s| s.has_digits) {
                if section.decimals() != decimals {
                    decimals = None;
                }
            }
        }
        Self {
            figure: NumberFormat {
                percent: first.percent,
                decimals,
                scaled: first.scaled_by(),
                shows: first.shows(sections.len()),
                is_struck: false,
            },
            date: None,
            to_second: false,
        }
    }

    /// By the number of a format that spreadsheet programs have built in (ECMA-376, 18.8.30, with
    /// the numbers that differ by language as they are in Chinese).
    pub(super) fn by_id(id: u32) -> Self {
        Self::by_code(match id {
            1 => "0",
            2 => "0.00",
            3 | 5 | 6 | 37 | 38 | 41 | 42 => "#,##0",
            4 | 7 | 8 | 39 | 40 | 43 | 44 => "#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 => "0.00E+00",
            12 => "# ?/?",
            13 => "# ??/??",
            14..=16 | 28..=31 | 51 | 53 | 54 | 58 => "yyyy/m/d",
            22 => "yyyy/m/d h:mm",
            17 | 27 | 36 | 50 | 52 | 57 => "yyyy\"年\"m\"月\"",
            18..=21 | 32..=35 | 45..=47 | 55 | 56 => "h:mm",
            _ => "General",
        })
    }
}

/// One of the up to four parts of a code.
#[derive(Debug, Default)]
struct Section {
    has_condition: bool,
    percent: bool,
    has_digits: bool,
    has_general: bool,
    /// `0` behind the point.
    fixed: u8,
    /// `#` or `?` behind the point: shown where there is something to show.
    optional: bool,
    /// Exponents, fractions and figures in thousands: the decimals of the code are not the figure's.
    scaled: bool,
    /// Exponents and fractions.
    has_other_form: bool,
    /// Commas behind the digits, each for a thousand.
    thousands: i8,
    /// A point between the digits that is only text: the digits behind it.
    behind_text_point: Option<i8>,
    /// `@`, for which a number is shown as it is.
    has_text: bool,
    /// Words of its own.
    has_words: bool,
    year: bool,
    month: bool,
    day: bool,
    time: bool,
}

impl Section {
    fn read(code: &str) -> Self {
        let mut section = Self::default();
        let mut behind_point = false;
        let mut comma = false;
        let mut rest = code.chars();
        while let Some(c) = rest.next() {
            let was_comma = std::mem::replace(&mut comma, c == ',' && section.has_digits);
            match c {
                ',' if section.has_digits => section.thousands += 1,
                '0'..='9' | '#' | '?' if !behind_point => section.thousands = 0,
                _ => {}
            }
            match c {
                '"' => {
                    let text = rest.as_str();
                    let end = text.find('"').unwrap_or(text.len());
                    section.has_words = true;
                    if &text[..end] == "." {
                        section.text_point(behind_point);
                    }
                    rest.by_ref().find(|&c| c == '"');
                    comma = was_comma;
                }
                '\\' | '!' | '_' | '*' => {
                    let next = rest.next();
                    if matches!(c, '\\' | '!') && next == Some('.') {
                        section.text_point(behind_point);
                    }
                    comma = was_comma;
                }
                '@' => section.has_text = true,
                '[' => {
                    let inside = rest.as_str();
                    let end = inside.find(']').unwrap_or(inside.len());
                    let inside = &inside[..end];
                    section.has_condition |= inside.starts_with(['<', '>', '=']);
                    // [h], [mm], [ss] count hours, minutes or seconds that have passed.
                    section.time |= !inside.is_empty()
                        && inside
                            .chars()
                            .all(|c| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's'));
                    rest.by_ref().find(|&c| c == ']');
                    comma = was_comma;
                }
                '%' => section.percent = true,
                '.' => {
                    section.scaled |= was_comma;
                    behind_point = true;
                }
                '0'..='9' | '#' | '?' => {
                    section.has_digits = true;
                    if let Some(behind) = &mut section.behind_text_point {
                        *behind += 1;
                    }
                    if behind_point {
                        section.fixed = section.fixed.saturating_add(u8::from(c == '0'));
                        section.optional |= c != '0';
                    }
                }
                '/' if section.has_digits => {
                    section.scaled = true;
                    section.has_other_form = true;
                }
                'E' | 'e' if section.has_digits => {
                    section.scaled = true;
                    section.has_other_form = true;
                    rest.next();
                }
                'G' | 'g' if starts_with(rest.as_str(), "eneral") => {
                    section.has_general = true;
                    rest.nth("eneral".len() - 1);
                }
                'A' | 'a' if starts_with(rest.as_str(), "m/pm") => {
                    section.time = true;
                    rest.nth("m/pm".len() - 1);
                }
                'A' | 'a' if starts_with(rest.as_str(), "/p") => {
                    section.time = true;
                    rest.nth(1);
                }
                'y' | 'Y' | 'e' | 'E' => section.year = true,
                'm' | 'M' => section.month = true,
                'd' | 'D' => section.day = true,
                // Chinese and Japanese codes for the day of the week.
                'a' | 'A' => section.day |= starts_with(rest.as_str(), "aa"),
                'h' | 'H' | 's' | 'S' => section.time = true,
                _ => {}
            }
        }
        section.scaled |= comma;
        section
    }

    /// A point that is only text, as in 0!.0000 for ten thousands.
    fn text_point(&mut self, behind_point: bool) {
        if self.has_digits && !behind_point {
            self.behind_text_point.get_or_insert(0);
        }
    }

    fn decimals(&self) -> Option<u8> {
        let is_scaled = self.scaled || self.behind_text_point.is_some_and(|behind| behind > 0);
        let fixed = self.has_digits && !self.has_general && !is_scaled && !self.optional;
        fixed.then_some(self.fixed)
    }

    /// How far off its value a figure is shown.
    fn scaled_by(&self) -> Option<Scaled> {
        let behind = self.behind_text_point.unwrap_or(0);
        let thousands = if self.scaled { self.thousands } else { 0 };
        let power = -(3i8.checked_mul(thousands)?.checked_add(behind)?);
        let is_scaled = power != 0 && self.has_digits && !self.has_other_form && !self.percent;
        is_scaled.then_some(Scaled {
            power,
            decimals: self.fixed.max(behind.unsigned_abs()),
        })
    }

    /// What is shown of a number, in a code of so many sections.
    fn shows(&self, n_sections: usize) -> Shows {
        let is_bare = !self.has_digits && !self.has_general && !self.has_text;
        match (self.time && !self.has_general, is_bare) {
            (true, _) => Shows::Time,
            // A code of nothing is no code; conditions may be for figures that never come.
            (false, true) if !self.has_condition && (n_sections > 1 || self.has_words) => {
                Shows::Nothing
            }
            _ => Shows::Figure,
        }
    }

    fn date(&self) -> Option<DateParts> {
        if self.has_digits && !self.time || self.has_general {
            return None;
        }
        match (self.year, self.month, self.day) {
            // With hours or seconds beside it, `m` stands for minutes.
            (false, true, false) if self.time => None,
            (false, false, false) => None,
            (true, false, false) => Some(DateParts::Year),
            (true, true, false) if !self.time => Some(DateParts::Month),
            _ => Some(DateParts::Day),
        }
    }
}

fn starts_with(text: &str, lower_case: &str) -> bool {
    text.get(..lower_case.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(lower_case))
}

trait SplitSections {
    fn split_sections(&self) -> impl Iterator<Item = &str>;
}

impl SplitSections for str {
    /// At each `;` that is neither quoted nor escaped.
    fn split_sections(&self) -> impl Iterator<Item = &str> {
        let (mut quoted, mut escaped) = (false, false);
        self.split(move |c| {
            let was_escaped = std::mem::take(&mut escaped);
            if was_escaped {
                return false;
            }
            quoted ^= c == '"';
            escaped = !quoted && matches!(c, '\\' | '_' | '*');
            c == ';' && !quoted
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_percent_and_decimals() {
        for (code, percent, decimals) in [
            ("General", false, None),
            ("", false, None),
            ("@", false, None),
            ("0", false, Some(0)),
            ("0.0", false, Some(1)),
            ("0.00", false, Some(2)),
            ("#,##0", false, Some(0)),
            ("#,##0.00_);[Red](#,##0.00)", false, Some(2)),
            ("0%", true, Some(0)),
            ("0.00%", true, Some(2)),
            ("0.00\"%\"", false, Some(2)),
            ("0.00\\%", false, Some(2)),
            ("0!%", false, Some(0)),
            ("0\"年\"", false, Some(0)),
            ("0.00\"m²\"", false, Some(2)),
            ("0.0\"a;b.00\";0", false, Some(1)),
            ("General\"亩\"", false, None),
            ("0.0#", false, None),
            ("#.##", false, None),
            ("0.00E+00", false, None),
            ("# ?/?", false, None),
            ("0.0,", false, None),
            ("#,##0.0,\"千\"", false, None),
            ("[>=100]0;0.00", false, None),
            ("[>=100]0.0;0.0", false, Some(1)),
            ("[红色]0.0", false, Some(1)),
            ("[$-804]0.0", false, Some(1)),
            ("[DBNum1][$-804]General", false, None),
            (
                "_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * \"-\"??_ ;_ @_ ",
                false,
                Some(2),
            ),
            ("_-* #,##0_-", false, Some(0)),
            ("\"￥\"#,##0.00", false, Some(2)),
            ("000000", false, Some(0)),
        ] {
            let shown = Shown::by_code(code);
            let figure = (shown.figure.percent, shown.figure.decimals);
            assert_eq!(figure, (percent, decimals), "{code}");
            assert_eq!(shown.date, None, "{code}");
        }
    }

    #[test]
    fn codes_say_how_far_off_its_value_a_figure_is_shown() {
        for (code, scaled) in [
            ("0.0", None),
            ("#,##0.00", None),
            ("0.00E+00", None),
            ("# ?/?", None),
            ("0.0%", None),
            ("0.0,", Some((-3, 1))),
            ("0,.0", Some((-3, 1))),
            ("#,##0,,", Some((-6, 0))),
            ("0.0,\"千\"", Some((-3, 1))),
            ("0!.0,", Some((-4, 1))),
            ("0\\.0000", Some((-4, 4))),
            ("0\".\"0000\"万\"", Some((-4, 4))),
        ] {
            let shown = Shown::by_code(code).figure.scaled;
            let shown = shown.map(|scaled| (scaled.power, scaled.decimals));
            assert_eq!(shown, scaled, "{code}");
        }
    }

    #[test]
    fn codes_say_whether_a_number_is_shown_at_all() {
        for (code, shows) in [
            ("", Shows::Figure),
            ("General", Shows::Figure),
            ("@", Shows::Figure),
            ("#,##0;-#,##0;", Shows::Figure),
            ("[=0]\"\";0", Shows::Figure),
            (";;;", Shows::Nothing),
            ("\"已报\"", Shows::Nothing),
            ("h:mm", Shows::Time),
            ("[h]:mm:ss", Shows::Time),
            ("mm:ss.0", Shows::Time),
            ("yyyy-mm-dd", Shows::Date),
            ("yyyy/m/d h:mm", Shows::Figure),
        ] {
            assert_eq!(Shown::by_code(code).figure.shows, shows, "{code}");
        }
    }

    #[test]
    fn codes_say_which_part_of_a_date_is_shown() {
        use DateParts::{Day, Month, Year};
        for (code, date) in [
            ("yyyy-mm-dd", Some(Day)),
            ("yyyy\"年\"m\"月\"d\"日\"", Some(Day)),
            ("[$-804]yyyy/m/d;@", Some(Day)),
            ("yyyy/m/d h:mm", Some(Day)),
            ("m\"月\"d\"日\"", Some(Day)),
            ("yyyy\"年\"m\"月\"", Some(Month)),
            ("yyyy/m", Some(Month)),
            ("[$-F800]dddd, mmmm dd, yyyy", Some(Day)),
            ("aaaa", Some(Day)),
            ("yyyy\"年\"", Some(Year)),
            ("e\"年\"m\"月\"", Some(Month)),
            ("mmmm", Some(Day)),
            ("h:mm", None),
            ("[h]:mm:ss", None),
            ("mm:ss.0", None),
            ("h:mm AM/PM", None),
            ("上午/下午h\"时\"mm\"分\"", None),
            ("0\"日\"", None),
            ("0.0\"d\"", None),
            ("General\"d\"", None),
            ("[Red]0", None),
        ] {
            assert_eq!(Shown::by_code(code).date, date, "{code}");
        }
    }
}
