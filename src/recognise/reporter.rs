//! Who returned a form: what the form says, else its stamp, its rows, its title, the file's name, the folder's.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{CellRef, Detail, Finding, Kind, Level, Place, ReporterSource, RowKind};
use crate::scheme::{NameMatch, ReturnedBy, Scheme};

use super::rows::alias_problem;
use super::{Layout, Mention};

/// Who returned a form, and how that was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Index of the reporter.
    pub reporter: Option<usize>,
    /// Where the name was found.
    pub found_by: Option<ReporterSource>,
}

/// Settles who returned each form of one file; `forms` are the layouts with the names of their sheets,
/// `stamped` whom the file was made for, if this program made it.
pub fn settle_reporters(
    scheme: &Scheme,
    file: &Arc<str>,
    forms: &[(Arc<str>, &Layout)],
    stamped: Option<usize>,
) -> (Vec<Who>, Vec<Finding>) {
    let names = PathNames::new(scheme, file);
    let mut findings = Vec::new();
    let mut settled: Vec<Who> = forms
        .iter()
        .map(|(sheet, layout)| {
            Form {
                scheme,
                file,
                sheet,
                layout,
                names: &names,
                stamped,
            }
            .settle(&mut findings)
        })
        .collect();
    // A sheet that says nothing belongs to whoever returned the others of its file.
    let known: BTreeSet<usize> = settled.iter().filter_map(|who| who.reporter).collect();
    for (who, (sheet, layout)) in settled.iter_mut().zip(forms) {
        let form = Form {
            scheme,
            file,
            sheet,
            layout,
            names: &names,
            stamped,
        };
        if who.reporter.is_none() {
            if known.len() == 1 && form.may_return(known.first().copied().unwrap_or_default()) {
                *who = Who {
                    reporter: known.first().copied(),
                    found_by: Some(ReporterSource::Form),
                };
            } else {
                form.unknown(&mut findings);
            }
        }
    }
    (settled, findings)
}

/// Whose a file is that cannot be read, by its name, else by its folder's.
pub fn named_by_path(scheme: &Scheme, path: &str) -> Option<usize> {
    let names = PathNames::new(scheme, path);
    names.file.or(names.folder)
}

struct Form<'f> {
    scheme: &'f Scheme,
    file: &'f Arc<str>,
    sheet: &'f Arc<str>,
    layout: &'f Layout,
    names: &'f PathNames,
    stamped: Option<usize>,
}

impl Form<'_> {
    fn settle(&self, findings: &mut Vec<Finding>) -> Who {
        let mut found: Vec<(ReporterSource, usize, Option<CellRef>)> = Vec::new();
        let mut unknown = None;
        for mention in self
            .layout
            .mentions
            .iter()
            .filter(|mention| mention.source == ReporterSource::Form)
        {
            match self.scheme.roster.find(&mention.text) {
                Ok(matched) => {
                    found.push((ReporterSource::Form, matched.reporter, Some(mention.cell)));
                    self.say_alias(mention, matched, findings);
                }
                // 轮台镇统计站 and 轮台镇2024年5月 name one reporter and nothing else.
                Err(suggestions) => match self.scheme.roster.named_in(&mention.text) {
                    Some(reporter) => {
                        found.push((ReporterSource::Form, reporter, Some(mention.cell)));
                    }
                    None => unknown = unknown.or(Some((mention, suggestions))),
                },
            }
        }
        let stamped = self.stamped.filter(|&reporter| self.may_return(reporter));
        found.extend(stamped.map(|reporter| (ReporterSource::Stamp, reporter, None)));
        found.extend(
            self.only_row_reporter()
                .map(|reporter| (ReporterSource::Rows, reporter, None)),
        );
        for mention in self
            .layout
            .mentions
            .iter()
            .filter(|mention| mention.source == ReporterSource::Title)
        {
            let named = self
                .scheme
                .roster
                .named_in(&mention.text)
                .filter(|&reporter| self.may_return(reporter));
            found.extend(
                named.map(|reporter| (ReporterSource::Title, reporter, Some(mention.cell))),
            );
        }
        let path = [
            (ReporterSource::FileName, self.names.file),
            (ReporterSource::Folder, self.names.folder),
        ];
        for (source, reporter) in path {
            let reporter = reporter.filter(|&reporter| {
                source == ReporterSource::FileName || self.may_return(reporter)
            });
            found.extend(reporter.map(|reporter| (source, reporter, None)));
        }
        if found.is_empty() {
            let annex = &self.scheme.annexes[self.layout.annex];
            let only = match annex.returned_by {
                ReturnedBy::One(reporter) => Some(reporter),
                ReturnedBy::Kind(_) => annex.responsible.filter(|_| self.only_total()),
            };
            found.extend(only.map(|reporter| (ReporterSource::Annex, reporter, None)));
        }
        let Some(&(source, reporter, _)) = found.first() else {
            return Who::default();
        };
        if let Some((mention, suggestions)) = unknown
            && source != ReporterSource::Form
            && is_office(&mention.text)
        {
            self.unknown_name(mention, suggestions, Some(reporter), findings);
        }
        self.contradictions(source, reporter, &found, findings);
        if !self.may_return(reporter) {
            let finding = Finding::new(
                Kind::UnknownReporter,
                Level::Verification,
                Detail::ReporterNotAsked,
            )
            .given(&*self.scheme.reporters[reporter].name);
            self.push(findings, finding, found[0].2, Some(reporter));
        }
        Who {
            reporter: Some(reporter),
            found_by: Some(source),
        }
    }

    fn contradictions(
        &self,
        source: ReporterSource,
        reporter: usize,
        found: &[(ReporterSource, usize, Option<CellRef>)],
        findings: &mut Vec<Finding>,
    ) {
        let annex = &self.scheme.annexes[self.layout.annex];
        for &(other_source, other, cell) in &found[1..] {
            // The office responsible for an annex returns rows that name others; folders gather files of many;
            // who fills in a neighbour's form cannot see its stamp.
            let expected = match other_source {
                ReporterSource::Rows => annex.responsible == Some(reporter),
                ReporterSource::Folder | ReporterSource::Stamp => true,
                _ => false,
            };
            if other == reporter || expected {
                continue;
            }
            let name = |idx: usize| self.scheme.reporters[idx].name.clone();
            let detail = Detail::ReporterContradicted {
                taken: (name(reporter), source),
                other: (name(other), other_source),
            };
            let finding = Finding::new(Kind::UnknownReporter, Level::Verification, detail)
                .given(&*name(other));
            self.push(findings, finding, cell.or(found[0].2), Some(reporter));
            return;
        }
    }

    fn say_alias(&self, mention: &Mention, matched: NameMatch, findings: &mut Vec<Finding>) {
        if let Some((level, how)) = alias_problem(self.scheme, &mention.text, matched) {
            let name = self.scheme.reporters[matched.reporter].name.clone();
            let finding = Finding::new(Kind::Alias, level, Detail::Alias { how })
                .given(mention.text.as_str())
                .expected(&*name);
            self.push(
                findings,
                finding,
                Some(mention.cell),
                Some(matched.reporter),
            );
        }
    }

    /// Nothing tells who returned it.
    fn unknown(&self, findings: &mut Vec<Finding>) {
        let said = |mention: &&Mention| mention.source == ReporterSource::Form;
        if let Some(mention) = self.layout.mentions.iter().find(said) {
            let suggestions = self.scheme.roster.find(&mention.text).err();
            self.unknown_name(mention, suggestions.unwrap_or_default(), None, findings);
            return;
        }
        let detail = Detail::UnknownReporter {
            suggestions: Vec::new(),
        };
        let finding = Finding::new(Kind::UnknownReporter, Level::Mandatory, detail);
        self.push(findings, finding, None, None);
    }

    /// The form names somebody who is not on the roster; somebody else may have been found otherwise.
    fn unknown_name(
        &self,
        mention: &Mention,
        suggestions: Vec<usize>,
        taken: Option<usize>,
        findings: &mut Vec<Finding>,
    ) {
        let name = |idx: usize| self.scheme.reporters[idx].name.clone();
        let detail = Detail::UnknownReporter {
            suggestions: suggestions.into_iter().map(name).collect(),
        };
        let level = match taken {
            Some(_) => Level::Verification,
            None => Level::Mandatory,
        };
        let mut finding =
            Finding::new(Kind::UnknownReporter, level, detail).given(mention.text.as_str());
        finding.expected = taken.map(|idx| name(idx).to_string());
        self.push(findings, finding, Some(mention.cell), taken);
    }

    fn push(
        &self,
        findings: &mut Vec<Finding>,
        finding: Finding,
        cell: Option<CellRef>,
        reporter: Option<usize>,
    ) {
        let mut finding = finding.at(Place::sheet(self.file, self.sheet, cell));
        finding.annex = Some(self.scheme.annexes[self.layout.annex].number.clone());
        finding.reporter = reporter.map(|idx| self.scheme.reporters[idx].name.clone());
        findings.push(finding);
    }

    /// The reporter whom all filled rows name.
    fn only_row_reporter(&self) -> Option<usize> {
        let annex = &self.scheme.annexes[self.layout.annex];
        annex.reporter_column?;
        let rows = self
            .layout
            .rows
            .iter()
            .filter(|row| row.filled && row.kind == RowKind::Data);
        let named = rows.map(|row| match row.spec {
            // Some rows are shared by several.
            Some(spec) => annex.rows.fixed()[spec].reporters.iter().copied().collect(),
            None => BTreeSet::from_iter(row.reporter),
        });
        let common = named.reduce(|all, row| &all & &row)?;
        match (common.len(), common.first()) {
            (1, Some(&reporter)) => Some(reporter),
            _ => None,
        }
    }

    fn only_total(&self) -> bool {
        self.layout
            .rows
            .iter()
            .filter(|row| row.filled)
            .all(|row| row.kind == RowKind::Total)
            && self.layout.n_unknown == 0
    }

    fn may_return(&self, reporter: usize) -> bool {
        let annex = &self.scheme.annexes[self.layout.annex];
        annex.responsible == Some(reporter)
            || match annex.returned_by {
                ReturnedBy::One(one) => one == reporter,
                ReturnedBy::Kind(kind) => self.scheme.reporters[reporter].kind == kind,
            }
    }
}

/// Whether a text can be the name of an office; 轮台县 and a date cannot.
fn is_office(name: &str) -> bool {
    const ENDS: [&str; 13] = [
        "乡", "镇", "局", "委", "办", "院", "部", "站", "所", "队", "会", "中心", "公司",
    ];
    let start = name.find('(').filter(|at| *at > 0);
    let name = &name[..start.unwrap_or(name.len())];
    ENDS.iter().any(|end| name.ends_with(end))
}

/// Reporters that the path of a file names.
struct PathNames {
    file: Option<usize>,
    folder: Option<usize>,
}

impl PathNames {
    fn new(scheme: &Scheme, path: &str) -> Self {
        let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        Self {
            file: scheme.roster.named_in(stem),
            folder: folders
                .rsplit('/')
                .find_map(|folder| scheme.roster.named_in(folder)),
        }
    }
}
