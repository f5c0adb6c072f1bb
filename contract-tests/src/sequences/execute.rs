//! Runs a sequence: each operation's requests one after the other, each answer against the model.

use crate::contract::answer::Shown;
use crate::contract::check::check;
use crate::contract::model::Model;
use crate::contract::run::{Run, Step};
use crate::environments::client::Api;
use crate::environments::environment::Environment;
use crate::request::call::Call;
use crate::request::ids::Ids;
use crate::request::operation::Operation;
use crate::toolkit::http::answer::Answer;
use crate::toolkit::outcome::NotPassed::Failed;
use crate::toolkit::outcome::Outcome;

/// When the whole state is looked at, by getting every id that was used and by listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looking {
    /// Once all operations are done.
    InTheEnd,
    /// Not at all: the operations have to show by themselves what is wrong.
    Never,
}

/// Runs the operations in a fresh namespace.
pub async fn execute(environment: &Environment, operations: &[Operation], looking: Looking) -> Run {
    let api = environment.api();
    let mut execution = Execution {
        model: Model::new(environment.prefix(), environment.exceptions()),
        ids: Ids::new(environment.prefix()),
        steps: Vec::new(),
        operations: Vec::new(),
        looking: false,
        untold: None,
        api,
    };
    let outcome = execution.all(operations, looking).await;
    Run {
        operations: execution.operations,
        steps: execution.steps,
        prefix: environment.prefix().to_owned(),
        outcome,
        untold: execution.untold,
    }
}

struct Execution<'a> {
    api: &'a Api,
    model: Model,
    ids: Ids,
    steps: Vec<Step>,
    operations: Vec<Operation>,
    looking: bool,
    untold: Option<String>,
}

impl Execution<'_> {
    async fn all(&mut self, operations: &[Operation], looking: Looking) -> Outcome<()> {
        for operation in operations {
            self.operation(operation).await?;
        }
        if looking == Looking::Never {
            return Ok(());
        }
        self.looking = true;
        for id in self.ids.used().to_vec() {
            self.call(Call::Get(id)).await?;
        }
        self.walk(None, false).await
    }

    async fn operation(&mut self, operation: &Operation) -> Outcome<()> {
        let literal = self.literal(operation);
        self.operations.push(literal.clone());
        let call = match literal {
            Operation::Put(object, content_type) => Call::put(&object, content_type, &mut self.ids),
            Operation::PutRaw(body, content_type) => Call::put_raw(&body, content_type, &self.ids),
            Operation::Get(id) => Call::Get(self.ids.resolve(&id)),
            Operation::Delete(id) => Call::Delete(self.ids.resolve(&id)),
            Operation::List(query) => Call::list(&query, &mut self.ids),
            Operation::NoRoute(no_route) => Call::NoRoute(no_route),
            Operation::Walk {
                limit,
                delete_boundary,
            } => return self.walk(Some(limit), delete_boundary).await,
        };
        self.call(call).await.map(drop)
    }

    /// The operation with its ids chosen.
    fn literal(&mut self, operation: &Operation) -> Operation {
        let mut literal = operation.clone();
        for id in literal.ids_mut() {
            let resolved = self.ids.resolve(id);
            *id = self.ids.literal(&resolved);
        }
        literal
    }

    /// Sends one request, and holds its answer against the model.
    async fn call(&mut self, call: Call) -> Outcome<Option<Answer>> {
        let Some(answer) = self.api.send(&call).await else {
            return Ok(None);
        };
        let expected = self.model.answer(&call);
        let outcome = self
            .api
            .answered(&answer)
            .and_then(|answer| check(&expected, answer, &call, self.api.gateway()).map_err(Failed));
        if let Ok(answer) = &answer {
            self.model.apply(&call, answer.status);
        }
        let known = answer.clone().ok();
        self.steps.push(Step {
            call,
            expected,
            answer,
            of: (!self.looking).then(|| self.operations.len() - 1),
        });
        outcome.map(|()| known)
    }

    /// Follows the list to its end: every item that stays must be shown once, and none twice. Where
    /// others have items too the end may be far, so the later pages are as long as can be, and after so
    /// many it cannot be told what else the list would show.
    async fn walk(&mut self, limit: Option<u16>, delete_boundary: bool) -> Outcome<()> {
        let followed = self.api.visit().map(|visit| visit.pages() as usize);
        let mut awaited = self.model.items().clone();
        // A page may be empty before the end, but not again and again.
        let most_pages = 2 * awaited.len() + 3;
        let mut seen = Vec::<String>::new();
        let mut start = None;
        for page in 0.. {
            if followed == Some(page) {
                self.untold = Some(format!(
                    "whether a list shows every item: others have more than CONTRACT_PAGES={page} pages"
                ));
                return Ok(());
            }
            if followed.is_none() && page == most_pages {
                return Err(Failed(format!("the list goes on after {page} pages")));
            }
            let limit = limit.filter(|_| followed.is_none_or(|pages| 2 * page < pages));
            let Shown { order, last, .. } = self.page(limit, start).await?;
            if let Some(twice) = order.iter().find(|id| seen.contains(id)) {
                return Err(Failed(format!("the list shows {twice:?} a second time")));
            }
            awaited.retain(|id, _| !order.contains(id));
            seen.extend(order);
            let Some(last) = last else { break };
            if delete_boundary && last.starts_with(self.ids.prefix()) {
                self.call(Call::Delete(last.clone())).await?;
                awaited.remove(&last);
            }
            start = Some(last);
        }
        match awaited.keys().next() {
            None => Ok(()),
            Some(id) => Err(Failed(format!("the list ends without the item {id:?}"))),
        }
    }

    async fn page(&mut self, limit: Option<u16>, start: Option<String>) -> Outcome<Shown> {
        let call = Call::page(limit, start);
        let answer = self.call(call).await?.expect("a list can always be sent");
        answer.page(self.ids.prefix()).map_err(Failed)
    }
}
