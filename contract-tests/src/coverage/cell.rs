//! The cells of the coverage table that a sequence reached.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use crate::contract::id::ID;
use crate::contract::model::{Expected, KnownDeviations, Model};
use crate::contract::run::{Run, Step};
use crate::coverage::classes;
use crate::request::concrete::Request;
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
    let mut state = State {
        model: Model::new(run.prefix.as_str(), KnownDeviations::default()),
        deleted: BTreeSet::new(),
        prefix: &run.prefix,
    };
    let mut cells = Vec::new();
    for step in &run.steps {
        let Ok(response) = &step.response else {
            continue;
        };
        cells.extend(state.cells(step, response));
        state.apply(&step.request, response.status);
    }
    cells
}

/// The state at one step of a run.
struct State<'a> {
    model: Model,
    deleted: BTreeSet<String>,
    prefix: &'a str,
}

impl State<'_> {
    fn cells(&self, step: &Step, response: &Response) -> Vec<Cell> {
        let (request, status) = (&step.request, response.status);
        let mut classes = match &step.expected {
            // If more than one response is right, it is unknown which class was tried.
            Expected::Put(_, [_, ..]) => return Vec::new(),
            Expected::Put(..) => classes::of_put(request),
            Expected::Refused(reasons) => match reasons.as_slice() {
                [only] => vec![only.class()],
                // With two faults at once, the service may have seen either.
                _ => return Vec::new(),
            },
            Expected::Item(id, _) | Expected::Deleted(id) => vec![self.class(id)],
            Expected::NotFound => match request {
                Request::Get(id) if self.has_near_duplicate_of(id) => {
                    vec!["id nearly that of an item".to_owned()]
                }
                Request::Get(id) => vec![self.class(id)],
                Request::Put { .. }
                | Request::Delete(_)
                | Request::List { .. }
                | Request::NoRoute(_) => {
                    return Vec::new();
                }
            },
            Expected::Page(_) => classes::of_list(request, |id| self.has(id)),
            Expected::NoRoute => {
                let path = match request {
                    Request::NoRoute(no_route) => no_route.parts().1,
                    // A GET or DELETE with an empty id.
                    Request::Get(_)
                    | Request::Delete(_)
                    | Request::Put { .. }
                    | Request::List { .. } => "/items/",
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
        match request {
            Request::Put { .. } => match (put_id(request).is_some_and(|id| self.has(id)), status) {
                (false, 200) => "absent -> put",
                (true, 200) => "present -> overwrite",
                (false, _) => "absent -> absent",
                (true, _) => "present -> kept",
            },
            Request::Delete(id) => match (self.has(id), status) {
                (true, 200) => "present -> delete",
                (false, 200) => "absent -> delete",
                _ => "-",
            },
            Request::Get(id) => match status {
                200 => "present",
                404 if self.deleted.contains(id) => "deleted",
                404 => "absent",
                _ => "-",
            },
            Request::List { .. } => match (status, self.model.items().is_empty()) {
                (200, true) => "no items",
                (200, false) => "items",
                _ => "-",
            },
            Request::NoRoute(_) => "-",
        }
    }

    fn apply(&mut self, request: &Request, status: u16) {
        let before = self.model.items().len();
        self.model.apply(request, status);
        match request {
            Request::Delete(id) if self.model.items().len() < before => {
                self.deleted.insert(id.clone());
            }
            Request::Put { .. }
            | Request::Get(_)
            | Request::Delete(_)
            | Request::List { .. }
            | Request::NoRoute(_) => {}
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

/// Returns the id that a PUT sends, if it sends one.
fn put_id(request: &Request) -> Option<&str> {
    let Request::Put {
        fields: Some(fields),
        ..
    } = request
    else {
        return None;
    };
    let mut ids = fields.iter().filter(|(name, _)| name == ID);
    ids.find_map(|(_, value)| value.as_text())
}
