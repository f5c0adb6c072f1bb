//! Holds each crate to its layers: those that its `lib.rs` states, and no circle between files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module, by its path within the crate.
type Module = Vec<String>;

/// The modules of a crate, each with the modules that it uses.
type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// The line before the layers in the documentation of a module.
const LAYERS: &str = "//! A module uses only those on lines above its own:";

#[test]
fn no_crate_has_modules_that_use_each_other_in_a_circle() {
    for source in ["../function/src", "../local/src", "src"] {
        let mut left = uses(&files(Path::new(source)));
        // Whatever uses nothing that is left is in no circle.
        while let Some(module) = left
            .iter()
            .find(|(_, used)| !used.iter().any(|used| left.contains_key(used)))
            .map(|(module, _)| module.clone())
        {
            left.remove(&module);
        }
        assert!(left.is_empty(), "{source} has a circle in {left:#?}");
    }
}

#[test]
fn every_module_keeps_to_the_layers_of_its_crate() {
    for source in ["../function/src", "../local/src", "src"] {
        let files = files(Path::new(source));
        let uses = uses(&files);
        let mut stated = 0;
        for (folder, text) in &files {
            let Some(layers) = layers(text) else { continue };
            stated += 1;
            let layer = |module: &Module| {
                let child = module.get(folder.len())?;
                let layer = layers.iter().position(|layer| layer.contains(child));
                Some((
                    child.clone(),
                    layer.unwrap_or_else(|| panic!("{child} has no layer")),
                ))
            };
            for (user, used) in &uses {
                for used in used {
                    let within = |module: &Module| module.starts_with(folder);
                    if !within(user) || !within(used) {
                        continue;
                    }
                    if let (Some((user, above)), Some((used, below))) = (layer(user), layer(used)) {
                        assert!(
                            user == used || below < above,
                            "{source}: {user} uses {used}"
                        );
                    }
                }
            }
        }
        assert!(stated > 0, "{source} states its layers");
    }
}

/// Reads the source files under a folder, without their tests and comments but those of the module.
fn files(source: &Path) -> BTreeMap<Module, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(source.to_owned(), Module::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let file = entry.expect("a file").path();
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let module = [path.clone(), vec![stem.clone().into_owned()]].concat();
            if file.is_dir() {
                if stem != "tests" {
                    folders.push((file, module));
                }
                continue;
            }
            let text = std::fs::read_to_string(&file).expect("a source file");
            let code = text.split("#[cfg(test)]\n").next();
            match &*stem {
                "main" => None,
                "lib" | "mod" => files.insert(path.clone(), text),
                _ => files.insert(module, code.unwrap_or_default().to_owned()),
            };
        }
    }
    files
}

/// Returns the layers that the documentation of a module states, from the bottom.
fn layers(text: &str) -> Option<Vec<Vec<String>>> {
    let (_, after) = text.split_once(LAYERS)?;
    let block = after.split("```").nth(1)?;
    let lines = block
        .lines()
        .skip(1)
        .map(|line| line.trim_start_matches("//!"));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    Some(lines.map(words).collect())
}

fn uses(files: &BTreeMap<Module, String>) -> Uses {
    let uses = files.iter().map(|(module, text)| {
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.collect::<Vec<_>>().join("\n");
        // A module is a folder where it has modules in it.
        let is_folder = files
            .keys()
            .any(|other| other.len() > module.len() && other.starts_with(module));
        let here = if is_folder {
            module.len()
        } else {
            module.len().saturating_sub(1)
        };
        let mut used = BTreeSet::new();
        for (base, tree) in trees(&code) {
            let base = match base {
                "crate" => Module::new(),
                _ => module[..here.saturating_sub(usize::from(is_folder))].to_vec(),
            };
            for path in paths(tree) {
                let whole: Module = base.iter().cloned().chain(path).collect();
                let lengths = (1..=whole.len()).rev();
                let known = lengths.map(|length| whole[..length].to_vec());
                used.extend(known.into_iter().find(|path| files.contains_key(path)));
            }
        }
        used.remove(module);
        (module.clone(), used)
    });
    uses.collect()
}

/// Finds what follows each `crate::` and each `super::`.
fn trees(code: &str) -> impl Iterator<Item = (&'static str, &str)> {
    ["crate", "super"].into_iter().flat_map(move |base| {
        let found = code.match_indices(base);
        found.filter_map(move |(at, _)| {
            let before = code[..at].chars().next_back();
            let is_word = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            let rest = code[at + base.len()..].strip_prefix("::")?;
            is_word.then_some((base, rest))
        })
    })
}

/// Returns the paths of a use tree, such as `a::b` and `a::c` of `a::{b, c}`.
fn paths(tree: &str) -> Vec<Module> {
    let end = tree
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(tree.len());
    let (name, rest) = tree.split_at(end);
    let first = if name.is_empty() {
        vec![]
    } else {
        vec![name.to_owned()]
    };
    if let Some(group) = rest.strip_prefix('{') {
        return group_of(group).into_iter().flat_map(paths).collect();
    }
    match rest.strip_prefix("::") {
        Some(rest) => {
            let inner = paths(rest).into_iter();
            inner.map(|path| [first.clone(), path].concat()).collect()
        }
        None => vec![first],
    }
}

/// Splits the inside of a group at its commas.
fn group_of(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(group[start..at].trim());
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(group[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}
