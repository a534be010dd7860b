//! The example of the library, run on a form of the sample inbox.

use std::path::Path;

#[allow(dead_code)]
#[path = "../../examples/check_a_form.rs"]
mod check_a_form;

#[test]
fn the_example_finds_the_two_rows_that_do_not_add_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lines = check_a_form::check(
        &root.join("templates/luntai-2023-2025"),
        &root.join("inbox/plan/阳霞镇三年行动方案附件.xls"),
    );
    // 附件7 of the plan: 0 + 2080 + 26, 0 + 2540 + 32, and 0 + 3033 + 32.
    assert_eq!(
        lines,
        [
            "强制 D7 合计与分项之和不符：填写 1447，分项之和 2106（P7:R7），差 -659，超过舍入误差 2",
            "强制 D8 合计与分项之和不符：填写 3226，分项之和 2572（P8:R8），差 654，超过舍入误差 2",
            "提示 F8 舍入差，合计与分项之和不符：填写 3066，分项之和 3065（V8:X8），差 1，在舍入误差 2 以内",
        ]
    );
}
