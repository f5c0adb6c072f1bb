//! The cells of the contract that a sequence reached.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use crate::contract::id::ID;
use crate::contract::model::{Exceptions, Expected, Model};
use crate::contract::run::{Run, Step};
use crate::coverage::classes;
use crate::request::call::Call;
use crate::toolkit::http::answer::Answer;

/// What the class begins with of a cell that is about a table that fails.
pub const A_TABLE: &str = "table: ";

/// One thing to have tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The route key.
    pub route: String,
    /// What there was before, and what became of it.
    pub transition: String,
    /// The status of the answer.
    pub status: u16,
    /// The class of what was sent.
    pub class: String,
}

impl Cell {
    /// A cell of these parts.
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

/// The cells of every request of a run that held, each as often as it was reached.
#[must_use]
pub fn reached(run: &Run) -> Vec<Cell> {
    let mut state = State {
        model: Model::new(run.prefix.as_str(), Exceptions::default()),
        deleted: BTreeSet::new(),
        prefix: &run.prefix,
    };
    let mut cells = Vec::new();
    for step in &run.steps {
        let Ok(answer) = &step.answer else { continue };
        cells.extend(state.cells(step, answer));
        state.apply(&step.call, answer.status);
    }
    cells
}

/// What there is at one moment of a run.
struct State<'a> {
    model: Model,
    deleted: BTreeSet<String>,
    prefix: &'a str,
}

impl State<'_> {
    fn cells(&self, step: &Step, answer: &Answer) -> Vec<Cell> {
        let (call, status) = (&step.call, answer.status);
        let mut classes = match &step.expected {
            // Where more than one answer is right, nothing is known of what was tried.
            Expected::Put(_, [_, ..]) => return Vec::new(),
            Expected::Put(..) => classes::of_put(call),
            Expected::Refused(reasons) => match reasons.as_slice() {
                [only] => vec![only.class()],
                // With two faults at once, either may be what was seen.
                _ => return Vec::new(),
            },
            Expected::Item(id, _) | Expected::Deleted(id) => vec![self.class(id)],
            Expected::NotFound => match call {
                Call::Get(id) if self.has_nearly(id) => {
                    vec!["id nearly that of an item".to_owned()]
                }
                Call::Get(id) => vec![self.class(id)],
                Call::Put { .. } | Call::Delete(_) | Call::List { .. } | Call::NoRoute(_) => {
                    return Vec::new();
                }
            },
            Expected::Page(_) => classes::of_list(call, |id| self.has(id)),
            Expected::NoRoute => {
                let path = match call {
                    Call::NoRoute(no_route) => no_route.parts().1,
                    // Without an id.
                    Call::Get(_) | Call::Delete(_) | Call::Put { .. } | Call::List { .. } => {
                        "/items/"
                    }
                };
                vec![format!("{} {path}", call.method())]
            }
        };
        if let Expected::Page(page) = &step.expected
            && let Ok(page) = answer.page(&page.prefix)
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
            self.transition(call, status)
        };
        classes
            .into_iter()
            .map(|class| Cell::new(call.route_key(), transition, status, &class))
            .collect()
    }

    fn transition(&self, call: &Call, status: u16) -> &'static str {
        match call {
            Call::Put { .. } => match (target(call).is_some_and(|id| self.has(id)), status) {
                (false, 200) => "absent -> put",
                (true, 200) => "present -> overwrite",
                (false, _) => "absent -> absent",
                (true, _) => "present -> kept",
            },
            Call::Delete(id) => match (self.has(id), status) {
                (true, 200) => "present -> delete",
                (false, 200) => "absent -> delete",
                _ => "-",
            },
            Call::Get(id) => match status {
                200 => "present",
                404 if self.deleted.contains(id) => "deleted",
                404 => "absent",
                _ => "-",
            },
            Call::List { .. } => match (status, self.model.items().is_empty()) {
                (200, true) => "no items",
                (200, false) => "items",
                _ => "-",
            },
            Call::NoRoute(_) => "-",
        }
    }

    fn apply(&mut self, call: &Call, status: u16) {
        let before = self.model.items().len();
        self.model.apply(call, status);
        match call {
            Call::Delete(id) if self.model.items().len() < before => {
                self.deleted.insert(id.clone());
            }
            Call::Put { .. }
            | Call::Get(_)
            | Call::Delete(_)
            | Call::List { .. }
            | Call::NoRoute(_) => {}
        }
    }

    fn has(&self, id: &str) -> bool {
        self.model.items().contains_key(id)
    }

    /// Whether there is an item whose id some would take for this one.
    fn has_nearly(&self, id: &str) -> bool {
        let folded = classes::folded(id);
        let mut others = self.model.items().keys();
        others.any(|other| other != id && classes::folded(other) == folded)
    }

    fn class(&self, id: &str) -> String {
        classes::of_id(id.strip_prefix(self.prefix).unwrap_or(id)).to_owned()
    }
}

/// The id of the item that a PUT is about, if it says one.
fn target(call: &Call) -> Option<&str> {
    let Call::Put {
        fields: Some(fields),
        ..
    } = call
    else {
        return None;
    };
    let mut ids = fields.iter().filter(|(name, _)| name == ID);
    ids.find_map(|(_, value)| value.as_text())
}
