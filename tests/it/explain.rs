//! `hebiao explain`: rules, kinds, and the list of them.

use std::process::Command;

fn explain(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hebiao"))
        .arg("explain")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code(), said)
}

#[test]
fn a_rule_is_explained_with_its_cells_and_then_its_kind() {
    for (rule, wanted) in [
        (
            "A7-02",
            "A7-02  按用途分  [强制]  附件7\n\
             工业、农业、生活用水之和应等于用水总量\n\n  \
             每年：用水总量 = 工业 + 农业 + 生活\n\n平衡关系：",
        ),
        (
            "a3-02",
            "  “全县合计”行的造林任务、三年合计 = 各行之和\n\n合计行：",
        ),
        (
            "X-02",
            "  附件3 合计行 三年合计 = 附件5 人工造乔木林 各年之和 面积\n",
        ),
        (
            "A2-05",
            "  指标值：逐年上升，每年至少 0.5\n  只查 人均公园绿地面积\n",
        ),
        ("A6-04", "  是否有低氮改造设施：是、否；也认 "),
        ("A6.1-01", "  注册代码：20 位数字\n"),
        ("A6.1-11", "  计划完成时间 ≥ 2023-01-01, ≤ 2025-12-31\n"),
        (
            "A3-05",
            "  造林任务：比序时进度少，超过 40% 并且超过 50亩 的，提出来\n",
        ),
        (
            "A7-10",
            "  用水总量：与上年同期相差超过 50% 并且超过 300万立方米 的，提出来\n",
        ),
        ("A6.1-12", "  是否完成改造为“否”时，计划完成时间应填写\n"),
        (
            "T-24",
            "  2023—2025年 附件3 合计行 三年合计 = 1.35 万亩\n  正文“三、总体目标”：“2023年至2025年",
        ),
    ] {
        let (code, said) = explain(&[rule]);
        assert_eq!(code, Some(0));
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
}

#[test]
fn a_kind_is_explained_by_either_of_its_names() {
    let (code, said) = explain(&["read-as"]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("读取说明："), "{said}");
    assert_eq!(explain(&["读取说明"]).1, said);
    assert!(explain(&["sum"]).1.starts_with("平衡关系："));
    let (_, said) = explain(&["sum", "--lang", "en"]);
    assert!(said.starts_with("(Explanations are in Chinese"), "{said}");
}

#[test]
fn all_that_can_be_explained_is_listed() {
    let (code, said) = explain(&[]);
    assert_eq!(code, Some(0));
    for kind in hebiao::model::Kind::ALL {
        assert!(
            said.contains(&format!("\n  {:<18} ", kind.name())),
            "{kind}"
        );
    }
    for rule in [
        "  A7-02    按用途分\n",
        "  X-01     附件3全县合计与附件5人工造乔木林\n",
    ] {
        assert!(said.contains(rule), "{rule}\n{said}");
    }
}

#[test]
fn what_may_have_been_meant_is_offered() {
    let refused = |what: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_hebiao"))
            .args(["explain", what])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    let said = refused("单位");
    assert!(
        said.contains("相近的有 单位不同、单位未注、填报单位、单位填错"),
        "{said}"
    );
    assert!(refused("乱写").contains("列出全部"));
}
