//! Tests of EXERCISES.md: each exercise is executed, and the code that it quotes is compared with its files.

mod document;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use contract_tests::mutants::mutant::Mutant;
use libtest_mimic::Trial;
use local::{LocalApi, Options};
use tokio::runtime::Handle;

use self::document::{
    BoxError, Command, Document, ELLIPSIS, FIX_IT, SECTIONS, blocks, commands, matches, mutant,
    workspace,
};
use crate::isolation::run::{child, new_folder};
use crate::results::Results;
use crate::suite::Availability;

/// The tests that execute an exercise, in the order of the document.
const TESTS: [&str; 3] = [
    "exercise_1_works_as_shown",
    "exercise_2_works_as_shown",
    "exercise_3_works_as_shown",
];

/// The line that the script prints after the output of each command.
const END: &str = "--- end of the output of a command ---";

/// The functions of the script, which replace the programs that would build, disturb or change the workspace.
const PRELUDE: &str = r#"
exec 2>&1
cargo() {
  case $* in
    'run -p contract-tests -- '*) shift 4; "$EXERCISE_PROGRAM" "$@" ;;
    'test -p contract-tests '*) shift 3; "$EXERCISE_TESTS" "$@" ;;
    *) echo "the test of the exercises has no command cargo $*" ;;
  esac
}
curl() { command curl -q --silent --show-error --noproxy '*' --max-time 30 "$@"; }
git() {
  [[ $# == 2 && $1 == restore && -f $EXERCISE_WORKSPACE/$2 ]] || echo "the test of the exercises has no command git $*"
}
"#;

/// Returns the tests.
pub fn trials(runtime: &Handle, results: &Results) -> Vec<Trial> {
    let name = |test: &str| format!("embedded::exercises::{test}");
    let executed = TESTS.into_iter().enumerate().map(|(index, test)| {
        let (runtime, recorded, test) = (runtime.clone(), results.clone(), name(test));
        let programs = Availability::IfInstalled(&["bash", "curl"]);
        programs.trial(test.clone(), results, move || {
            recorded.run_test(&test, || execute(index, &runtime).map_err(describe))
        })
    });
    let read = results.trial(name("every_mutant_and_line_of_code_exists"), || {
        check_code().map_err(describe)
    });
    executed.chain([read]).collect()
}

// By value, because it is for `map_err`.
#[expect(clippy::needless_pass_by_value)]
fn describe(error: BoxError) -> String {
    format!("EXERCISES.md: {error}")
}

/// Serves the mutant of an exercise, executes the commands, and compares their outputs with those in the document.
fn execute(index: usize, runtime: &Handle) -> Result<(), BoxError> {
    let document = Document::load(TESTS.len())?;
    let mut all = commands(&document.introduction)?;
    all.extend(commands(&document.exercises[index])?);
    let mutant = Served::start(mutant(&all)?)?;
    let fixed = FixedApi::start(runtime)?;
    let folder = Folder::create()?;

    let (mut script, mut executed) = (PRELUDE.to_owned(), Vec::new());
    for command in all {
        let address = if command.section == FIX_IT {
            &fixed.address
        } else {
            &mutant.address
        };
        if command.served_mutant().is_some() {
            let shown = command.at(address).expected;
            let printed = format!("The mutant is at http://{address}");
            if shown != [printed.as_str()] {
                return Err(format!("{shown:?} is shown, not {printed:?}").into());
            }
            continue;
        }
        let command = command.at(address);
        script = format!("{script}{}\nprintf '\\n%s\\n' '{END}'\n", command.text);
        executed.push(command);
    }
    let ended = child("bash")
        .args(["-c", &script])
        .current_dir(&folder.0)
        // A relative path then begins at the current folder.
        .env_remove("CARGO_MANIFEST_DIR")
        .env("EXERCISE_PROGRAM", env!("CARGO_BIN_EXE_contract-tests"))
        .env("EXERCISE_TESTS", std::env::current_exe()?)
        .env("EXERCISE_WORKSPACE", workspace())
        .stdin(Stdio::null())
        .output()?;
    let output = String::from_utf8_lossy(&ended.stdout);
    let end = format!("\n{END}\n");
    let mut outputs = output.split(&end);
    for command in &executed {
        let printed = outputs
            .next()
            .ok_or("the script ended too early")?
            .trim_end();
        let lines: Vec<_> = printed.lines().collect();
        let expected: Vec<_> = command.expected.iter().map(String::as_str).collect();
        if !matches(&expected, &lines) {
            let (text, expected) = (&command.text, expected.join("\n"));
            return Err(format!("$ {text}\nprinted\n{printed}\n\nnot\n{expected}").into());
        }
        check_report(command, &folder.0)?;
    }
    fixed.stop();
    Ok(())
}

/// Checks that the report that a command writes has the tests that the command runs.
fn check_report(command: &Command, folder: &Path) -> Result<(), BoxError> {
    let words: Vec<_> = command.text.split_whitespace().collect();
    let report = words
        .iter()
        .find_map(|word| word.strip_prefix("CONTRACT_REPORT="));
    if let (Some(report), Some(tests)) = (report, words.last()) {
        let content = std::fs::read_to_string(folder.join(report))?;
        if !content.contains(tests) {
            return Err(format!("{tests} is not in {report}").into());
        }
    }
    Ok(())
}

/// Checks the sections of each exercise, its mutant, and the code that it quotes.
fn check_code() -> Result<(), BoxError> {
    let document = Document::load(TESTS.len())?;
    let mutants = read("src/mutants/mutant.rs")?;
    for (exercise, number) in document.exercises.iter().zip(1..) {
        let wrong = |error: BoxError| format!("exercise {number}: {error}");
        check_code_of(exercise, &mutants).map_err(wrong)?;
    }
    Ok(())
}

fn check_code_of(exercise: &str, mutants: &str) -> Result<(), BoxError> {
    let sections = exercise
        .lines()
        .filter_map(|line| line.strip_prefix("### "));
    if !sections.eq(SECTIONS) {
        return Err(format!("the sections are not {SECTIONS:?}").into());
    }
    let name = mutant(&commands(exercise)?)?.name;
    let mut has_change = false;
    for block in blocks(exercise)? {
        let is_change = block.language == "diff";
        let code: Vec<_> = match block.language {
            "console" => continue,
            "rust" => block.lines.clone(),
            "diff" => {
                let old = block.lines.iter().filter(|line| !line.starts_with('+'));
                old.map(|line| line.strip_prefix([' ', '-']).unwrap_or(line))
                    .collect()
            }
            language => return Err(format!("blocks of {language:?} are not checked").into()),
        };
        let file = block.file.ok_or("no link names the file of a block")?;
        let source = read(file)?;
        let source: Vec<_> = source.lines().map(str::trim).collect();
        let mut expected = vec![ELLIPSIS];
        expected.extend(code.iter().map(|line| line.trim()));
        expected.push(ELLIPSIS);
        if !matches(&expected, &source) {
            return Err(format!("{file} does not have the lines\n{}", code.join("\n")).into());
        }
        if is_change {
            has_change = true;
            // The entry of the mutant ends before the name of the next one.
            let (_, entry) = mutants
                .split_once(&format!("{name:?}"))
                .ok_or("the mutant is not in mutant.rs")?;
            let entry = entry.split('"').next().unwrap_or_default();
            let function = code.first().and_then(|line| line.split_once("fn "));
            let function = function.and_then(|(_, rest)| rest.split_once('('));
            let (function, _) = function.ok_or("a change does not begin with its function")?;
            if !entry.contains(&format!("::{function}")) {
                return Err(format!("{function} is not the function of {name:?}").into());
            }
        }
    }
    if has_change {
        Ok(())
    } else {
        Err("the change of the mutant is missing".into())
    }
}

/// Reads a file of the package.
fn read(path: &str) -> Result<String, BoxError> {
    let file = workspace().join("contract-tests").join(path);
    let content = std::fs::read_to_string(file);
    Ok(content.map_err(|error| format!("failed to read {path}: {error}"))?)
}

/// A mutant that a child process serves.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(mutant: &Mutant) -> Result<Self, BoxError> {
        let child = child(env!("CARGO_BIN_EXE_contract-tests"))
            .args(["faulty", mutant.name, "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut served = Self {
            child,
            address: String::new(),
        };
        let stdout = served.child.stdout.take().ok_or("stdout is not piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim_end().strip_prefix("The mutant is at http://");
        let address = address.ok_or_else(|| format!("the mutant printed {line:?}"))?;
        address.clone_into(&mut served.address);
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The original service, which a mutant is after its bug is fixed.
struct FixedApi {
    runtime: Handle,
    api: LocalApi,
    address: String,
}

impl FixedApi {
    fn start(runtime: &Handle) -> Result<Self, BoxError> {
        let api = runtime.block_on(local::start(Options::default()))?;
        Ok(Self {
            runtime: runtime.clone(),
            address: api.url().replace("http://", ""),
            api,
        })
    }

    fn stop(self) {
        self.runtime.block_on(self.api.stop());
    }
}

/// A folder that stands for the workspace: the commands find the data of the tests there, and leave their files.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self, BoxError> {
        let folder = Self(new_folder());
        let tests = folder.0.join("contract-tests/tests");
        std::fs::create_dir_all(tests.join("regressions"))?;
        let data = workspace().join("contract-tests/tests/data");
        std::os::unix::fs::symlink(data, tests.join("data"))?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
