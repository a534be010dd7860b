//! `hebiao form`: blank forms, ready to be filled in, one workbook for each reporter.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use crate::model::Period;
use crate::report::Lang;
use crate::report::whole::{self, Unnamed};
use crate::report::workbook::form::Form;
use crate::scheme::Scheme;

use super::{ALL_CLEAR, NOT_DONE, Surroundings, arguments, named_period, put, scheme::load_scheme};

/// Which forms are wanted, and where.
pub(super) struct Order {
    annexes: Vec<String>,
    reporters: Vec<String>,
    period: Option<String>,
    folder: PathBuf,
    force: bool,
}

impl Order {
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let texts = |name: &str| {
            let texts = matches.get_many::<String>(name);
            texts.into_iter().flatten().cloned().collect()
        };
        Self {
            annexes: texts("annex"),
            reporters: texts("reporter"),
            period: matches.get_one::<String>("period").cloned(),
            folder: arguments::path(matches, "output").unwrap_or_else(|| "空表".into()),
            force: matches.get_flag("force"),
        }
    }
}

/// Makes the forms.
pub(super) fn run(surroundings: &Surroundings, order: &Order) -> Result<u8> {
    let lang = surroundings.lang;
    let Some(scheme) = load_scheme(surroundings)? else {
        return Ok(NOT_DONE);
    };
    let period = (order.period.as_deref())
        .map(|period| named_period(period, lang))
        .transpose()?;
    let annexes = order
        .annexes
        .iter()
        .map(|name| annex(&scheme, name, lang))
        .collect::<Result<Vec<usize>>>()?;
    let forms = forms(&scheme, order, period, &annexes, lang)?;
    if forms.is_empty() {
        bail!(lang.pick(
            "没有要填报的表：这些附件在这个报告期没有单位填报",
            "there is no form to make: nobody returns these annexes in this period"
        ));
    }
    let targets: Vec<PathBuf> = forms
        .iter()
        .map(|(reporter, form)| {
            let name = &scheme.reporters[*reporter].name;
            let file = match annexes[..] {
                [_] => format!("{name}-{}.xlsx", scheme.annexes[form.annexes()[0]].number),
                _ => format!("{name}.xlsx"),
            };
            order.folder.join(file.replace(['/', '\\'], "-"))
        })
        .collect();
    // All or none: half a set of new forms beside half a set of old ones helps nobody.
    let there: Vec<&PathBuf> = targets
        .iter()
        .filter(|target| !order.force && target.exists())
        .collect();
    if let [first, others @ ..] = &there[..] {
        let (first, more) = (first.display(), others.len());
        bail!(match lang {
            Lang::Zh if more > 0 => format!(
                "{first} 等 {} 个文件已有，没有覆盖（要覆盖请加 --force）",
                more + 1
            ),
            Lang::Zh => format!("{first} 已有，没有覆盖（要覆盖请加 --force）"),
            Lang::En if more > 0 =>
                format!("{first} and {more} more are there already (--force replaces them)"),
            Lang::En => format!("{first} is there already (--force replaces it)"),
        });
    }
    write_all(&order.folder, &forms, &targets, lang)?;
    let mut said = String::new();
    for ((_, form), target) in forms.iter().zip(&targets) {
        let numbers = form.annexes().iter();
        let numbers: Vec<&str> = numbers
            .map(|&annex| &*scheme.annexes[annex].number)
            .collect();
        let numbers = numbers.join(lang.pick("、", ", "));
        said += &format!("{}  {numbers}\n", target.display());
    }
    put(&said)?;
    Ok(ALL_CLEAR)
}

/// Writes all forms before the first gets its name, so that a full disk leaves things as they were.
fn write_all(
    folder: &Path,
    forms: &[(usize, Form<'_>)],
    targets: &[PathBuf],
    lang: Lang,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| not_written(folder, lang))?;
    whole::clear_unnamed(folder);
    let held = Unnamed::write(folder, &[]).with_context(|| not_written(folder, lang))?;
    let written = forms.iter().zip(targets).map(|((_, form), target)| {
        let bytes = form.write()?;
        let form = Unnamed::write(folder, &bytes).with_context(|| not_written(target, lang))?;
        Ok(form.kept_by(&held))
    });
    let written = written.collect::<Result<Vec<Unnamed>>>()?;
    for (form, target) in written.into_iter().zip(targets) {
        (form.replace(target)).with_context(|| not_written(target, lang))?;
    }
    drop(held);
    whole::sync_folder(folder).with_context(|| not_written(folder, lang))
}

/// The forms asked for, with their reporters, in the order of the roster.
fn forms<'s>(
    scheme: &'s Scheme,
    order: &Order,
    period: Option<Period>,
    annexes: &[usize],
    lang: Lang,
) -> Result<Vec<(usize, Form<'s>)>> {
    let named = order
        .reporters
        .iter()
        .map(|name| reporter(scheme, name, lang))
        .collect::<Result<Vec<usize>>>()?;
    let mut forms = Vec::new();
    for idx in 0..scheme.reporters.len() {
        if !named.is_empty() && !named.contains(&idx) {
            continue;
        }
        let form = Form::of(scheme, idx).and_then(|form| match annexes.is_empty() {
            true => Some(form),
            false => form.only(annexes),
        });
        match form.and_then(|form| form.period(period)) {
            Some(form) => forms.push((idx, form)),
            // Who is asked for by name and fills in nothing of it was asked for by mistake.
            None if named.contains(&idx) => bail!(
                "{}{}",
                scheme.reporters[idx].name,
                lang.pick("不填报这些附件", " fills in none of these annexes")
            ),
            None => {}
        }
    }
    Ok(forms)
}

/// 附件3.1, or 3.1.
fn annex(scheme: &Scheme, name: &str, lang: Lang) -> Result<usize> {
    let found = scheme
        .annex(name)
        .or_else(|| scheme.annex(&format!("附件{name}")));
    found.with_context(|| {
        let all: Vec<&str> = scheme.annexes.iter().map(|annex| &*annex.number).collect();
        match lang {
            Lang::Zh => format!("没有“{name}”，有的是{}", all.join("、")),
            Lang::En => format!("there is no “{name}”, only {}", all.join(", ")),
        }
    })
}

/// By name, alias or code.
fn reporter(scheme: &Scheme, name: &str, lang: Lang) -> Result<usize> {
    let by_code = scheme
        .reporters
        .iter()
        .position(|reporter| reporter.code.eq_ignore_ascii_case(name));
    if let Some(reporter) = by_code {
        return Ok(reporter);
    }
    match scheme.roster.find(name) {
        Ok(found) => Ok(found.reporter),
        Err(near) => {
            let near: Vec<&str> = near
                .iter()
                .map(|&idx| &*scheme.reporters[idx].name)
                .collect();
            let hint = match (near.is_empty(), lang) {
                (true, _) => String::new(),
                (false, Lang::Zh) => format!("，是否指{}", near.join("、")),
                (false, Lang::En) => format!("; is it {}?", near.join(", ")),
            };
            bail!(
                "{}{name}{}{hint}",
                lang.pick("名册中没有“", "nobody of the roster is called “"),
                lang.pick("”", "”")
            )
        }
    }
}

fn not_written(path: &Path, lang: Lang) -> String {
    format!(
        "{}{}",
        lang.pick("写不了 ", "cannot write "),
        path.display()
    )
}
