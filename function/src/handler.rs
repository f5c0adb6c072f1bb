//! One request, from the event to the answer: which route it is, and what each route does.

use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::LambdaEvent;

use crate::attempt::RequestBudget;
use crate::body;
use crate::error::{BoxError, Error};
use crate::event::Event;
use crate::item::Item;
use crate::key::Key;
use crate::log::RequestLog;
use crate::query::Query;
use crate::render;
use crate::response::Response;
use crate::route::Route;
use crate::table::Table;

/// The longest that an HTTP API waits for its integration is 30 s; a second of that is the network's.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// What is kept of the time limit for the answer itself, whatever DynamoDB does.
const RESPONSE_RESERVE: Duration = Duration::from_millis(500);

/// The items service: everything between an event and its answer.
#[derive(Clone, Debug)]
pub struct Service {
    table: Table,
}

/// The answer to one request, and what to log of it.
#[derive(Debug)]
pub struct Handled {
    /// What API Gateway sends to the client.
    pub response: Response,
    /// What operators see; it holds nothing of the item.
    pub record: RequestLog,
}

impl Service {
    /// The service on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Opens the connection to DynamoDB before the first request: see [`Table::connect`].
    ///
    /// # Errors
    /// The cause, when DynamoDB did not answer within a second. The service works all the same.
    pub async fn connect(&self) -> Result<(), BoxError> {
        self.table.connect().await
    }

    /// Answers one request, half a second before its deadline at the latest.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Handled {
        let start = Instant::now();
        let LambdaEvent {
            payload: request,
            context,
        } = event;
        let deadline = Duration::from_millis(context.deadline);
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let budget = RequestBudget::with_deadline(start + table_time_limit(deadline, now));
        let result = self.dispatch(&request, &budget).await;
        let record = RequestLog {
            request_id: request.request_context.and_then(|it| it.request_id),
            lambda_request_id: context.request_id,
            route: request.route_key,
            status: result.as_ref().map_or_else(Error::status, |_| 200),
            milliseconds: start.elapsed().as_millis(),
            attempts: budget.attempts(),
            causes: result.as_ref().err().map(Error::causes).unwrap_or_default(),
        };
        let response = result.unwrap_or_else(|error| render::error(&error));
        Handled { response, record }
    }

    async fn dispatch(&self, request: &Event, budget: &RequestBudget) -> Result<Response, Error> {
        match Route::from_key(&request.route_key) {
            Some(Route::PutItem) => {
                let body = body::text(
                    request.body.as_deref(),
                    request.is_base64_encoded.unwrap_or_default(),
                )?;
                let item = Item::parse(&body)?;
                self.table.put(&item, budget).await?;
                Ok(render::put(item.id()))
            }
            Some(Route::GetItem) => {
                let item = self.table.get(&path_id(request)?, budget).await?;
                Ok(render::item(&item.ok_or(Error::NotFound)?))
            }
            Some(Route::ListItems) => {
                let query = Query::parse(request.query_string_parameters.as_ref())?;
                render::list(&self.table.scan(query, budget).await?)
            }
            Some(Route::DeleteItem) => {
                let id = path_id(request)?;
                self.table.delete(&id, budget).await?;
                Ok(render::deleted(&id))
            }
            None => Err(Error::UnsupportedRoute(request.route_key.clone())),
        }
    }
}

/// The `{id}` of the path.
fn path_id(request: &Event) -> Result<Key, Error> {
    let parameters = request.path_parameters.as_ref();
    let id = parameters.and_then(|it| it.id.as_deref());
    Key::parse("id", id.unwrap_or_default())
}

/// How long the table may be asked, where both times are since 1970.
fn table_time_limit(deadline: Duration, now: Duration) -> Duration {
    deadline
        .saturating_sub(now)
        .min(INTEGRATION_TIMEOUT)
        .saturating_sub(RESPONSE_RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_gets_the_time_limit_or_29_seconds_less_half_a_second() {
        let now = Duration::from_secs(1_000_000);
        let time = |limit| table_time_limit(now + limit, now);
        assert_eq!(time(Duration::from_secs(10)), Duration::from_millis(9_500));
        assert_eq!(time(Duration::from_mins(15)), Duration::from_millis(28_500));
        assert_eq!(time(Duration::from_millis(499)), Duration::ZERO);
        assert_eq!(table_time_limit(Duration::ZERO, now), Duration::ZERO);
    }
}
