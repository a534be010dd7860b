//! What a blank form says about itself in its document properties, where no clerk sees it.

/// The stamp of a form that this program made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The scheme's id.
    pub scheme: String,
    /// The scheme's fingerprint when the form was made.
    pub fingerprint: String,
    /// Numbers of the annexes in it, each with the version of its layout.
    pub annexes: Vec<(String, String)>,
    /// Code of the reporter whom it was made for.
    pub reporter: String,
    /// The period that it was made for, where it was made for one.
    pub period: Option<String>,
    /// Version of the program that made it.
    pub version: String,
}

const SCHEME: &str = "hebiao-scheme";
const FINGERPRINT: &str = "hebiao-fingerprint";
const ANNEXES: &str = "hebiao-annexes";
const REPORTER: &str = "hebiao-reporter";
const PERIOD: &str = "hebiao-period";
const VERSION: &str = "hebiao-version";

impl Stamp {
    /// The stamp among the custom properties of a workbook. What a program that saved the form left out
    /// of it is blank; without scheme and fingerprint there is no stamp.
    pub fn of_properties(properties: &[(String, String)]) -> Option<Self> {
        let find = |wanted: &str| {
            let found = properties.iter().find(|(name, _)| name == wanted)?;
            Some(found.1.trim().to_owned())
        };
        let annexes = find(ANNEXES).unwrap_or_default();
        Some(Self {
            scheme: find(SCHEME)?,
            fingerprint: find(FINGERPRINT)?,
            annexes: annexes
                .split(',')
                .filter_map(|annex| annex.split_once('@'))
                .map(|(number, version)| (number.to_owned(), version.to_owned()))
                .collect(),
            reporter: find(REPORTER).unwrap_or_default(),
            period: find(PERIOD),
            version: find(VERSION).unwrap_or_default(),
        })
    }

    /// The custom properties that say it.
    pub fn properties(&self) -> Vec<(&'static str, String)> {
        let annexes = self.annexes.iter();
        let annexes: Vec<String> = annexes
            .map(|(number, version)| format!("{number}@{version}"))
            .collect();
        let mut properties = vec![
            (SCHEME, self.scheme.clone()),
            (FINGERPRINT, self.fingerprint.clone()),
            (ANNEXES, annexes.join(",")),
            (REPORTER, self.reporter.clone()),
            (VERSION, self.version.clone()),
        ];
        if let Some(period) = &self.period {
            properties.push((PERIOD, period.clone()));
        }
        properties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp() -> Stamp {
        Stamp {
            scheme: "luntai-2023-2025".into(),
            fingerprint: "0123".into(),
            annexes: vec![
                ("附件3".into(), "01234567".into()),
                ("附件7".into(), "89abcdef".into()),
            ],
            reporter: "T01".into(),
            period: Some("2024-05".into()),
            version: "0.1.0".into(),
        }
    }

    #[test]
    fn a_stamp_comes_back_from_its_properties() {
        let mut properties = vec![("批次".to_owned(), "3".to_owned())];
        let own = stamp().properties();
        properties.extend(own.into_iter().map(|(name, text)| (name.to_owned(), text)));
        assert_eq!(Stamp::of_properties(&properties), Some(stamp()));
    }

    #[test]
    fn other_workbooks_have_none() {
        assert_eq!(Stamp::of_properties(&[]), None);
        let half = [("hebiao-scheme".to_owned(), "luntai".to_owned())];
        assert_eq!(Stamp::of_properties(&half), None);
    }
}
