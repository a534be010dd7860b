//! The example of the library, run on a form of the sample inbox.

use std::path::Path;

#[allow(dead_code)]
#[path = "../../examples/check_a_form.rs"]
mod check_a_form;

#[test]
fn the_example_finds_the_two_rows_that_were_mixed_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lines = check_a_form::check(
        &root.join("templates/luntai-2023-2025"),
        &root.join("inbox/plan/阳霞镇三年行动方案附件.xls"),
    );
    // 附件7 of the plan: 0 + 2080 + 26, 0 + 2540 + 32, and 0 + 3033 + 32.
    assert_eq!(
        lines,
        [
            "强制 Q7 疑两行的数分错：Q7 填写 2080，应为 1421；Q8 填写 2540，应为 3194（与“阳霞灌区·阳霞镇”是同一处错填：\
             本行分项之和多 659万立方米，那一行少 654万立方米，疑把一行的数记到了另一行；若 Q8 同时改为 3194，\
             两行都相符，合起来差 5万立方米）；一并改正后，D7（A7-02）、D8（A7-02）都对上，那两格没有错",
            "提示 F8 舍入差，合计与分项之和不符：填写 3066，分项之和 3065（V8:X8），差 1，在舍入误差 2 以内",
        ]
    );
}
