//! Tests of the whole report, with runs that resemble real ones.

mod racy;
mod samples;

use std::path::Path;

use crate::report::html::html;
use crate::report::run::RunRecord;

/// The markup of an attack, as an id or a body may have it.
const ATTACK: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'";

/// Returns every sample with its name.
fn all() -> [(&'static str, RunRecord); 6] {
    [
        ("passed", samples::passed()),
        ("put-merges", samples::put_merges()),
        ("racy", racy::racy()),
        ("undone", racy::undone()),
        ("large", samples::with_large_bodies()),
        ("empty", samples::empty()),
    ]
}

#[test]
fn the_samples_are_written_to_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/report-samples");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, record) in all() {
        let page = html(&record);
        assert!(page.len() < 1_000_000, "{name}: {} bytes", page.len());
        std::fs::write(folder.join(format!("{name}.html")), page).expect("a file");
    }
}

#[test]
fn no_text_of_a_request_or_a_response_is_markup() {
    let page = html(&samples::with_text(ATTACK));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "{page}"
    );
}

#[test]
fn the_report_has_no_scripts_and_fetches_nothing() {
    for (name, record) in all() {
        let page = html(&record);
        assert!(page.contains("default-src 'none'"), "{name}");
        let forbidden = [
            "<script",
            "<link",
            "<img",
            "<iframe",
            " src=",
            "@import",
            "url(http",
            "href=\"http",
            " onclick",
            "url(\"",
        ];
        for forbidden in forbidden {
            assert!(!page.contains(forbidden), "{name} has {forbidden}");
        }
        let urls = page.match_indices("url(").map(|(at, _)| &page[at..]);
        assert!(
            urls.into_iter().all(|url| url.starts_with("url(#")),
            "{name}"
        );
    }
}

#[test]
fn every_link_has_a_target_and_every_id_is_unique() {
    for (name, record) in all() {
        let page = html(&record);
        let values = |attribute: &str| -> Vec<String> {
            let found = page.split(attribute).skip(1);
            found
                .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
                .collect()
        };
        let ids = values(" id=\"");
        for (index, id) in ids.iter().enumerate() {
            assert!(
                !ids[..index].contains(id),
                "{name}: two elements have the id {id}"
            );
        }
        for link in values("href=\"#") {
            assert!(ids.contains(&link), "{name}: nothing has the id {link}");
        }
    }
}

#[test]
fn large_bodies_are_shortened() {
    let page = html(&samples::with_large_bodies());
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("bytes left out"));
    assert!(page.contains("requests left out"));
}

#[test]
fn an_ambiguous_write_has_no_end() {
    let page = html(&racy::undone());
    assert!(page.contains("#2 puts v3: outcome unknown"));
    assert!(page.contains("but the item is v3 here"));
    assert!(page.contains("<path d=\"M"));
}

#[test]
fn an_incomplete_or_empty_run_has_a_report() {
    let page = html(&samples::empty());
    for expected in [
        "not complete",
        "was killed",
        "No cell was recorded",
        "No latency",
        "No test has ended",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn the_wrong_part_of_a_response_is_marked_and_put_into_words() {
    let page = html(&samples::put_merges());
    assert!(page.contains("<ins>,&quot;price&quot;:1</ins>"), "{page}");
    assert!(page.contains("Only in the response: <code>,&quot;price&quot;:1</code>"));
    assert!(page.contains("CONTRACT_SEED=7 cargo test"));
    assert!(page.contains("replay /tmp/failure.json --url URL"));
}
