//! Empty copies of forms: a sheet kept for the next time, beside the one that was filled in.

use std::collections::BTreeSet;

use crate::model::ReporterSource;

use super::Layout;

/// Drops blank forms of a file that also holds the same form filled in: nobody forgot to fill them in. One
/// that names another office is that office's. `layouts` come with the indices of their sheets.
pub fn drop_blank_copies(layouts: &mut Vec<(usize, Layout)>) {
    let filled: Vec<(usize, BTreeSet<String>)> = layouts
        .iter()
        .filter(|(_, layout)| is_filled(layout))
        .map(|(_, layout)| (layout.annex, offices(layout)))
        .collect();
    layouts.retain(|(_, layout)| {
        let named = offices(layout);
        let is_copy = |(annex, known): &(usize, BTreeSet<String>)| {
            *annex == layout.annex && named.is_subset(known)
        };
        is_filled(layout) || !filled.iter().any(is_copy)
    });
}

fn is_filled(layout: &Layout) -> bool {
    layout.rows.iter().any(|row| row.filled)
}

/// The offices that a form names, as it spells them.
fn offices(layout: &Layout) -> BTreeSet<String> {
    let mentions = layout.mentions.iter();
    let on_form = mentions.filter(|mention| mention.source == ReporterSource::Form);
    on_form.map(|mention| mention.text.clone()).collect()
}
