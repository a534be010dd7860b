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
    // Half a set of new forms beside half a set of old ones helps nobody.
    let there: Vec<&PathBuf> = targets
        .iter()
        .filter(|target| !order.force && target.exists())
        .collect();
    if let [first, others @ ..] = &there[..] {
        bail!(are_there(first, others.len(), lang));
    }
    write_all(&order.folder, &forms, &targets, order.force, lang)?;
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

fn are_there(first: &Path, more: usize, lang: Lang) -> String {
    let first = first.display();
    match lang {
        Lang::Zh if more > 0 => format!(
            "{first} 等 {} 个文件已有，没有覆盖（要覆盖请加 --force）",
            more + 1
        ),
        Lang::Zh => format!("{first} 已有，没有覆盖（要覆盖请加 --force）"),
        Lang::En if more > 0 => {
            format!("{first} and {more} more are there already (--force replaces them)")
        }
        Lang::En => format!("{first} is there already (--force replaces it)"),
    }
}

/// Writes all forms before the first gets its name, so that a full disk leaves things as they were. Where one then cannot
/// have its name, new ones are taken back, and of those that were replaced it is said how many they are: what they
/// replaced is gone. Whatever happens, a kill as well, each form is whole.
fn write_all(
    folder: &Path,
    forms: &[(usize, Form<'_>)],
    targets: &[PathBuf],
    force: bool,
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
    for (nth, (mut form, target)) in written.into_iter().zip(targets).enumerate() {
        if force {
            (form.replace(target)).with_context(|| {
                let said = not_written(target, lang);
                said + &half_replaced(nth, targets.len() - nth, lang)
            })?;
            continue;
        }
        // Somebody may have put a form there since it was looked for.
        let named = form.name(target);
        if !matches!(named, Ok(true)) {
            take_back(&forms[..nth], &targets[..nth]);
        }
        if !named.with_context(|| not_written(target, lang))? {
            bail!(are_there(target, 0, lang));
        }
    }
    drop(held);
    whole::sync_folder(folder).with_context(|| not_written(folder, lang))
}

/// Removes forms that have just got their names, but not one that somebody has written into since.
fn take_back(forms: &[(usize, Form<'_>)], targets: &[PathBuf]) {
    for ((_, form), target) in forms.iter().zip(targets) {
        let is_ours = form
            .write()
            .is_ok_and(|ours| fs::read(target).is_ok_and(|now| now == ours));
        if is_ours {
            // One that stays is a whole form.
            let _ = fs::remove_file(target);
        }
    }
}

/// What is said of the others where one form cannot be replaced.
fn half_replaced(n_new: usize, n_old: usize, lang: Lang) -> String {
    match lang {
        _ if n_new == 0 => String::new(),
        Lang::Zh => format!("（前 {n_new} 个已换成新的，其余 {n_old} 个没有换）"),
        Lang::En => format!(" (the first {n_new} were replaced, the other {n_old} were not)"),
    }
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

#[cfg(test)]
mod tests {
    use super::super::scheme::load_from;
    use super::*;

    #[test]
    fn a_form_that_came_meanwhile_stays_and_half_a_set_is_taken_back_or_told() {
        let scheme = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
        let loaded = load_from(&scheme, Lang::Zh).expect("it can be read");
        let (scheme, _) = loaded.expect("it is right");
        let folder = std::env::temp_dir().join(format!("hebiao-set-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let idxs = 0..scheme.reporters.len();
        let forms: Vec<(usize, Form<'_>)> = idxs
            .filter_map(|idx| Some((idx, Form::of(&scheme, idx)?)))
            .take(3)
            .collect();
        let targets = ["a", "b", "c"].map(|name| folder.join(format!("{name}.xlsx")));
        let names = || {
            let entries = fs::read_dir(&folder).expect("a folder");
            let names = entries.map(|entry| entry.expect("an entry").file_name());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };

        fs::create_dir_all(&folder).expect("a folder");
        fs::write(&targets[2], "hers").expect("a file");
        let refused = write_all(&folder, &forms, &targets, false, Lang::Zh);
        let said = refused.expect_err("it is there").to_string();
        assert!(
            said.ends_with("c.xlsx 已有，没有覆盖（要覆盖请加 --force）"),
            "{said}"
        );
        assert_eq!(names(), ["c.xlsx"]);
        assert_eq!(fs::read(&targets[2]).expect("hers"), b"hers");

        // What cannot be replaced: a folder has the name.
        fs::remove_file(&targets[2]).expect("a file");
        fs::create_dir(&targets[2]).expect("a folder");
        let refused = write_all(&folder, &forms, &targets, true, Lang::Zh);
        let said = refused.expect_err("it is a folder").to_string();
        assert!(
            said.ends_with("c.xlsx（前 2 个已换成新的，其余 1 个没有换）"),
            "{said}"
        );
        assert_eq!(names(), ["a.xlsx", "b.xlsx", "c.xlsx"]);

        fs::remove_dir(&targets[2]).expect("a folder");
        write_all(&folder, &forms, &targets, true, Lang::Zh).expect("nothing is in the way");
        assert!(fs::read(&targets[2]).is_ok_and(|form| form.starts_with(b"PK")));
        fs::remove_dir_all(folder).expect("it is there");
    }
}
