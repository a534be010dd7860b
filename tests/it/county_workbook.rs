use hebiao::report::{Lang, workbook::write_workbook};

use crate::merged::plan;

#[test]
#[ignore = "writes the workbook of the sample inbox to look at"]
fn look_at_the_plan() {
    let (scheme, merged) = plan();
    for (lang, name) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        let bytes = write_workbook(&merged, &scheme, lang).expect("a workbook");
        let path = std::env::temp_dir().join(format!("county-{name}.xlsx"));
        std::fs::write(path, bytes).expect("a file");
    }
}
