//! Runs a sequence: sends the requests of each operation in turn, and checks each response against the model.

use crate::contract::check::check;
use crate::contract::id;
use crate::contract::model::Model;
use crate::contract::response::ListedPage;
use crate::contract::run::{Run, Step};
use crate::environments::client::Api;
use crate::environments::environment::Environment;
use crate::request::concrete::{Request, RequestKind};
use crate::request::ids::Ids;
use crate::request::operation::{ContentType, Operation, PathId, UrlStyle};
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::Failed;
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::Progress;

/// The time of the final check, which gets every used id and follows the list to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalCheck {
    /// After all operations.
    AtEnd,
    /// Never: the operations must reveal the failure themselves.
    Skip,
}

/// Runs the operations in a fresh environment, which the caller opened. The progress counts the operations.
pub async fn execute(
    environment: &Environment,
    operations: &[Operation],
    final_check: FinalCheck,
    progress: Option<&Progress>,
) -> Run {
    let api = environment.api();
    let mut execution = Execution {
        model: Model::new(environment.prefix(), environment.known_deviations()),
        ids: Ids::new(environment.prefix()),
        steps: Vec::new(),
        operations: Vec::new(),
        in_final_check: false,
        unchecked: None,
        api,
        progress,
    };
    let outcome = execution.run(operations, final_check).await;
    Run {
        operations: execution.operations,
        steps: execution.steps,
        prefix: environment.prefix().to_owned(),
        outcome,
        unchecked: execution.unchecked,
    }
}

struct Execution<'a> {
    api: &'a Api,
    model: Model,
    ids: Ids,
    steps: Vec<Step>,
    operations: Vec<Operation>,
    in_final_check: bool,
    unchecked: Option<String>,
    progress: Option<&'a Progress>,
}

impl Execution<'_> {
    async fn run(&mut self, operations: &[Operation], final_check: FinalCheck) -> Outcome<()> {
        for operation in operations {
            self.run_operation(operation).await?;
            if let Some(progress) = self.progress {
                progress.advance(1);
            }
        }
        if final_check == FinalCheck::Skip {
            return Ok(());
        }
        self.in_final_check = true;
        for id in self.ids.used().to_vec() {
            self.send_plain(Request::get(id)).await?;
        }
        self.paginate(None, false).await
    }

    async fn run_operation(&mut self, operation: &Operation) -> Outcome<()> {
        let operation = self.with_literal_ids(operation);
        self.operations.push(operation.clone());
        let (operation, conditions) = operation.split_conditions();
        let (request, style) = match operation {
            Operation::Put(object, content_type) => {
                let request = Request::put(object, *content_type, &mut self.ids);
                (request, UrlStyle::Plain)
            }
            Operation::PutRaw(body, content_type) => {
                let request = Request::put_raw(body, *content_type, &self.ids);
                (request, UrlStyle::Plain)
            }
            Operation::PutMany(batch) => {
                for object in batch.objects() {
                    let request = Request::put(&object, ContentType::Json, &mut self.ids);
                    self.send_plain(request).await?;
                }
                return Ok(());
            }
            Operation::Get(PathId { id, style }) => (Request::get(self.ids.resolve(id)), *style),
            Operation::Delete(PathId { id, style }) => {
                (Request::delete(self.ids.resolve(id)), *style)
            }
            Operation::List(query) => (Request::list(query, &mut self.ids), query.style),
            Operation::NoRoute(no_route) => {
                (RequestKind::NoRoute(*no_route).into(), UrlStyle::Plain)
            }
            Operation::Paginate {
                limit,
                delete_last_of_page,
            } => return self.paginate(Some(*limit), *delete_last_of_page).await,
            Operation::Conditional(..) => unreachable!("the conditions were split off"),
        };
        let id = id::of_request(&request);
        let tags = id.map(|id| self.model.tags(id)).unwrap_or_default();
        let conditions = conditions.resolve(tags);
        let request = request.when(conditions);
        self.send_and_check(request, style).await.map(drop)
    }

    /// Returns the operation with every id resolved to a literal.
    fn with_literal_ids(&mut self, operation: &Operation) -> Operation {
        let mut literal = operation.clone();
        for id in literal.ids_mut() {
            let resolved = self.ids.resolve(id);
            *id = self.ids.literal(&resolved);
        }
        literal
    }

    async fn send_plain(&mut self, request: Request) -> Outcome<Option<Response>> {
        self.send_and_check(request, UrlStyle::Plain).await
    }

    /// Sends one request with its URL in this style, and checks its response against the model. Returns `None` if the
    /// request cannot be sent.
    async fn send_and_check(
        &mut self,
        request: Request,
        style: UrlStyle,
    ) -> Outcome<Option<Response>> {
        let style = self.api.supported_style(style);
        let Some(response) = self.api.send_styled(&request, style).await else {
            return Ok(None);
        };
        let expected = self.model.expected(&request);
        let mut outcome = self.api.require_response(&response).and_then(|response| {
            check(&expected, response, &request, self.api.profile()).map_err(Failed)
        });
        if let Ok(response) = &response {
            self.model.apply(&request, response.status);
            if outcome.is_ok() {
                outcome = self.model.learn_tag(&request, response).map_err(Failed);
            }
        }
        let received = response.clone().ok();
        self.steps.push(Step {
            request,
            style,
            expected,
            response,
            operation_index: (!self.in_final_check).then(|| self.operations.len() - 1),
        });
        outcome.map(|()| received)
    }

    /// Follows the list to its end: it must show every item that is not deleted meanwhile, and no item twice.
    ///
    /// A deployed API may have many foreign items, so its later pages are requested without a limit, and the
    /// completeness of the list stays unchecked after `CONTRACT_PAGES` pages.
    async fn paginate(&mut self, limit: Option<u16>, delete_last_of_page: bool) -> Outcome<()> {
        let max_pages = self
            .api
            .session()
            .map(|session| session.max_pages() as usize);
        let mut missing = self.model.items().clone();
        // A page before the end may be empty, but not many pages.
        let max_expected_pages = 2 * missing.len() + 3;
        let mut seen = Vec::<String>::new();
        let mut start = None;
        for page in 0.. {
            if max_pages == Some(page) {
                self.unchecked = Some(format!(
                    "the completeness of lists: other users have more than CONTRACT_PAGES={page} pages"
                ));
                return Ok(());
            }
            if max_pages.is_none() && page == max_expected_pages {
                return Err(Failed(format!("the list does not end after {page} pages")));
            }
            let limit = limit.filter(|_| max_pages.is_none_or(|pages| 2 * page < pages));
            let ListedPage { order, last, .. } = self.list_page(limit, start).await?;
            if let Some(repeated) = order.iter().find(|id| seen.contains(id)) {
                let repeated = id::shown(repeated, self.ids.prefix());
                return Err(Failed(format!("the list shows {repeated} twice")));
            }
            missing.retain(|id, _| !order.contains(id));
            seen.extend(order);
            let Some(last) = last else { break };
            if delete_last_of_page && last.starts_with(self.ids.prefix()) {
                self.send_plain(Request::delete(last.clone())).await?;
                missing.remove(&last);
            }
            start = Some(last);
        }
        match missing.keys().next() {
            None => Ok(()),
            Some(id) => Err(Failed(format!("the list ends without the item {id:?}"))),
        }
    }

    async fn list_page(
        &mut self,
        limit: Option<u16>,
        start: Option<String>,
    ) -> Outcome<ListedPage> {
        let request = Request::page(limit, start);
        let response = self
            .send_plain(request)
            .await?
            .expect("a list can always be sent");
        response.page(self.ids.prefix()).map_err(Failed)
    }
}
