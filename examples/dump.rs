use std::sync::Arc;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let dir = std::path::Path::new(&args[1]);
    let files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .map(|p| hebiao::scheme::SchemeFile {
            name: p.file_name().unwrap().to_str().unwrap().into(),
            text: std::fs::read_to_string(p).unwrap(),
        })
        .collect();
    let scheme = hebiao::scheme::load(&files).unwrap_or_else(|e| {
        for e in e {
            println!("{e}");
        }
        panic!()
    });
    println!("{} rules", scheme.rules.len());
    let reader = hebiao::pipeline::FormReader::new(&scheme);
    let mut tables = vec![];
    let mut findings = vec![];
    let mut checked = hebiao::check::Checked::default();
    for file in hebiao::inbox::list(std::path::Path::new(&args[2])).unwrap() {
        let bytes = std::fs::read(&file.source).unwrap();
        let f = reader.file(&Arc::from(&*file.path), &bytes);
        println!(
            "== {} {:?} {:?}",
            file.path, f.record.format, f.record.status
        );
        for t in &f.record.tables {
            println!(
                "   {} {} by {:?} via {:?}: {}",
                t.sheet,
                scheme.annexes[t.annex].number,
                t.reporter.map(|r| scheme.reporters[r].name.to_string()),
                t.found_by,
                t.observations
            );
        }
        findings.extend(f.findings);
        checked.merge(f.checked);
        tables.extend(f.tables);
    }
    let s = hebiao::returns::settle(&scheme, tables);
    findings.extend(s.findings);
    checked.merge(hebiao::check::check_county(&scheme, &s.tables));
    findings.extend(checked.findings.clone());
    hebiao::pipeline::sort_findings(&scheme, &mut findings);
    for f in &findings {
        println!(
            "{:?} {} {} {} {} {} {:?} given={:?} exp={:?} diff={:?} {}",
            f.level,
            f.kind,
            f.rule.as_deref().unwrap_or(""),
            f.annex.as_deref().unwrap_or(""),
            f.reporter.as_deref().unwrap_or(""),
            f.row.as_deref().unwrap_or(""),
            f.year,
            f.given,
            f.expected,
            f.difference.map(|d| d.to_string()),
            f.place.as_ref().map_or(String::new(), |p| format!(
                "{}!{:?}!{:?}",
                p.file,
                p.sheet,
                p.cell.map(|c| c.to_string())
            ))
        );
        if f.rule.is_none() {
            println!("      {:?}", f.detail);
        }
    }
    let mut t = hebiao::model::Tally::default();
    for x in &checked.tallies {
        t += *x;
    }
    println!("{t:?}");
    for (i, x) in checked.tallies.iter().enumerate() {
        if x.cannot_check > 0 {
            println!("{} {:?}", scheme.rules[i].id, x);
        }
    }
    println!("{:?}", checked.obstacles);
}
