//! The handling of one request, from event to response: finds the route and does its work.

use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::LambdaEvent;

use crate::attempt::RequestBudget;
use crate::body;
use crate::error::{BoxError, Error};
use crate::etag::ETag;
use crate::event::Event;
use crate::item::Item;
use crate::key::Key;
use crate::log::RequestLog;
use crate::precondition::Preconditions;
use crate::query::Query;
use crate::render;
use crate::response::Response;
use crate::route::Route;
use crate::table::Table;

/// The time that the function may take. An HTTP API waits at most 30 s for its integration; one second is left for
/// the network.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// The part of the time limit that is reserved for the response, whatever DynamoDB does.
pub const RESPONSE_RESERVE: Duration = Duration::from_millis(500);

/// The items service: everything between an event and its response.
#[derive(Clone, Debug)]
pub struct Service {
    table: Table,
}

/// The result of one request: the response, and the log record.
#[derive(Debug)]
pub struct Handled {
    /// The response that API Gateway sends to the client.
    pub response: Response,
    /// The log record for operators, without the content of the item.
    pub record: RequestLog,
}

impl Service {
    /// Returns the service on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Opens the connection to DynamoDB before the first request: see [`Table::connect`].
    ///
    /// # Errors
    /// The cause, if DynamoDB did not respond within a second. The service works anyway.
    pub async fn connect(&self) -> Result<(), BoxError> {
        self.table.connect().await
    }

    /// Handles one request. The call of DynamoDB ends half a second before the deadline, which leaves that time for the
    /// response.
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
            status: result.as_ref().map_or_else(Error::status, Response::status),
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
                let preconditions = Preconditions::parse(request.headers.as_ref())?;
                let body = body::text(
                    request.body.as_deref(),
                    request.is_base64_encoded.unwrap_or_default(),
                )?;
                let item = Item::parse(&body)?;
                let etag = self.table.put(&item, &preconditions, budget).await?;
                Ok(render::put(item.id(), &etag))
            }
            Some(Route::GetItem) => {
                let preconditions = Preconditions::parse(request.headers.as_ref())?;
                let item = self.table.get(&path_id(request)?, budget).await?;
                let item = item.ok_or(Error::NotFound)?;
                let etag = ETag::of(&item);
                Ok(if preconditions.check_read(&etag)? {
                    render::item(&item, &etag)
                } else {
                    render::not_modified(&etag)
                })
            }
            Some(Route::ListItems) => {
                let query = Query::parse(request.query_string_parameters.as_ref())?;
                let page = self.table.scan(query, render::Page::read, budget);
                page.await?.response()
            }
            Some(Route::DeleteItem) => {
                let preconditions = Preconditions::parse(request.headers.as_ref())?;
                let id = path_id(request)?;
                self.table.delete(&id, &preconditions, budget).await?;
                Ok(render::deleted(&id))
            }
            None => Err(Error::UnsupportedRoute(request.route_key.clone())),
        }
    }
}

/// Returns the `{id}` of the path.
fn path_id(request: &Event) -> Result<Key, Error> {
    let parameters = request.path_parameters.as_ref();
    let id = parameters.and_then(|it| it.id.as_deref());
    Key::parse("id", id.unwrap_or_default())
}

/// Returns the time that the table operation may take. Both arguments are times since 1970.
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
