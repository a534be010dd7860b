//! `--unit 附件3=万亩:2`: annexes to be published in another unit than they are returned in.

use anyhow::{Context, Result, bail};
use unicode_normalization::UnicodeNormalization;

use crate::report::Lang;
use crate::scheme::{Annex, MOST_DECIMALS, Publish, Scheme, nearest};

/// Sets the units asked for, in place of what the scheme says of these annexes.
pub(super) fn set_units(scheme: &mut Scheme, asked: &[String], lang: Lang) -> Result<()> {
    let mut wanted: Vec<(usize, Publish)> = Vec::new();
    for text in asked {
        let (annex, publish) = parse(scheme, text, lang)?;
        let base = |publish: &Publish| scheme.units.0[publish.unit].base;
        if wanted
            .iter()
            .any(|(other, earlier)| *other == annex && base(earlier) == base(&publish))
        {
            let number = &scheme.annexes[annex].number;
            bail!(match lang {
                Lang::Zh => format!("{number} 的计量单位写了两次：{}", asked.join("，")),
                Lang::En => format!("two units for {number}: {}", asked.join(", ")),
            });
        }
        wanted.push((annex, publish));
    }
    for &(annex, _) in &wanted {
        scheme.annexes[annex].publish.clear();
    }
    for (annex, publish) in wanted {
        scheme.annexes[annex].publish.push(publish);
    }
    Ok(())
}

fn parse(scheme: &Scheme, text: &str, lang: Lang) -> Result<(usize, Publish)> {
    let malformed = || match lang {
        Lang::Zh => {
            format!("--unit 应写作 附件3=万亩 或 附件3=万亩:2（保留2位小数），写的是“{text}”")
        }
        Lang::En => {
            format!("--unit is written 附件3=万亩, or 附件3=万亩:2 for two decimals, not “{text}”")
        }
    };
    // Typed with a Chinese keyboard: 附件３＝万亩：２.
    let narrow: String = text.nfkc().collect();
    let (annex, unit) = narrow.split_once('=').with_context(malformed)?;
    let (unit, decimals) = match unit.split_once(':') {
        Some((unit, decimals)) => {
            let decimals = decimals.trim().parse().ok();
            let decimals = decimals.filter(|decimals| *decimals <= MOST_DECIMALS);
            (unit, Some(decimals.with_context(malformed)?))
        }
        None => (unit, None),
    };
    let annex_idx = annex_of(scheme, annex.trim(), lang)?;
    let annex = &scheme.annexes[annex_idx];
    let unit = unit_of(scheme, annex, unit.trim(), lang)?;
    // What the scheme declares for this annex still says how many decimals are wanted.
    let declared = annex.publish.first().filter(|publish| publish.unit == unit);
    let declared = declared.map_or(Publish::DECIMALS, |publish| publish.decimals);
    let decimals = decimals.unwrap_or(declared);
    Ok((annex_idx, Publish { unit, decimals }))
}

/// 附件3.1, or 3.1.
fn annex_of(scheme: &Scheme, name: &str, lang: Lang) -> Result<usize> {
    let whole = format!("附件{name}");
    let found = scheme.annex(name).or_else(|| scheme.annex(&whole));
    found.with_context(|| {
        let numbers = || scheme.annexes.iter().map(|annex| &*annex.number);
        let near = nearest(name, numbers()).or_else(|| nearest(&whole, numbers()));
        unknown(
            lang.pick("附件", "annex"),
            name,
            near,
            numbers().collect(),
            lang,
        )
    })
}

fn unit_of(scheme: &Scheme, annex: &Annex, name: &str, lang: Lang) -> Result<usize> {
    let units = &scheme.units;
    let own = scheme.additive_units(annex);
    let converts = |unit: &usize| own.iter().any(|&own| units.convertible(own, *unit));
    let names = |some: Vec<usize>| -> Vec<&str> {
        some.into_iter().map(|unit| &**units.name(unit)).collect()
    };
    let possible = names((0..units.0.len()).filter(converts).collect());
    if own.is_empty() {
        bail!(match lang {
            Lang::Zh => format!("{} 没有可以相加的数，不能换算计量单位", annex.number),
            Lang::En => format!(
                "{} has no figures that add up, and so none to convert",
                annex.number
            ),
        });
    }
    let Some(unit) = units.find(name) else {
        let near = nearest(name, possible.iter().copied());
        let what = lang.pick("计量单位", "unit");
        bail!(unknown(what, name, near, possible, lang));
    };
    if !converts(&unit) {
        let (number, own) = (&annex.number, names(own));
        bail!(match lang {
            Lang::Zh => format!(
                "{number} 的计量单位是{}，不能换算成“{name}”，可以换算成{}",
                own.join("、"),
                possible.join("、")
            ),
            Lang::En => format!(
                "{number} is in {}, which cannot be expressed in “{name}”, only in {}",
                own.join(", "),
                possible.join(", ")
            ),
        });
    }
    Ok(unit)
}

fn unknown(what: &str, name: &str, near: Option<String>, all: Vec<&str>, lang: Lang) -> String {
    match (near, lang) {
        (Some(near), Lang::Zh) => format!("没有名为“{name}”的{what}，是否指“{near}”？"),
        (Some(near), Lang::En) => format!("there is no {what} “{name}”; is it “{near}”?"),
        (None, Lang::Zh) => format!("没有名为“{name}”的{what}，有的是{}", all.join("、")),
        (None, Lang::En) => format!("there is no {what} “{name}”, only {}", all.join(", ")),
    }
}
