//! The document: its exercises, their commands with the output that is shown, and their blocks of code.

use std::path::Path;

use contract_tests::mutants::mutant::Mutant;

pub(super) type BoxError = Box<dyn std::error::Error>;

/// The sections of each exercise.
pub(super) const SECTIONS: [&str; 5] = [
    "Serve it",
    "Find it by hand",
    "Run the harness",
    "Read the report",
    FIX_IT,
];

/// The section in which the bug is fixed, so its commands are sent to the original service.
pub(super) const FIX_IT: &str = "Fix it";

/// The address of the mutant in the document.
const ADDRESS: &str = "127.0.0.1:3001";

/// The command that serves a mutant: the words before and after its name.
const SERVE: (&str, &str) = ("cargo run -p contract-tests -- faulty \"", "\" --port 3001");

/// A line that stands for any lines, or a part of a line that stands for any text.
pub(super) const ELLIPSIS: &str = "…";

/// Returns the root of the workspace.
pub(super) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The document.
pub(super) struct Document {
    /// The text before the first exercise.
    pub(super) introduction: String,
    pub(super) exercises: Vec<String>,
}

impl Document {
    /// Reads the document, which must have this number of exercises.
    pub(super) fn load(exercises: usize) -> Result<Self, BoxError> {
        let path = workspace().join("contract-tests/EXERCISES.md");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("failed to read {}: {error}", path.display()))?;
        let mut parts = text.split("\n## Exercise ").map(str::to_owned);
        let introduction = parts.next().unwrap_or_default();
        let found: Vec<_> = parts.collect();
        if found.len() == exercises {
            Ok(Self {
                introduction,
                exercises: found,
            })
        } else {
            Err(format!("{} exercises, but {exercises} tests", found.len()).into())
        }
    }
}

/// A fenced block.
pub(super) struct Block<'a> {
    /// The heading above it.
    pub(super) section: &'a str,
    /// The last file that a link before it names.
    pub(super) file: Option<&'a str>,
    /// The language after the fence.
    pub(super) language: &'a str,
    pub(super) lines: Vec<&'a str>,
}

/// Returns the fenced blocks of a text.
pub(super) fn blocks(text: &str) -> Result<Vec<Block<'_>>, BoxError> {
    let (mut section, mut file, mut blocks) = ("", None, Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading;
        }
        let targets = line.split("](").skip(1);
        let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
        let is_source = |target: &&str| Path::new(target).extension().is_some_and(|it| it == "rs");
        file = targets.filter(is_source).last().or(file);
        if let Some(language) = line.strip_prefix("```") {
            blocks.push(Block {
                section,
                file,
                language,
                lines: lines.by_ref().take_while(|line| *line != "```").collect(),
            });
        } else if line.contains("```") {
            return Err(
                format!("the fence {line:?} is indented, so its block is not checked").into(),
            );
        }
    }
    Ok(blocks)
}

/// A command of a console block.
pub(super) struct Command {
    pub(super) section: String,
    pub(super) text: String,
    /// The output that the document shows.
    pub(super) expected: Vec<String>,
}

impl Command {
    /// Returns the name of the mutant that the command serves; `None` for another command.
    pub(super) fn served_mutant(&self) -> Option<&str> {
        self.text.strip_prefix(SERVE.0)?.strip_suffix(SERVE.1)
    }

    /// Replaces the address in the command and in its output.
    pub(super) fn at(self, address: &str) -> Self {
        let replaced = |text: String| text.replace(ADDRESS, address);
        Self {
            text: replaced(self.text),
            expected: self.expected.into_iter().map(replaced).collect(),
            ..self
        }
    }
}

/// Returns the commands of the console blocks of a text.
pub(super) fn commands(text: &str) -> Result<Vec<Command>, BoxError> {
    let mut commands = Vec::<Command>::new();
    for block in blocks(text)?
        .iter()
        .filter(|block| block.language == "console")
    {
        let first = commands.len();
        let mut is_continued = false;
        for line in &block.lines {
            if let Some(command) = line.strip_prefix("$ ") {
                commands.push(Command {
                    section: block.section.to_owned(),
                    text: command.to_owned(),
                    expected: Vec::new(),
                });
            } else if let Some(command) = commands[first..].last_mut() {
                if is_continued {
                    command.text = format!("{}\n{line}", command.text);
                } else {
                    command.expected.push((*line).to_owned());
                }
            } else {
                return Err(format!("the output {line:?} has no command").into());
            }
            is_continued = line.ends_with('\\');
        }
    }
    Ok(commands)
}

/// Returns the only mutant that an exercise serves: in its first section, and again after the fix.
pub(super) fn mutant(commands: &[Command]) -> Result<&'static Mutant, BoxError> {
    let served: Vec<_> = commands
        .iter()
        .filter_map(|command| Some((command.section.as_str(), command.served_mutant()?)))
        .collect();
    match served[..] {
        [(first, name), (second, again)]
            if name == again && first == SECTIONS[0] && second == FIX_IT =>
        {
            Ok(Mutant::named(name).ok_or_else(|| format!("there is no mutant {name:?}"))?)
        }
        _ => Err(format!("the commands that serve a mutant are {served:?}").into()),
    }
}

/// Returns `true` if the lines are the expected ones, in which an [`ELLIPSIS`] stands for anything.
pub(super) fn matches(expected: &[&str], lines: &[&str]) -> bool {
    match (expected, lines) {
        ([], []) => true,
        ([ELLIPSIS, rest @ ..], _) => {
            (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..]))
        }
        ([first, rest @ ..], [line, others @ ..]) => {
            matches_line(first, line) && matches(rest, others)
        }
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

fn matches_line(expected: &str, line: &str) -> bool {
    match expected.split_once(ELLIPSIS) {
        None => expected == line,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|line| {
            let mut ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
            ends.any(|at| matches_line(rest, &line[at..]))
        }),
    }
}
