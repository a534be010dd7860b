//! Why the work could not be done, in the words of who runs it.
//!
//! Errors of libraries speak English; a clerk is told the same in Chinese, as far as it is known.

use std::error::Error;
use std::io;

use clap::error::{ContextKind, ContextValue, ErrorKind as UsageKind};

use crate::report::outbox::{OutboxError, OutboxErrorKind};
use crate::report::{Lang, words};

/// What was asked for could not be printed.
#[derive(Debug, thiserror::Error)]
#[error("cannot print the output")]
pub(super) struct NotPrinted(#[source] pub(super) io::Error);

/// An error and what caused it: 写不了输出文件夹：outbox：没有权限.
pub(super) fn causes(error: &anyhow::Error, lang: Lang) -> String {
    match lang {
        Lang::Zh => error.chain().map(cause).collect::<Vec<_>>().join("："),
        Lang::En => format!("{error:#}"),
    }
}

/// Our own fault, in its last words.
pub(super) fn of_program(detail: &str, lang: Lang) -> anyhow::Error {
    match lang {
        Lang::Zh => anyhow::anyhow!(
            "程序内部出错（{detail}），原来的结果没有改动；请把收件文件夹和报表制度发给软件维护人员"
        ),
        Lang::En => anyhow::anyhow!(
            "the program failed ({detail}), and earlier results are as they were; send the inbox and the scheme to whoever maintains it"
        ),
    }
}

fn cause(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = error.downcast_ref::<OutboxError>() {
        return format!("{}：{}", outbox(error.kind), error.path.display());
    }
    if error.is::<NotPrinted>() {
        return "结果打印不出来".to_owned();
    }
    let system = error.downcast_ref().map(io::Error::kind);
    let known = system.and_then(|kind| words::system(kind, Lang::Zh));
    known.map_or_else(|| error.to_string(), str::to_owned)
}

fn outbox(kind: OutboxErrorKind) -> &'static str {
    match kind {
        OutboxErrorKind::NotWritable => "写不了输出文件夹",
        OutboxErrorKind::Linked => {
            "输出文件夹是一个链接，请换成普通文件夹，或用 --outbox 写明它指向的地方"
        }
        OutboxErrorKind::Busy => "另一次运行正在做这一期，请等它做完再运行",
        OutboxErrorKind::NoLock => {
            "程序要用的这个名称被别的东西占用（链接、管道或文件夹），请把它移走后再运行"
        }
        OutboxErrorKind::Name => "这个名称不能放在输出文件夹里",
        OutboxErrorKind::Write => "写不了文件",
        OutboxErrorKind::InUse => "原来的结果正被别的程序打开，请关闭后再运行",
        OutboxErrorKind::Swap => "不能换下原来的结果（原来的仍在）",
    }
}

/// What is wrong with a command line; `None` where the argument parser says it well enough.
pub(super) fn usage(error: &clap::Error, lang: Lang) -> Option<String> {
    if lang == Lang::En {
        return None;
    }
    let named = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join("、")),
        _ => None,
    };
    let argument = || named(ContextKind::InvalidArg).unwrap_or_default();
    let meant = |kind| named(kind).map_or(String::new(), |name| format!("，是否指“{name}”？"));
    let said = match error.kind() {
        UsageKind::UnknownArgument if !argument().starts_with('-') => {
            format!("多写了“{}”", argument())
        }
        UsageKind::UnknownArgument => format!(
            "没有“{}”这个选项{}",
            argument(),
            meant(ContextKind::SuggestedArg)
        ),
        UsageKind::InvalidSubcommand => format!(
            "没有“{}”这个命令{}",
            named(ContextKind::InvalidSubcommand)?,
            meant(ContextKind::SuggestedSubcommand)
        ),
        UsageKind::InvalidValue | UsageKind::ValueValidation => {
            let given = named(ContextKind::InvalidValue).unwrap_or_default();
            let valid = named(ContextKind::ValidValue).filter(|valid| !valid.is_empty());
            let valid = valid.map_or(String::new(), |valid| format!("，应为{valid}之一"));
            match given.is_empty() {
                true => format!("“{}”后面没有写{valid}", argument()),
                false => format!("“{}”不能是“{given}”{valid}", argument()),
            }
        }
        UsageKind::MissingRequiredArgument => format!("没有写{}", argument()),
        UsageKind::ArgumentConflict => format!("“{}”写了两次", argument()),
        _ => return None,
    };
    Some(format!("{said}\n写法见 --help"))
}
