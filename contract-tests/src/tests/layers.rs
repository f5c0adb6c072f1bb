//! Checks that the modules of each crate keep to the layers that its `lib.rs` or a `mod.rs` states, that no files use
//! each other in a cycle, and that no package depends on one above it. A file uses another if it names a path to it;
//! calls of a type's methods do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The sources of the crates.
const CRATES: [&str; 3] = ["../function/src", "../local/src", "src"];

/// The line before the layers in the documentation of a module.
const LAYERS: &str = "//! A module uses only the modules on the lines above it:";

/// The path of a module, such as `toolkit::json`; the path of the crate is empty.
type Module = String;

#[test]
fn no_crate_has_a_cycle_of_modules() {
    for source in CRATES {
        let mut remaining = uses(&files(Path::new(source)));
        // A module that uses none of the remaining modules is not in a cycle.
        loop {
            let before: BTreeSet<_> = remaining.keys().cloned().collect();
            remaining.retain(|_, used| !used.is_disjoint(&before));
            if remaining.len() == before.len() {
                break;
            }
        }
        assert!(
            remaining.is_empty(),
            "{source} has a cycle in {remaining:#?}"
        );
    }
}

#[test]
fn every_module_keeps_to_the_layers_of_its_crate() {
    for source in CRATES {
        let files = files(Path::new(source));
        let uses = uses(&files);
        let stated = files.iter().filter_map(|(folder, text)| {
            let (_, after) = text.split_once(LAYERS)?;
            Some((folder, after.split("```").nth(1)?))
        });
        let mut crates = 0;
        for (folder, block) in stated {
            crates += usize::from(folder.is_empty());
            let prefix = if folder.is_empty() {
                String::new()
            } else {
                format!("{folder}::")
            };
            let child = |module: &Module| {
                let child = module.strip_prefix(&prefix)?.split("::").next()?;
                (!child.is_empty()).then(|| child.to_owned())
            };
            // The first line is the end of the opening fence.
            let lines = || {
                block
                    .lines()
                    .skip(1)
                    .map(|line| line.trim_start_matches("//!"))
            };
            let named: BTreeSet<_> = lines().flat_map(str::split_whitespace).collect();
            let children: BTreeSet<_> = files.keys().filter_map(child).collect();
            let children = children.iter().map(String::as_str).collect();
            assert_eq!(named, children, "{source}: the layers of {folder:?}");
            let layer = |child: &str| {
                let names_child = |line: &str| line.split_whitespace().any(|word| word == child);
                let layer = lines().position(names_child);
                layer.expect("every module is named")
            };
            for (user, used) in uses
                .iter()
                .flat_map(|(user, used)| used.iter().map(move |used| (user, used)))
            {
                if let (Some(user), Some(used)) = (child(user), child(used)) {
                    let is_above = user == used || layer(&used) < layer(&user);
                    assert!(is_above, "{source}: {user} uses {used}");
                }
            }
        }
        assert_eq!(crates, 1, "{source}/lib.rs states its layers");
    }
}

#[test]
fn no_package_depends_on_one_above_it_not_even_for_its_tests() {
    for (package, above) in [
        ("function", &["local", "contract-tests"][..]),
        ("local", &["contract-tests"]),
    ] {
        let manifest = Path::new("..").join(package).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).expect("a manifest");
        for above in above {
            let depends = |line: &str| {
                line.starts_with(above) || line.contains(&format!("dependencies.{above}"))
            };
            assert!(
                !manifest.lines().any(depends),
                "{package} depends on {above}"
            );
        }
    }
}

/// Returns the source files under a folder, without the program (`main.rs`) and without tests.
fn files(source: &Path) -> BTreeMap<Module, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(source.to_owned(), Module::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let file = entry.expect("a file").path();
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let module = match (&*stem, path.as_str()) {
                // The program is not a module, and tests may use anything.
                ("main" | "tests", _) => continue,
                ("lib" | "mod", _) => path.clone(),
                (_, "") => stem.into_owned(),
                (_, path) => format!("{path}::{stem}"),
            };
            if file.is_dir() {
                folders.push((file, module));
            } else {
                let text = std::fs::read_to_string(&file).expect("a source file");
                let code = text.split("#[cfg(test)]\n").next();
                files.insert(module, code.unwrap_or_default().to_owned());
            }
        }
    }
    files
}

/// Returns the modules that each module uses.
fn uses(files: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let uses = files.iter().map(|(module, text)| {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code = code.map(str::trim).collect::<Vec<_>>().join(" ");
        let parent = parent(module);
        let mut paths = Vec::new();
        for (base, name) in [("", "crate::"), (parent, "super::")] {
            for (at, _) in code.match_indices(name) {
                // The second of `super::super::` is read with the first.
                if !code[..at].ends_with("super::") {
                    read_tree(base, &code[at + name.len()..], &mut paths);
                }
            }
        }
        // A `use` of a relative path, such as a re-export in a `mod.rs`, also counts.
        for (at, name) in code.match_indices("use ") {
            let tree = &code[at + name.len()..];
            if !["crate::", "super::"]
                .iter()
                .any(|root| tree.starts_with(root))
            {
                read_tree(module, tree, &mut paths);
            }
        }
        let longest = |path: Module| {
            let ends = path.match_indices("::").map(|(at, _)| at);
            let mut prefixes = ends
                .chain([path.len()])
                .map(|end| &path[..end])
                .collect::<Vec<_>>()
                .into_iter();
            prefixes
                .rfind(|prefix| files.contains_key(*prefix))
                .map(str::to_owned)
        };
        let mut used: BTreeSet<_> = paths.into_iter().filter_map(longest).collect();
        used.remove(module);
        (module.clone(), used)
    });
    uses.collect()
}

/// Adds the paths of a use tree below `base` to `paths`, such as `a::b` and `a::c` of `a::{b, c}`. Returns the text
/// after the tree.
fn read_tree<'a>(base: &str, tree: &'a str, paths: &mut Vec<Module>) -> &'a str {
    if let Some(mut tail) = tree.strip_prefix('{') {
        loop {
            tail = tail.trim_start_matches([',', ' ']);
            if tail.is_empty() || tail.starts_with(['}', ';']) {
                return tail.strip_prefix('}').unwrap_or(tail);
            }
            tail = read_tree(base, tail, paths);
        }
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let end = tree.find(|c| !is_name(c)).unwrap_or(tree.len());
    let (name, tail) = tree.split_at(end);
    let path = match (name, base) {
        ("super", _) => parent(base).to_owned(),
        (_, "") => name.to_owned(),
        _ => format!("{base}::{name}"),
    };
    if let Some(tail) = tail.strip_prefix("::") {
        return read_tree(&path, tail, paths);
    }
    paths.push(path);
    // Skips an alias.
    tail.find([',', '}', ';']).map_or("", |at| &tail[at..])
}

/// Returns the module that contains a module.
fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}
