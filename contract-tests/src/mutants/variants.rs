//! The variants: correct services that differ from the original where the contract leaves a choice. The properties must
//! not report any of them.

use std::fmt::Write as _;
use std::time::Duration;

use local::gateway::{Handler, LambdaResponse};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::event::{Event, LIST, edit_page, map_reply, members, route, wrap};
use crate::contract::id::ID;
use crate::coverage::{bucket_sequences, conditional_sequences, exhaustive};
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::faults::with_failing_table;
use crate::report::explain::explain;
use crate::report::failure::Failure;
use crate::toolkit::outcome::NotPassed;
use crate::toolkit::random::Sampling;
use crate::{concurrency, faults, sequences};

/// The delay of every response of a variant: short, because the exhaustive sequences are many requests in a row.
const DELAY: Duration = Duration::from_millis(2);

/// A correct service.
#[derive(Debug)]
struct Variant {
    /// The name, which describes the choice in a few words.
    name: &'static str,
    /// Wraps the original service in the variant.
    wrap: fn(Handler) -> Handler,
}

/// All variants.
const ALL: [Variant; 3] = [
    Variant {
        name: "each page has its items in reverse order",
        wrap: pages_in_reverse,
    },
    Variant {
        name: "a page has a last key only if another item follows",
        wrap: last_key_looks_ahead,
    },
    Variant {
        name: "every response is delayed",
        wrap: delayed,
    },
];

/// Checks every property with every variant. All variants are checked at the same time, and for each one a property
/// with faults, which mostly waits, and one without.
///
/// # Errors
/// The variants that a property reported, with its report.
///
/// # Panics
/// If a property panics.
pub async fn no_variant_is_reported(sampling: Sampling, test: &str) -> Result<(), String> {
    let mut checks = JoinSet::new();
    for Variant { name, wrap } in &ALL {
        for properties in [&WITHOUT_FAULTS[..], &WITH_FAULTS] {
            let test = format!("{test}, {name}");
            checks.spawn(async move {
                for property in properties {
                    let test = format!("{test}, {property:?}");
                    let outcome = property.check(*wrap, sampling, &test).await;
                    outcome.map_err(|not_passed| format!("{name}: {property:?}: {not_passed}"))?;
                }
                Ok(())
            });
        }
    }
    let mut reported = String::new();
    while let Some(check) = checks.join_next().await {
        if let Err::<(), String>(report) = check.expect("a property does not panic") {
            let _ = writeln!(reported, "{report}\n");
        }
    }
    if reported.is_empty() {
        Ok(())
    } else {
        Err(format!("{reported}CONTRACT_SEED={}", sampling.seed))
    }
}

/// A property, with or without faults of the table.
#[derive(Clone, Copy, Debug)]
enum Property {
    Sequences,
    ExhaustiveSequences,
    Concurrency,
    ConcurrencyWithFaults,
    Faults,
}

/// The properties of a table without faults.
const WITHOUT_FAULTS: [Property; 3] = [
    Property::Sequences,
    Property::ExhaustiveSequences,
    Property::Concurrency,
];

/// The properties of a table that fails.
const WITH_FAULTS: [Property; 2] = [Property::Faults, Property::ConcurrencyWithFaults];

impl Property {
    async fn check(
        self,
        wrap: fn(Handler) -> Handler,
        sampling: Sampling,
        test: &str,
    ) -> Result<(), NotPassed> {
        let target = &Target::Embedded;
        let setup = &Setup {
            wrap: Some(wrap),
            ..Setup::default()
        };
        match self {
            Self::Sequences => {
                let outcome = sequences::check_cases(target, setup, sampling, test, None).await;
                outcome.map_err(describe)?;
            }
            Self::ExhaustiveSequences => {
                // A variant handles single requests like the original.
                let mut sequences = exhaustive::sequences();
                sequences.extend(conditional_sequences::sequences());
                sequences.extend(bucket_sequences::of_small_pages());
                let outcome =
                    sequences::check_exhaustive(target, setup, sequences, test, None).await;
                outcome.map_err(describe)?;
            }
            Self::Concurrency => check_histories(setup, sampling, test).await?,
            Self::ConcurrencyWithFaults => {
                check_histories(&with_failing_table(setup), sampling, test).await?;
            }
            Self::Faults => {
                let outcome = faults::check_all(target, setup, test).await;
                outcome.map_err(|not_passed| {
                    describe(not_passed.map(|of_case| Box::new(of_case.failure)))
                })?;
            }
        }
        Ok(())
    }
}

fn describe(not_passed: NotPassed<Box<Failure>>) -> NotPassed {
    let unsaved = "failures of variants are not saved";
    not_passed.map(|failure| explain(&failure, Err(unsaved)))
}

async fn check_histories(setup: &Setup, sampling: Sampling, test: &str) -> Result<(), NotPassed> {
    let outcome = concurrency::check_cases(&Target::Embedded, setup, sampling, test).await;
    outcome.map_err(describe)?;
    Ok(())
}

/// Shows the items of each page in reverse order.
fn pages_in_reverse(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if route(event) == LIST {
            edit_page(reply, |items, _| items.reverse());
        }
    })
}

/// Removes the last key of a page if the rest of the list has no item.
fn last_key_looks_ahead(inner: Handler) -> Handler {
    async fn variant(inner: Handler, event: Event) -> LambdaResponse {
        let mut reply = inner(event.clone()).await;
        if route(&event) != LIST || reply.response.status_code != 200 {
            return reply;
        }
        let mut next = last_key(&reply);
        while let Some(start) = next {
            let mut ahead = event.clone();
            ahead.payload["queryStringParameters"] =
                json!({ "exclusiveStartKey": start, "limit": "1" });
            let rest = inner(ahead).await;
            let is_empty = rest.response.status_code == 200
                && members(&rest).contains(&("Count".to_owned(), "0".to_owned()));
            if !is_empty {
                return reply;
            }
            next = last_key(&rest);
        }
        edit_page(&mut reply, |_, last| *last = None);
        reply
    }
    wrap(inner, variant)
}

/// Returns the id in the last key of a page.
fn last_key(page: &LambdaResponse) -> Option<String> {
    let (_, key) = members(page)
        .into_iter()
        .find(|(name, _)| name == "LastEvaluatedKey")?;
    let key: serde_json::Value = serde_json::from_str(&key).ok()?;
    key[ID].as_str().map(str::to_owned)
}

/// Delays every response.
fn delayed(inner: Handler) -> Handler {
    async fn variant(inner: Handler, event: Event) -> LambdaResponse {
        let reply = inner(event).await;
        sleep(DELAY).await;
        reply
    }
    wrap(inner, variant)
}
