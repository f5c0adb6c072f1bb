//! The scan of the table: one page, read from DynamoDB's JSON without the SDK's maps.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, FrozenLayer, Intercept, RuntimePlugin};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::scan::{Scan, ScanError, ScanOutput};
use aws_smithy_runtime_api::client::interceptors::context::{Output, OutputOrError};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};

use super::{Table, key, read_failed, yield_to_connections};
use crate::attempt::RequestBudget;
use crate::attribute::PARTITION_KEY;
use crate::error::Error;
use crate::query::Query;

/// A function that reads a page from the body of DynamoDB's response. If it fails, so does the attempt.
type ReadPage<P> = fn(&[u8]) -> Result<P, BoxError>;

impl Table {
    /// Reads one page of the table, strongly consistently.
    ///
    /// # Errors
    /// [`Error::ReadUnavailable`] or [`Error::Misconfigured`].
    pub async fn scan<P: Debug + Send + 'static>(
        &self,
        query: Query,
        read: ReadPage<P>,
        budget: &RequestBudget,
    ) -> Result<P, Error> {
        yield_to_connections(budget)
            .await
            .map_err(Error::ReadUnavailable)?;
        let start = query
            .start
            .map(|start| HashMap::from([(PARTITION_KEY.to_owned(), key(&start))]));
        let page = Arc::default();
        self.client
            .scan()
            .table_name(&self.name)
            .set_limit(query.limit.map(i32::from))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .customize()
            .config_override(budget.read_config::<ScanError>())
            .interceptor(PageInterceptor {
                read,
                page: Arc::clone(&page),
            })
            .send()
            .await
            .map_err(|error| read_failed(error, budget))?;
        let page = page.lock().unwrap_or_else(PoisonError::into_inner).take();
        page.ok_or_else(|| Error::ReadUnavailable("the SDK did not read the page".into()))
    }
}

/// The interceptor that replaces the SDK's deserializer of a scan.
#[derive(Debug)]
struct PageInterceptor<P> {
    read: ReadPage<P>,
    page: Arc<Mutex<Option<P>>>,
}

// Without the attribute, the SDK would call each of the 19 hooks.
#[dyn_dispatch_hint]
impl<P: Debug + Send + 'static> Intercept for PageInterceptor<P> {
    fn name(&self) -> &'static str {
        "PageInterceptor"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let deserializer = PageDeserializer {
            read: self.read,
            page: Arc::clone(&self.page),
            sdk: Scan::new()
                .config()
                .ok_or("the SDK's scan has no configuration")?,
        };
        cfg.interceptor_state()
            .store_put(SharedResponseDeserializer::new(deserializer));
        Ok(())
    }
}

/// The deserializer of a scan: it reads the page from a success, and leaves everything else to the SDK's.
#[derive(Debug)]
struct PageDeserializer<P> {
    read: ReadPage<P>,
    page: Arc<Mutex<Option<P>>>,
    /// The configuration of the operation, which has the SDK's deserializer.
    sdk: FrozenLayer,
}

impl<P: Debug + Send + 'static> DeserializeResponse for PageDeserializer<P> {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        cfg: &ConfigBag,
    ) -> OutputOrError {
        if !response.status().is_success() {
            let sdk = self.sdk.load::<SharedResponseDeserializer>();
            let missing = || OrchestratorError::other("the SDK's scan has no deserializer");
            let sdk = sdk.ok_or_else(missing)?;
            return sdk.deserialize_nonstreaming_with_config(response, cfg);
        }
        let body = response.body().bytes().unwrap_or_default();
        let page = (self.read)(body).map_err(OrchestratorError::response)?;
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
        // The type must be the SDK's.
        Ok(Output::erase(ScanOutput::builder().build()))
    }
}
