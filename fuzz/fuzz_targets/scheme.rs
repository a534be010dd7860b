//! Files of a scheme, beside the others that are shipped.

#![no_main]

use std::sync::Arc;

use hebiao::model::{FileStatus, Kind};
use hebiao::pipeline::FormReader;
use hebiao::report::workbook::form::Form;
use hebiao::scheme::{Scheme, load};
use hebiao_fuzz::scheme::files;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let files = files(data);
    match load(&files) {
        Ok(scheme) => {
            let again = load(&files).expect("loaded once");
            assert_eq!(scheme.fingerprint, again.fingerprint);
            assert_eq!(
                format!("{:?}", scheme.annexes),
                format!("{:?}", again.annexes)
            );
            blank_forms(&scheme, data.len());
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a word");
            for mistake in &mistakes {
                assert!(!mistake.problem.to_string().is_empty());
                let Some(file) = files.iter().find(|file| file.name == mistake.file) else {
                    continue;
                };
                // What an editor is sent to must be there.
                let (start, end) = (mistake.span.start, mistake.span.end);
                assert!(start <= end && end <= file.text.len(), "{mistake:?}");
                assert!(
                    file.text.is_char_boundary(start) && file.text.is_char_boundary(end),
                    "{mistake:?}"
                );
                let n_lines = file.text.bytes().filter(|byte| *byte == b'\n').count() + 1;
                assert!((1..=n_lines).contains(&mistake.line), "{mistake:?}");
            }
        }
    }
    Corpus::Keep
});

/// A blank form of a scheme that loads can be written, and is known when it comes back.
fn blank_forms(scheme: &Scheme, seed: usize) {
    let Some(reporter) = seed.checked_rem(scheme.reporters.len()) else {
        return;
    };
    let Some(form) = Form::of(scheme, reporter) else {
        return;
    };
    let Ok(bytes) = form.write() else {
        return;
    };
    let path: Arc<str> = "表.xlsx".into();
    let file = FormReader::new(scheme, None).file(&path, &bytes);
    assert!(
        matches!(file.record.status, FileStatus::Read),
        "{:?}",
        file.record.status
    );
    let unknown = file
        .findings
        .iter()
        .find(|finding| finding.kind == Kind::UnknownForm);
    assert!(
        file.tables.len() >= form.annexes().len() || unknown.is_some() || !file.findings.is_empty()
    );
}
