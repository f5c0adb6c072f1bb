//! The cells of the coverage table that a sequence reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use crate::contract::id;
use crate::contract::model::{Expected, KnownDeviations, Model};
use crate::contract::reason::Reason;
use crate::contract::run::{Run, Step};
use crate::coverage::classes;
use crate::request::concrete::{Request, RequestKind};
use crate::toolkit::http::response::Response;

/// The prefix of the classes of fault-injection cells.
pub const FAULT_CLASS_PREFIX: &str = "table: ";

/// A cell of the coverage table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The route key.
    pub route: String,
    /// The state of the item before and after the request.
    pub transition: String,
    /// The status of the response.
    pub status: u16,
    /// The class of the input.
    pub class: String,
}

impl Cell {
    /// Returns a cell of these parts.
    #[must_use]
    pub fn new(route: &str, transition: &str, status: u16, class: &str) -> Self {
        Self {
            route: route.to_owned(),
            transition: transition.to_owned(),
            status,
            class: class.to_owned(),
        }
    }
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            route,
            transition,
            status,
            class,
        } = self;
        write!(f, "{route} | {transition} | {status} | {class}")
    }
}

/// Returns the cells that the requests of a passed run reached. A cell occurs as often as it was reached.
#[must_use]
pub fn reached(run: &Run) -> Vec<Cell> {
    let mut state = State::new(run);
    let mut cells = Vec::new();
    for step in &run.steps {
        let Ok(response) = &step.response else {
            continue;
        };
        cells.extend(state.cells(step, response));
        state.apply(&step.request, response);
    }
    cells
}

/// Returns the cells that the last request of a run reaches if its response is the expected one.
#[must_use]
pub fn of_last_step(run: &Run) -> Vec<Cell> {
    let mut state = State::new(run);
    let Some((last, before)) = run.steps.split_last() else {
        return Vec::new();
    };
    for step in before {
        if let Ok(response) = &step.response {
            state.apply(&step.request, response);
        }
    }
    let status = match &last.expected {
        Expected::Put(..) | Expected::Deleted(_) | Expected::Item(..) | Expected::Page(_) => 200,
        Expected::NotModified(_) => 304,
        Expected::NotFound | Expected::NoRoute => 404,
        Expected::PreconditionFailed(..) => 412,
        Expected::Refused(reasons) => reasons.first().map_or(400, Reason::status),
    };
    let expected = Response {
        status,
        headers: BTreeMap::new(),
        body: Vec::new(),
    };
    state.cells(last, &expected)
}

/// The state at one step of a run.
struct State<'a> {
    model: Model,
    deleted: BTreeSet<String>,
    prefix: &'a str,
}

impl<'a> State<'a> {
    fn new(run: &'a Run) -> Self {
        Self {
            model: Model::new(run.prefix.as_str(), KnownDeviations::default()),
            deleted: BTreeSet::new(),
            prefix: &run.prefix,
        }
    }

    fn cells(&self, step: &Step, response: &Response) -> Vec<Cell> {
        let (request, status) = (&step.request, response.status);
        let mut classes = match &step.expected {
            // If more than one response is right, it is unknown which class was tried.
            Expected::Put(_, [_, ..]) | Expected::PreconditionFailed(_, [_, ..]) => {
                return Vec::new();
            }
            Expected::Put(..) => classes::of_put(request),
            Expected::Refused(reasons) => match reasons.as_slice() {
                [only] => vec![only.class()],
                // With two faults at once, the service may have seen either.
                _ => return Vec::new(),
            },
            Expected::Item(id, _) | Expected::Deleted(id) => vec![self.class(id)],
            Expected::NotModified(_) | Expected::PreconditionFailed(..) => Vec::new(),
            Expected::NotFound => match &request.kind {
                RequestKind::Get(id) if self.has_near_duplicate_of(id) => {
                    vec!["id nearly that of an item".to_owned()]
                }
                RequestKind::Get(id) => vec![self.class(id)],
                RequestKind::Put { .. }
                | RequestKind::Delete(_)
                | RequestKind::List { .. }
                | RequestKind::NoRoute(_) => {
                    return Vec::new();
                }
            },
            Expected::Page(_) => classes::of_list(request, |id| self.has(id)),
            Expected::NoRoute => {
                let path = match &request.kind {
                    RequestKind::NoRoute(no_route) => no_route.parts().1,
                    // A GET or DELETE with an empty id.
                    RequestKind::Get(_)
                    | RequestKind::Delete(_)
                    | RequestKind::Put { .. }
                    | RequestKind::List { .. } => "/items/",
                };
                vec![format!("{} {path}", request.method())]
            }
        };
        if let Expected::Page(page) = &step.expected
            && let Ok(page) = response.page(&page.prefix)
        {
            let end = if page.last.is_some() {
                "cut short"
            } else {
                "the end"
            };
            classes.push(end.to_owned());
        }
        if !matches!(step.expected, Expected::Refused(_) | Expected::NoRoute) {
            let tag = id::of_request(request).and_then(|id| self.model.current_tag(id));
            classes.extend(classes::of_conditions(request, tag));
        }
        let transition = if step.expected == Expected::NoRoute {
            "-"
        } else {
            self.transition(request, status)
        };
        classes
            .into_iter()
            .map(|class| Cell::new(request.route_key(), transition, status, &class))
            .collect()
    }

    fn transition(&self, request: &Request, status: u16) -> &'static str {
        match &request.kind {
            RequestKind::Put { .. } => {
                match (
                    id::of_request(request).is_some_and(|id| self.has(id)),
                    status,
                ) {
                    (false, 200) => "absent -> put",
                    (true, 200) => "present -> overwrite",
                    (false, _) => "absent -> absent",
                    (true, _) => "present -> kept",
                }
            }
            RequestKind::Delete(id) => match (self.has(id), status) {
                (true, 200) => "present -> delete",
                (false, 200) => "absent -> delete",
                (true, 412) => "present -> kept",
                (false, 412) => "absent -> absent",
                _ => "-",
            },
            RequestKind::Get(id) => match status {
                200 | 304 | 412 => "present",
                404 if self.deleted.contains(id) => "deleted",
                404 => "absent",
                _ => "-",
            },
            RequestKind::List { .. } => match (status, self.model.items().is_empty()) {
                (200, true) => "no items",
                (200, false) => "items",
                _ => "-",
            },
            RequestKind::NoRoute(_) => "-",
        }
    }

    fn apply(&mut self, request: &Request, response: &Response) {
        let before = self.model.items().len();
        self.model.apply(request, response.status);
        // A run that passed shows no wrong tag.
        let _ = self.model.learn_tag(request, response);
        match &request.kind {
            RequestKind::Delete(id) if self.model.items().len() < before => {
                self.deleted.insert(id.clone());
            }
            RequestKind::Put { .. }
            | RequestKind::Get(_)
            | RequestKind::Delete(_)
            | RequestKind::List { .. }
            | RequestKind::NoRoute(_) => {}
        }
    }

    fn has(&self, id: &str) -> bool {
        self.model.items().contains_key(id)
    }

    /// Returns `true` if there is another item whose id a service that normalises ids would take for this one.
    fn has_near_duplicate_of(&self, id: &str) -> bool {
        let normalised = classes::normalised(id);
        let mut present = self.model.items().keys();
        present.any(|present| present != id && classes::normalised(present) == normalised)
    }

    fn class(&self, id: &str) -> String {
        classes::of_id(id.strip_prefix(self.prefix).unwrap_or(id)).to_owned()
    }
}
