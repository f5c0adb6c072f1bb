//! A running function: a bootstrap with the environment variables that Lambda sets, and few others.

use std::fs;
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::Error;
use crate::backend::Backend;
use crate::request::Request;
use crate::runtime_api::RuntimeApi;

/// A running function that waits for an event.
pub struct Function {
    child: Child,
    clock: ClockId,
    api: RuntimeApi,
    spawned: Instant,
    /// The time from the spawn to the first request for an event.
    pub init: Duration,
}

/// The times of an invocation.
pub struct Invocation {
    /// The time from the event to the last byte of the response.
    pub response: Duration,
    /// The time from the event to the request for the next one, which ends the invocation.
    pub total: Duration,
}

impl Function {
    /// Starts `command`, which is the bootstrap or a wrapper, and waits until it requests an event.
    pub fn start(mut command: Command, backend: &Backend) -> Result<Self, Error> {
        let mut api = RuntimeApi::start()?;
        command
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", api.authority().as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "items"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/items"),
                (
                    "AWS_LAMBDA_LOG_STREAM_NAME",
                    "2025/04/14/[1]0123456789abcdef",
                ),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_EXECUTION_ENV", "AWS_Lambda_rust"),
                ("AWS_REGION", "eu-central-1"),
                ("AWS_DEFAULT_REGION", "eu-central-1"),
                ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
                (
                    "AWS_SECRET_ACCESS_KEY",
                    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                ),
                // As long as a token of Lambda.
                ("AWS_SESSION_TOKEN", &"IQoJb3JpZ2luX2VjEXAMPLE".repeat(40)),
                ("LAMBDA_TASK_ROOT", "/var/task"),
                ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
                ("LANG", "en_US.UTF-8"),
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("TZ", ":UTC"),
                ("_HANDLER", "bootstrap"),
                ("TABLE_NAME", "http-crud-tutorial-items"),
            ])
            .envs(backend.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let spawned = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|error| format!("failed to run {command:?}: {error}"))?;
        let waiting = api.wait();
        let init = spawned.elapsed();
        if let Err(error) = waiting {
            child.kill()?;
            child.wait()?;
            return Err(error);
        }
        let clock = clock_getcpuclockid(Pid::from_raw(child.id().cast_signed()))?;
        Ok(Self {
            child,
            clock,
            api,
            spawned,
            init,
        })
    }

    /// Sends an event, and waits until the function requests the next one.
    pub fn invoke(&mut self, request: Request, event: &[u8]) -> Result<Invocation, Error> {
        let sent = Instant::now();
        let (elapsed, response) = self.api.invoke(event)?;
        self.api.wait()?;
        let total = sent.elapsed();
        request.check(&response)?;
        Ok(Invocation {
            response: elapsed,
            total,
        })
    }

    /// As [`Function::invoke`], but returns the time from the spawn to the response.
    pub fn invoke_first(&mut self, request: Request, event: &[u8]) -> Result<Duration, Error> {
        let before = self.spawned.elapsed();
        Ok(before + self.invoke(request, event)?.response)
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the CPU time of the process, all threads together.
    pub fn cpu_time(&self) -> Result<Duration, Error> {
        Ok(clock_gettime(self.clock)?.into())
    }

    /// Returns the peak resident memory of the process, in bytes.
    pub fn peak_memory(&self) -> Result<u64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"))
            .ok_or("no VmHWM in the process's status")?;
        Ok(kilobytes.trim().parse::<u64>()? * 1024)
    }

    /// Stops the function with the signal that Lambda sends, and waits for its end.
    pub fn stop(mut self) -> Result<(), Error> {
        kill(
            Pid::from_raw(self.child.id().cast_signed()),
            Signal::SIGTERM,
        )?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Function {
    /// Kills the process if an error left it running.
    fn drop(&mut self) {
        let _: io::Result<_> = self.child.kill().and_then(|()| self.child.wait());
    }
}
