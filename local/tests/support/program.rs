//! The program `local`, started and stopped as by a user.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program, which is killed when the test ends or fails.
pub struct Running {
    pub child: Child,
    /// The first line of its output.
    pub greeting: String,
    pub url: String,
}

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        Self::spawn(program(arguments))
    }

    /// Starts a command of [`program`], and waits until it prints its address.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().expect("a process");
        let stdout = child.stdout.as_mut().expect("its output");
        let mut greeting = String::new();
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut greeting).expect("a line");
        let url = greeting
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let url = url.expect("a URL").to_owned();
        Self {
            child,
            greeting,
            url,
        }
    }

    /// Sends the signal, and returns the exit code.
    pub fn end(&mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill").success());
        self.child.wait().expect("an end").code()
    }

    /// Sends the signal, and returns the exit code and the log.
    pub fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let code = self.end(signal);
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().expect("its log");
        stderr.read_to_string(&mut log).expect("text");
        (code, log)
    }

    /// Returns the ports on which the program listens.
    #[cfg(target_os = "linux")]
    pub fn ports(&self) -> Vec<u16> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let sockets: Vec<String> = std::fs::read_dir(process.join("fd"))
            .expect("its files")
            .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
            .map(|file| file.display().to_string())
            .collect();
        let mut ports = Vec::new();
        for table in ["net/tcp", "net/tcp6"] {
            let table = std::fs::read_to_string(process.join(table)).expect("the sockets");
            for line in table.lines().skip(1) {
                // "sl local_address rem_address st … inode", where the state 0A means listening.
                let fields: Vec<&str> = line.split_whitespace().collect();
                let inode = format!("socket:[{}]", fields[9]);
                if fields[3] == "0A" && sockets.contains(&inode) {
                    let (_, port) = fields[1].split_once(':').expect("a port");
                    ports.push(u16::from_str_radix(port, 16).expect("a number"));
                }
            }
        }
        ports
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks that the program does not start, and returns its log.
pub fn start_error(arguments: &[&str]) -> String {
    let mut child = program(arguments).spawn().expect("a process");
    // A program that starts prints its address. A program that does not start ends, and closes its output.
    let mut started = String::new();
    let stdout = child.stdout.take().expect("its output");
    let _ = BufReader::new(stdout).read_line(&mut started);
    let _ = child.kill();
    let Output { status, stderr, .. } = child.wait_with_output().expect("an end");
    assert!(started.is_empty(), "{arguments:?}: {started}");
    assert!(!status.success(), "{arguments:?}");
    String::from_utf8(stderr).expect("text")
}

/// Creates an empty folder for one test.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
