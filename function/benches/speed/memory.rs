//! The times with the share of a core that Lambda gives a function of some memory size, and their cost.

use std::thread;
use std::time::{Duration, Instant};

use crate::Error;
use crate::backend::Backend;
use crate::cgroup::{Cgroup, Parent};
use crate::function::{Function, Invocation};
use crate::measure;
use crate::request::Request;
use crate::steps::Steps;
use crate::subject::Subject;

/// The memory in MB for which a function gets one vCPU. With another size it gets CPU time in proportion.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const MB_PER_VCPU: u32 = 1_769;

/// The period of the quota.
///
/// Source: C. Lin et al., "Demystifying Serverless Costs on Public Platforms", <https://arxiv.org/abs/2506.01283>
const PERIOD: Duration = Duration::from_millis(20);

/// The minimum idle time between two invocations of a function. Then a period with a full quota has begun, even if the
/// kernel let the function exceed its quota by 4 ms: at 128 MB that is the quota of three periods.
const IDLE: Duration = Duration::from_millis(85);

/// The number of cold starts of each function with each memory size.
const COLD_STARTS: u32 = 30;
/// The number of invocations on each route. There are fewer of the 1 MB lists.
const INVOCATIONS: u32 = 100;
const LISTS: u32 = 60;

/// The results of one kind of invocation.
pub struct Table<'a> {
    pub title: &'static str,
    pub request: Request,
    pub rows: Vec<Row<'a>>,
}

/// The invocations of one subject with one memory size.
pub struct Row<'a> {
    pub subject: &'a Subject,
    /// In MB.
    pub memory: u32,
    pub samples: Vec<Sample>,
}

/// One invocation.
pub struct Sample {
    /// The time of the init before this invocation, or zero after warm-up.
    pub init: Duration,
    pub invocation: Invocation,
    pub cpu: Duration,
    /// `true` if the function had to wait because its quota was used up.
    pub throttled: bool,
}

impl Sample {
    /// Returns the time that Lambda bills, without that of DynamoDB.
    pub fn time(&self) -> Duration {
        self.init + self.invocation.total
    }
}

/// Measures all subjects with each memory size.
pub fn run<'a>(
    subjects: &'a [Subject],
    sizes: &[u32],
    backend: &Backend,
    parent: &Parent,
    steps: &mut Steps,
) -> Result<Vec<Table<'a>>, Error> {
    measure::pin()?;
    steps.next("cold starts");
    let mut tables = vec![Table {
        title: "Cold start",
        request: Request::Get,
        rows: cold(subjects, sizes, backend, parent)?,
    }];
    for request in Request::ALL {
        steps.next(request.route_key());
        tables.push(Table {
            title: "Warm",
            request,
            rows: warm(subjects, sizes, backend, parent, request)?,
        });
    }
    Ok(tables)
}

/// Measures first invocations. The init runs without a limit, as on Lambda.
fn cold<'a>(
    subjects: &'a [Subject],
    sizes: &[u32],
    backend: &Backend,
    parent: &Parent,
) -> Result<Vec<Row<'a>>, Error> {
    let event = Request::Get.event();
    let mut rows = empty(subjects, sizes);
    for round in 0..=COLD_STARTS {
        for row in &mut rows {
            let mut function = Limited::start(row, backend, parent)?;
            let mut sample = function.invoke(Request::Get, &event, round)?;
            sample.init = function.function.init;
            // The first round only loads the files into memory.
            if round > 0 {
                row.samples.push(sample);
            }
        }
    }
    Ok(rows)
}

/// Measures the invocations on one route after warm-up.
fn warm<'a>(
    subjects: &'a [Subject],
    sizes: &[u32],
    backend: &Backend,
    parent: &Parent,
    request: Request,
) -> Result<Vec<Row<'a>>, Error> {
    let event = request.event();
    let mut rows = empty(subjects, sizes);
    let mut functions = Vec::new();
    for row in &rows {
        functions.push(Limited::start(row, backend, parent)?);
    }
    let rounds = if request == Request::List {
        LISTS
    } else {
        INVOCATIONS
    };
    for round in 0..=rounds {
        for (row, function) in rows.iter_mut().zip(&mut functions) {
            let sample = function.invoke(request, &event, round)?;
            // The first round only warms up the function.
            if round > 0 {
                row.samples.push(sample);
            }
        }
    }
    Ok(rows)
}

fn empty<'a>(subjects: &'a [Subject], sizes: &[u32]) -> Vec<Row<'a>> {
    let of_subject = |subject| {
        sizes.iter().map(move |&memory| Row {
            subject,
            memory,
            samples: Vec::new(),
        })
    };
    subjects.iter().flat_map(of_subject).collect()
}

/// A function with a limit of its CPU time.
struct Limited {
    // Dropped in this order, because a cgroup can be removed only after its process has ended.
    function: Function,
    cgroup: Cgroup,
    idle_since: Instant,
}

impl Limited {
    /// Starts a function, and limits its CPU time after its init.
    fn start(row: &Row<'_>, backend: &Backend, parent: &Parent) -> Result<Self, Error> {
        let function = measure::start(row.subject, backend)?;
        let quota = PERIOD * row.memory / MB_PER_VCPU;
        Ok(Self {
            cgroup: parent.limit(function.id(), quota, PERIOD)?,
            function,
            idle_since: Instant::now(),
        })
    }

    /// Invokes the function after an idle time, at another moment of the period in each round.
    fn invoke(&mut self, request: Request, event: &[u8], round: u32) -> Result<Sample, Error> {
        // Multiples of the golden ratio spread evenly.
        let moment = PERIOD.mul_f64((f64::from(round) * 0.618).fract());
        thread::sleep(IDLE.saturating_sub(self.idle_since.elapsed()) + moment);
        let cpu = self.function.cpu_time()?;
        let throttled = self.cgroup.throttled_periods()?;
        let invocation = self.function.invoke(request, event)?;
        self.idle_since = Instant::now();
        Ok(Sample {
            init: Duration::ZERO,
            invocation,
            cpu: self.function.cpu_time()?.saturating_sub(cpu),
            throttled: self.cgroup.throttled_periods()? > throttled,
        })
    }
}
