//! The arguments, with help in either language.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, builder::PossibleValuesParser, value_parser};

use crate::report::Lang;

/// The language asked for, before the arguments are understood: help is in it too.
pub(super) fn language(arguments: &[OsString]) -> Lang {
    let texts: Vec<&str> = arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .collect();
    let is_english =
        texts.windows(2).any(|pair| pair == ["--lang", "en"]) || texts.contains(&"--lang=en");
    if is_english { Lang::En } else { Lang::Zh }
}

pub(super) fn path(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(name).cloned()
}

/// What `merge` was asked for.
#[cfg(feature = "consolidate")]
pub(super) fn merge_options(matches: &ArgMatches) -> super::merge::Options {
    let units = matches.get_many::<String>("unit");
    super::merge::Options {
        period: matches.get_one::<String>("period").cloned(),
        units: units.map_or(Vec::new(), |units| units.cloned().collect()),
        watch: matches.get_flag("watch"),
    }
}

/// What `check` was asked for.
pub(super) fn check_options(matches: &ArgMatches) -> super::check::Options {
    let paths = matches.get_many::<PathBuf>("files");
    super::check::Options {
        paths: paths.map_or(Vec::new(), |paths| paths.cloned().collect()),
        period: matches.get_one::<String>("period").cloned(),
        annotate: path(matches, "annotate"),
        json: is_json(matches),
    }
}

/// What `confirm` was asked for.
pub(super) fn confirm_options(matches: &ArgMatches) -> super::confirm::Options {
    let paths = matches.get_many::<PathBuf>("files");
    super::confirm::Options {
        paths: paths.map_or(Vec::new(), |paths| paths.cloned().collect()),
        by: matches.get_one::<String>("by").cloned(),
    }
}

/// What `rollup` was asked for.
#[cfg(feature = "consolidate")]
pub(super) fn rollup_order(matches: &ArgMatches, lang: Lang) -> super::rollup::Order {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let outboxes = matches.get_many::<PathBuf>("outboxes");
    super::rollup::Order {
        period: text("period").unwrap_or_default(),
        outboxes: outboxes.map_or(Vec::new(), |paths| paths.cloned().collect()),
        area: text("area").unwrap_or_else(|| lang.pick("州级", "Prefecture").to_owned()),
        output: path(matches, "output"),
    }
}

/// Whether JSON was asked for.
pub(super) fn is_json(matches: &ArgMatches) -> bool {
    let format = matches.get_one::<String>("format");
    format.is_some_and(|format| format == "json")
}

pub(super) fn command(lang: Lang) -> Command {
    let say = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
        say("用法：", "Usage:")
    );
    let folder = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(say("文件夹", "DIR"))
            .value_parser(value_parser!(PathBuf))
            .global(true)
            .help(help)
            .help_heading(say("选项", "Options"))
    };
    let subcommand = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .help_template(template.clone())
            .disable_help_flag(true)
            .arg(help_flag(lang))
    };
    let command = Command::new("hebiao")
        .version(env!("CARGO_PKG_VERSION"))
        .about(say(
            "核表·合表：核对乡镇和部门报来的表，汇总成全县的工作簿，标出每一处差错",
            "hebiao checks the forms that townships and departments return, and consolidates them",
        ))
        .help_template(template.clone())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .subcommand_help_heading(say("命令", "Commands"))
        .subcommand_value_name(say("命令", "COMMAND"))
        .arg(folder(
            "inbox",
            say(
                "收件文件夹（默认 inbox）",
                "where returned forms are (default: inbox)",
            ),
        ))
        .arg(folder(
            "outbox",
            say(
                "输出文件夹（默认 outbox）",
                "where results go (default: outbox)",
            ),
        ))
        .arg(folder(
            "scheme",
            say(
                "报表制度文件夹（默认当前文件夹里或程序旁边 templates 下唯一的一个）",
                "the scheme (default: the only one under templates, here or beside the program)",
            ),
        ))
        .arg(
            Arg::new("lang")
                .long("lang")
                .value_name(say("语言", "LANG"))
                .value_parser(PossibleValuesParser::new(["zh", "en"]))
                .global(true)
                .hide_possible_values(true)
                .help(say("语言：zh 中文（默认）、en 英文", "zh (default) or en"))
                .help_heading(say("选项", "Options")),
        )
        .arg(help_flag(lang))
        .arg(
            Arg::new("version")
                .long("version")
                .short('V')
                .action(clap::ArgAction::Version)
                .help(say("显示版本", "print the version"))
                .help_heading(say("选项", "Options")),
        );
    #[cfg(feature = "consolidate")]
    let command = command.subcommand(
        subcommand(
            "merge",
            say(
                "汇总一个报告期收到的全部报表",
                "consolidate everything returned for a period",
            ),
        )
        .arg(period(lang))
        .arg(
            Arg::new("watch")
                .long("watch")
                .action(clap::ArgAction::SetTrue)
                .help(say(
                    "守着收件文件夹，有变化就重新汇总，直到按 Ctrl-C",
                    "merge again whenever the inbox changes, until stopped",
                ))
                .help_heading(say("选项", "Options")),
        )
        .arg(
            Arg::new("unit")
                .long("unit")
                .action(clap::ArgAction::Append)
                .value_name(say("附件=单位[:小数位数]", "ANNEX=UNIT[:DECIMALS]"))
                .help(say(
                    "汇总表换一个计量单位公布并舍位平衡，如 附件3=万亩 或 附件7=亿立方米:4（默认2位小数），可写几次",
                    "publish an annex in another unit, rounded so that sums still hold, such as 附件3=万亩 or 附件7=亿立方米:4 (2 decimals by default); may be repeated",
                ))
                .help_heading(say("选项", "Options")),
        ),
    );
    #[cfg(feature = "consolidate")]
    let command = command.subcommand(rollup(
        lang,
        subcommand(
            "rollup",
            say(
                "把几个县（市）的汇总结果合成州级汇总",
                "bring the outboxes of several counties together",
            ),
        ),
    ));
    command
        .subcommand(
            subcommand(
                "status",
                say(
                    "看谁报了、谁没报、给谁打电话；不汇总，不写文件",
                    "who returned what and whom to telephone; nothing is merged or written",
                ),
            )
            .arg(period(lang))
            .arg(format(lang)),
        )
        .subcommand(
            subcommand(
                "check",
                say(
                    "检查表，报送前自查用",
                    "check forms, as before sending them",
                ),
            )
            .arg(
                files(lang).help(say("要检查的文件或文件夹", "files or folders")),
            )
            .arg(format(lang))
            .arg(
                Arg::new("period")
                    .long("period")
                    .value_name(say("报告期", "PERIOD"))
                    .help(say(
                        "应是哪一期的表：plan 或月份，如 2024-05；不写则按表上写的",
                        "what the forms should be about: plan, or a month such as 2024-05; by default what they say",
                    ))
                    .help_heading(say("选项", "Options")),
            )
            .arg(
                Arg::new("annotate")
                    .long("annotate")
                    .value_name(say("文件夹", "DIR"))
                    .value_parser(value_parser!(PathBuf))
                    .help(say(
                        "把标出问题的副本写到这个文件夹",
                        "write marked copies into this folder",
                    ))
                    .help_heading(say("选项", "Options")),
            ),
        )
        .subcommand(confirm(
            lang,
            subcommand(
                "confirm",
                say(
                    "县里确认：表头与制度不同的表，各列认得对，以后不再问",
                    "the county confirms that headers which differ were taken for the right columns",
                ),
            ),
        ))
        .subcommand(form(lang, subcommand("form", form_about(lang))))
        .subcommand(subcommand(
            "scheme",
            say(
                "检查报表制度，列出附件、审核关系和填报单位",
                "check the scheme and list what is in it",
            ),
        ))
        .subcommand(
            subcommand(
                "explain",
                say(
                    "解释一条审核关系或一类问题",
                    "explain a rule or a kind of finding",
                ),
            )
            .arg(
                Arg::new("what")
                    .value_name(say("编号或类别", "RULE|KIND"))
                    .help(say(
                        "如 A7-02、sum；不写则列出全部",
                        "such as A7-02 or sum; all of them by default",
                    ))
                    .help_heading(say("参数", "Arguments")),
            ),
        )
}

#[cfg(feature = "consolidate")]
fn rollup(lang: Lang, command: Command) -> Command {
    let say = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let (arguments, options) = (say("参数", "Arguments"), say("选项", "Options"));
    command
        .arg(
            Arg::new("period")
                .value_name(say("报告期", "PERIOD"))
                .required(true)
                .help(say(
                    "plan 或月份，如 2024-05",
                    "plan, or a month such as 2024-05",
                ))
                .help_heading(arguments),
        )
        .arg(
            Arg::new("outboxes")
                .value_name(say("输出文件夹", "OUTBOX"))
                .value_parser(value_parser!(PathBuf))
                .num_args(1..)
                .required(true)
                .help(say(
                    "各县（市）的输出文件夹（里面有报告期文件夹）",
                    "the counties' outboxes (which hold the period's folder)",
                ))
                .help_heading(arguments),
        )
        .arg(
            Arg::new("area")
                .long("area")
                .value_name(say("名称", "NAME"))
                .help(say(
                    "州（地区）的名称，如 巴州（默认 州级）",
                    "the prefecture's name (default: Prefecture)",
                ))
                .help_heading(options),
        )
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name(say("文件夹", "DIR"))
                .value_parser(value_parser!(PathBuf))
                .help(say(
                    "结果放在哪个文件夹（默认 输出文件夹/报告期-州级）",
                    "where results go (default: OUTBOX/PERIOD-州级)",
                ))
                .help_heading(options),
        )
}

fn confirm(lang: Lang, command: Command) -> Command {
    let say = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    command
        .arg(files(lang).help(say("报表文件或文件夹", "forms, or folders of them")))
        .arg(
            Arg::new("by")
                .long("by")
                .value_name(say("姓名", "NAME"))
                .help(say(
                    "谁确认的（默认 电脑的用户名）",
                    "who confirms it (default: the user's name)",
                ))
                .help_heading(say("选项", "Options")),
        )
}

fn files(lang: Lang) -> Arg {
    Arg::new("files")
        .value_name(lang.pick("文件", "FILE"))
        .value_parser(value_parser!(PathBuf))
        .num_args(1..)
        .required(true)
        .help_heading(lang.pick("参数", "Arguments"))
}

fn period(lang: Lang) -> Arg {
    Arg::new("period")
        .value_name(lang.pick("报告期", "PERIOD"))
        .help(lang.pick(
            "plan（规划数）或月份，如 2024-05；不写则取收件文件夹里最新的",
            "plan, or a month such as 2024-05; the newest one by default",
        ))
        .help_heading(lang.pick("参数", "Arguments"))
}

fn format(lang: Lang) -> Arg {
    Arg::new("format")
        .long("format")
        .value_name(lang.pick("格式", "FORMAT"))
        .value_parser(PossibleValuesParser::new(["text", "json"]))
        .default_value("text")
        .hide_possible_values(true)
        .hide_default_value(true)
        .help(lang.pick(
            "输出格式：text 文字（默认）、json",
            "text (default) or json",
        ))
        .help_heading(lang.pick("选项", "Options"))
}

fn form_about(lang: Lang) -> &'static str {
    lang.pick(
        "制作空表，每个填报单位一本，发下去填报",
        "make blank forms, one workbook for each reporter",
    )
}

fn form(lang: Lang, command: Command) -> Command {
    let say = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let options = || say("选项", "Options");
    command
        .arg(
            Arg::new("annex")
                .num_args(0..)
                .value_name(say("附件", "ANNEX"))
                .help(say(
                    "如 附件3 或 3；不写则各单位应填的全部附件",
                    "such as 附件3 or 3; all that a reporter fills in by default",
                ))
                .help_heading(say("参数", "Arguments")),
        )
        .arg(
            Arg::new("reporter")
                .long("reporter")
                .action(clap::ArgAction::Append)
                .value_name(say("填报单位", "NAME"))
                .help(say(
                    "只做这个单位的（名称、别名或代码），可写几次；不写则全部单位",
                    "only for this reporter (name, alias or code), may be repeated; all by default",
                ))
                .help_heading(options()),
        )
        .arg(
            Arg::new("period")
                .long("period")
                .value_name(say("报告期", "PERIOD"))
                .help(say(
                    "印在表上的报告期：plan 或月份，如 2024-05",
                    "the period printed on the forms: plan, or a month such as 2024-05",
                ))
                .help_heading(options()),
        )
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name(say("文件夹", "DIR"))
                .value_parser(value_parser!(PathBuf))
                .help(say(
                    "放在哪个文件夹（默认 空表）",
                    "where they go (default: 空表)",
                ))
                .help_heading(options()),
        )
        .arg(
            Arg::new("force")
                .long("force")
                .action(clap::ArgAction::SetTrue)
                .help(say(
                    "同名文件已有时覆盖",
                    "replace files that are there already",
                ))
                .help_heading(options()),
        )
}

fn help_flag(lang: Lang) -> Arg {
    Arg::new("help")
        .long("help")
        .short('h')
        .action(clap::ArgAction::Help)
        .help(lang.pick("显示帮助", "print help"))
        .help_heading(lang.pick("选项", "Options"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_hold_together_in_both_languages() {
        command(Lang::Zh).debug_assert();
        command(Lang::En).debug_assert();
    }
}
