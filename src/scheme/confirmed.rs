//! What the county confirmed about headers that are not the annex's: for which reporter, in which annex, which header
//! was taken for which column. People read and change the file; the program only adds to it.

use serde::Deserialize;

/// All that the county confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// Form by form.
    #[serde(default)]
    pub confirmed: Vec<ConfirmedForm>,
}

/// The headers of one reporter's form of one annex.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmedForm {
    /// Name of the reporter.
    pub reporter: String,
    /// Number of the annex.
    pub annex: String,
    /// Headers that are not the annex's, from left to right.
    pub columns: Vec<ConfirmedColumn>,
    /// Who confirmed it.
    #[serde(default)]
    pub by: String,
    /// When.
    #[serde(default)]
    pub on: String,
}

/// One header.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmedColumn {
    /// As the reporter writes it; empty where there is none.
    pub header: String,
    /// The annex's header that it stands for.
    pub is: String,
}

/// What stands above the first entry.
const HEAD: &str = "\
# 县里确认过的表头：同一单位、同一附件再用同样的表头，就照这里认列，不再问。
# 认得不对的，改 is 后面的字（写制度里的表头）；删去一段，下次又会问。
";

impl Confirmed {
    /// Reads the file.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The annex's headers that a reporter's headers stand for, if the county confirmed just these; of two answers the
    /// later.
    pub fn find(&self, reporter: &str, annex: &str, headers: &[&str]) -> Option<Vec<&str>> {
        let is_it = |form: &&ConfirmedForm| {
            let given = form.columns.iter().map(|column| column.header.as_str());
            form.reporter == reporter && form.annex == annex && given.eq(headers.iter().copied())
        };
        let form = self.confirmed.iter().rev().find(is_it)?;
        Some(form.columns.iter().map(|column| &*column.is).collect())
    }

    /// The text of the file with a form added to it.
    pub fn with_added(text: &str, form: &ConfirmedForm) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut out = if text.trim().is_empty() {
            HEAD.to_owned()
        } else {
            text.to_owned()
        };
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out += "\n[[confirmed]]\n";
        out += &format!("reporter = {}\n", quoted(&form.reporter));
        out += &format!("annex    = {}\n", quoted(&form.annex));
        out += "columns  = [\n";
        for column in &form.columns {
            let (header, is) = (quoted(&column.header), quoted(&column.is));
            out += &format!("    {{ header = {header}, is = {is} }},\n");
        }
        out += "]\n";
        out += &format!("by       = {}\n", quoted(&form.by));
        out += &format!("on       = {}\n", quoted(&form.on));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_again_and_nothing_else() {
        let column = |header: &str, is: &str| ConfirmedColumn {
            header: header.to_owned(),
            is: is.to_owned(),
        };
        let form = ConfirmedForm {
            reporter: "轮台镇".to_owned(),
            annex: "附件3".to_owned(),
            columns: vec![column("2023年\"计划\"", "2023年度"), column("", "三年合计")],
            by: "张三".to_owned(),
            on: "2024-06-05".to_owned(),
        };
        let text = Confirmed::with_added("", &form);
        assert!(text.starts_with("# 县里确认过的表头"), "{text}");
        let later = ConfirmedForm {
            columns: vec![column("2023年\"计划\"", "2024年度"), column("", "三年合计")],
            ..form.clone()
        };
        let both = Confirmed::with_added(&text, &later);
        let once = Confirmed::parse(&text).expect("it was just written");
        let twice = Confirmed::parse(&both).expect("it was just written");
        assert_eq!(once.confirmed, std::slice::from_ref(&form));
        let headers = ["2023年\"计划\"", ""];
        let found = |known: &Confirmed| {
            let found = known.find("轮台镇", "附件3", &headers);
            found.map(|found| found.join(" "))
        };
        assert_eq!(found(&once).as_deref(), Some("2023年度 三年合计"));
        assert_eq!(found(&twice).as_deref(), Some("2024年度 三年合计"));
        assert_eq!(once.find("草湖乡", "附件3", &headers), None);
        assert_eq!(once.find("轮台镇", "附件7", &headers), None);
        assert_eq!(once.find("轮台镇", "附件3", &headers[..1]), None);
    }
}
