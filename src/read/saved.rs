//! When a workbook was last saved, by what it says itself.
//!
//! Nothing here is needed to read a workbook, so what is damaged is as if it were not there.

use super::budget::Budget;
use super::ole2::Ole2;
use super::package::Package;
use super::xml::{Event, Xml};
use crate::model::Moment;

/// Of Office Open XML: `dcterms:modified` of the core properties (ECMA-376 part 2, 11.1).
pub(super) fn of_package(package: &mut Package, budget: &mut Budget) -> Option<Moment> {
    let text = package.text("docProps/core.xml", budget).ok()??;
    let mut xml = Xml::new(&text);
    loop {
        match xml.next().ok()? {
            Event::Start(tag) if tag.name == "modified" => {
                return Moment::parse(&xml.element_text().ok()?);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// Of files of streams: the last time of saving in the summary information ([MS-OLEPS] 2.21, 3.1.4).
pub(super) fn of_ole2(file: &Ole2) -> Option<Moment> {
    const LAST_SAVED: u32 = 0x0D;
    const FILE_TIME: u32 = 0x40;
    let stream = file.stream("\u{5}SummaryInformation").ok()??;
    let number = |at: usize| {
        let bytes = stream.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    // Behind the header stand the identifier of the only set and where it begins.
    let set = number(44)? as usize;
    let set = stream.get(set..)?;
    let number = |at: usize| {
        let bytes = set.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let n_properties = number(4)?.min(100) as usize;
    let property = (0..n_properties)
        .map(|idx| 8 + 8 * idx)
        .find(|at| number(*at) == Some(LAST_SAVED))?;
    let value = number(property + 4)? as usize;
    if number(value)? != FILE_TIME {
        return None;
    }
    let (low, high) = (
        number(value.checked_add(4)?)?,
        number(value.checked_add(8)?)?,
    );
    let ticks = u64::from(high) << 32 | u64::from(low);
    // A workbook that was never saved by a program with a clock has zero here.
    (ticks > 0).then(|| Moment::of_file_time(ticks)).flatten()
}
