//! The version marks in names of files, as clerks and their programs write them.

use unicode_normalization::UnicodeNormalization;

use crate::model::VersionMark;

/// Words of a version that was corrected, however often.
const CORRECTED: [&str; 13] = [
    "修改", "修订", "修正", "更正", "订正", "改正", "更新", "改版", "改稿", "重报", "补报", "新版",
    "再报",
];
/// Words of a version that is to be the last.
const FINAL: [&str; 7] = ["终稿", "最终", "定稿", "终版", "定版", "正式稿", "final"];

impl VersionMark {
    /// The mark in the name of a file, by its path; failing that, in the name of its folder.
    pub fn of_path(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mark = of_name(stem);
        match mark == Self::default() && !folder.is_empty() {
            true => of_name(folder.rsplit('/').next().unwrap_or(folder)),
            false => mark,
        }
    }
}

fn of_name(name: &str) -> VersionMark {
    // Full-width brackets, digits and letters are the narrow ones.
    let name: String = name.nfkc().collect::<String>().to_lowercase();
    let copy = bracketed(&name).unwrap_or(0);
    let times = after(&name, "第", &["次", "版", "稿"]).or_else(|| draft(&name));
    let is_final = FINAL.iter().any(|word| name.contains(word));
    let corrected = CORRECTED
        .iter()
        .find_map(|word| Some(&name[name.find(word)? + word.len()..]))
        .or_else(|| changed(&name));
    let number = match (letter_v(&name).or(times), corrected) {
        // 第二次修改 is the third that came.
        (Some(number), Some(_)) if times.is_some() => number.saturating_add(1),
        (Some(number), _) => number,
        // 修改稿 is the second version, 修改稿2 the third.
        (None, Some(rest)) => leading(rest.trim_start_matches(['稿', '版', '件', '后']))
            .unwrap_or(1)
            .saturating_add(1),
        (None, None) => 1,
    };
    VersionMark {
        is_final,
        number: number.max(1),
        copy,
    }
}

/// 轮台镇改, 轮台镇(改2), 轮台镇-改: a 改 that is part of no other word, such as 煤改电.
fn changed(name: &str) -> Option<&str> {
    let (before, rest) = name.rsplit_once('改')?;
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let ends = digits.is_empty() || digits.starts_with([')', ']', '】', '_', '-', ' ', '.']);
    // 整改 is what is reported on.
    (ends && !before.ends_with('整')).then_some(rest)
}

/// v2, V2.0, _v3: the letter begins a word.
fn letter_v(name: &str) -> Option<u32> {
    name.match_indices('v').find_map(|(at, _)| {
        let begins = !name[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let number = leading(name[at + 1..].trim_start_matches(['.', ' ']))?;
        begins.then_some(number)
    })
}

/// The number in the last pair of brackets that holds nothing else.
fn bracketed(name: &str) -> Option<u32> {
    name.rmatch_indices('(').find_map(|(at, _)| {
        let (inside, _) = name[at + 1..].split_once(')')?;
        let is_number = !inside.is_empty() && inside.len() <= 3;
        inside.parse().ok().filter(|_| is_number)
    })
}

/// 第二次, 第3版: the number between two words.
fn after(name: &str, before: &str, behind: &[&str]) -> Option<u32> {
    name.match_indices(before).find_map(|(at, _)| {
        let rest = &name[at + before.len()..];
        let end = behind.iter().filter_map(|word| rest.find(word)).min()?;
        number(&rest[..end])
    })
}

/// 二稿, 三稿.
fn draft(name: &str) -> Option<u32> {
    let (before, _) = name.rsplit_once('稿')?;
    let last = before.chars().next_back()?;
    number(last.encode_utf8(&mut [0; 4]))
}

/// The digits that a text begins with.
fn leading(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    number(&text[..end.unwrap_or(text.len())])
}

/// 2, 二, 两, 十. Nobody sends more than nineteen versions in words; longer digits are dates.
fn number(text: &str) -> Option<u32> {
    const WORDS: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    let word = |text: &str| WORDS.iter().position(|word| *word == text);
    if !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    if text == "两" {
        return Some(2);
    }
    match text.strip_prefix('十') {
        Some(ones) if !ones.is_empty() => word(ones).map(|ones| 11 + ones as u32),
        _ => word(text).map(|number| number as u32 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_version_they_are() {
        for (path, is_final, number, copy) in [
            ("轮台镇.xlsx", false, 1, 0),
            ("轮台镇(报送稿).xlsx", false, 1, 0),
            ("轮台镇(2).xlsx", false, 1, 2),
            ("轮台镇（３）.xls", false, 1, 3),
            ("轮台镇_v2.xlsx", false, 2, 0),
            ("轮台镇V3.1.xlsx", false, 3, 0),
            ("轮台镇修改稿.xlsx", false, 2, 0),
            ("轮台镇修改稿2(1).xlsx", false, 3, 1),
            ("轮台镇（修订）.et", false, 2, 0),
            ("轮台镇更正.xlsx", false, 2, 0),
            ("轮台镇改.xlsx", false, 2, 0),
            ("轮台镇（改2）.xlsx", false, 3, 0),
            ("轮台镇第二次.xlsx", false, 2, 0),
            ("轮台镇第2次报送.xlsx", false, 2, 0),
            ("轮台镇第十二次.xlsx", false, 12, 0),
            ("轮台镇第二次修改.xlsx", false, 3, 0),
            ("轮台镇二稿.xlsx", false, 2, 0),
            ("轮台镇最终稿.xlsx", true, 1, 0),
            ("轮台镇终稿v2.xlsx", true, 2, 0),
            ("第二次/轮台镇.xlsx", false, 2, 0),
            ("第二次/轮台镇V3.xlsx", false, 3, 0),
            // What is part of another word, or another number, is no mark.
            ("附件6.2煤改电统计表.xlsx", false, 1, 0),
            ("轮台镇煤改电.xlsx", false, 1, 0),
            ("锅炉整改.xlsx", false, 1, 0),
            ("低氮改造(2023).xlsx", false, 1, 0),
            ("rev2.xlsx", false, 1, 0),
            ("轮台镇20240603.xlsx", false, 1, 0),
            ("第一季度轮台镇.xlsx", false, 1, 0),
            (".xlsx", false, 1, 0),
            ("", false, 1, 0),
        ] {
            let mark = VersionMark {
                is_final,
                number,
                copy,
            };
            assert_eq!(VersionMark::of_path(path), mark, "{path}");
        }
    }

    #[test]
    fn a_final_version_is_newer_than_any_draft() {
        let marks = [
            "轮台镇.xlsx",
            "轮台镇(1).xlsx",
            "轮台镇(2).xlsx",
            "轮台镇修改稿.xlsx",
            "轮台镇修改稿(1).xlsx",
            "轮台镇修改稿2.xlsx",
            "轮台镇V9.xlsx",
            "轮台镇终稿.xlsx",
            "轮台镇终稿(1).xlsx",
        ];
        let marks = marks.map(VersionMark::of_path);
        assert!(marks.is_sorted_by(|a, b| a < b), "{marks:?}");
    }
}
