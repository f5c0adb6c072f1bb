//! The times: the subjects take turns on one core, so that a disturbance affects all of them.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Error;
use crate::backend::Backend;
use crate::function::Function;
use crate::request::Request;
use crate::steps::Steps;
use crate::subject::Subject;

/// The number of cold starts of each subject.
const COLD_STARTS: usize = 40;
/// The number of blocks of requests to each subject. The subjects take turns after each block.
const BLOCKS: usize = 30;
/// The number of requests in a block. There are fewer of the 1 MB lists.
const REQUESTS_PER_BLOCK: usize = 100;
const LISTS_PER_BLOCK: usize = 5;

/// The results of one subject.
pub struct Results<'a> {
    pub subject: &'a Subject,
    pub cold: Cold,
    /// One for each of [`Request::ALL`].
    pub warm: Vec<Warm>,
}

/// The medians of the cold starts.
#[derive(Default)]
pub struct Cold {
    pub init: Duration,
    /// The time from the spawn to the response.
    pub first: Duration,
    /// The CPU time to the response.
    pub cpu: Duration,
}

/// The results of one route after warm-up.
#[derive(Default)]
pub struct Warm {
    pub p50: Duration,
    pub p99: Duration,
    /// The CPU time of an invocation: the median of the means of the blocks.
    pub cpu: Duration,
    /// The invocations per second: the median of the blocks.
    pub rate: f64,
    /// The peak resident memory, in bytes, of a process that handled only this route.
    pub peak_memory: u64,
}

/// Measures all subjects.
pub fn run<'a>(
    subjects: &'a [Subject],
    backend: &Backend,
    steps: &mut Steps,
) -> Result<Vec<Results<'a>>, Error> {
    pin()?;
    steps.next("cold starts");
    let cold = cold(subjects, backend)?;
    let mut results: Vec<_> = subjects
        .iter()
        .zip(cold)
        .map(|(subject, cold)| Results {
            subject,
            cold,
            warm: Vec::new(),
        })
        .collect();
    for request in Request::ALL {
        steps.next(request.route_key());
        let warm = warm(subjects, backend, request)?;
        for (results, warm) in results.iter_mut().zip(warm) {
            results.warm.push(warm);
        }
    }
    Ok(results)
}

/// Pins this process, and every process that it starts, to one core.
pub fn pin() -> Result<(), Error> {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this)?;
    let core = (0..CpuSet::count())
        .rev()
        .find(|&core| allowed.is_set(core).unwrap_or_default())
        .ok_or("there is no core to run on")?;
    let mut cpu_set = CpuSet::new();
    cpu_set.set(core)?;
    Ok(sched_setaffinity(this, &cpu_set)?)
}

/// Starts the function of a subject.
pub fn start(subject: &Subject, backend: &Backend) -> Result<Function, Error> {
    Function::start(Command::new(&subject.bootstrap), backend)
        .map_err(|error| format!("{}: {error}", subject.name).into())
}

fn cold(subjects: &[Subject], backend: &Backend) -> Result<Vec<Cold>, Error> {
    let request = Request::Get;
    let event = request.event();
    let mut samples: Vec<[Vec<Duration>; 3]> =
        subjects.iter().map(|_| Default::default()).collect();
    for round in 0..=COLD_STARTS {
        for (subject, [inits, firsts, cpus]) in subjects.iter().zip(&mut samples) {
            let mut function = start(subject, backend)?;
            let first = function.invoke_first(request, &event)?;
            let cpu = function.cpu_time()?;
            // The first round only loads the files into memory.
            if round > 0 {
                inits.push(function.init);
                firsts.push(first);
                cpus.push(cpu);
            }
            function.stop()?;
        }
    }
    let medians = samples.into_iter().map(|[inits, firsts, cpus]| Cold {
        init: quantile(inits, 0.5),
        first: quantile(firsts, 0.5),
        cpu: quantile(cpus, 0.5),
    });
    Ok(medians.collect())
}

fn warm(subjects: &[Subject], backend: &Backend, request: Request) -> Result<Vec<Warm>, Error> {
    let event = request.event();
    let requests = if request == Request::List {
        LISTS_PER_BLOCK
    } else {
        REQUESTS_PER_BLOCK
    };
    let mut running = Vec::new();
    for subject in subjects {
        running.push((start(subject, backend)?, Samples::default()));
    }
    for round in 0..=BLOCKS {
        for (function, samples) in &mut running {
            let cpu = function.cpu_time()?;
            let start = Instant::now();
            let mut latencies = Vec::new();
            for _ in 0..requests {
                latencies.push(function.invoke(request, &event)?.response);
            }
            // The first block only warms up the function.
            if round > 0 {
                let cpu = function.cpu_time()?.saturating_sub(cpu);
                samples.add(latencies, start.elapsed(), cpu);
            }
        }
    }
    running
        .into_iter()
        .map(|(function, samples)| {
            let peak_memory = function.peak_memory()?;
            function.stop()?;
            Ok(samples.summarize(peak_memory))
        })
        .collect()
}

#[derive(Default)]
struct Samples {
    latencies: Vec<Duration>,
    cpus: Vec<Duration>,
    rates: Vec<f64>,
}

impl Samples {
    fn add(&mut self, latencies: Vec<Duration>, elapsed: Duration, cpu: Duration) {
        let requests = u32::try_from(latencies.len()).expect("a block is small");
        self.cpus.push(cpu / requests);
        self.rates.push(f64::from(requests) / elapsed.as_secs_f64());
        self.latencies.extend(latencies);
    }

    fn summarize(self, peak_memory: u64) -> Warm {
        Warm {
            p50: quantile(self.latencies.clone(), 0.5),
            p99: quantile(self.latencies, 0.99),
            cpu: quantile(self.cpus, 0.5),
            rate: quantile(self.rates, 0.5),
            peak_memory,
        }
    }
}

/// Returns the sample at this quantile.
pub fn quantile<T: Copy + PartialOrd>(mut samples: Vec<T>, share: f64) -> T {
    samples.sort_by(|a, b| a.partial_cmp(b).expect("samples are numbers"));
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into some thousands of samples"
    )]
    let index = (samples.len() as f64 * share) as usize;
    samples[index]
}
