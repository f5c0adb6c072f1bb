//! The mutants: the name of each, its wrapper, and the number of requests that reveal it.

use local::gateway::Handler;

use super::{errors, ids, races, reads, writes};
use crate::environments::environment::Setup;
use crate::toolkit::dynamodb::proxy::Filter;

/// A faulty service that the properties must detect.
#[derive(Debug)]
pub struct Mutant {
    /// The name, which describes the bug in a few words.
    pub name: &'static str,
    /// Wraps the original service in the faulty one.
    pub wrap: fn(Handler) -> Handler,
    /// Rewrites the injected faulty responses of the table before the service reads them.
    pub filter: Option<Filter>,
    /// The maximum number of requests to which a failure must shrink; `None` if the bug shows only by chance, with some
    /// timing, or while the table fails.
    pub max_requests: Option<usize>,
}

impl Mutant {
    /// Returns the setup of the faulty service.
    #[must_use]
    pub fn setup(&self) -> Setup {
        Setup {
            wrap: Some(self.wrap),
            filter: self.filter,
            ..Setup::default()
        }
    }
}

/// All mutants.
pub const ALL: [Mutant; 26] = [
    deterministic("PUT merges", writes::put_merges, 3),
    deterministic(
        "DELETE of a missing item fails",
        writes::delete_of_missing_fails,
        1,
    ),
    deterministic("DELETE does nothing", writes::delete_does_nothing, 3),
    deterministic(
        "GET serves a cached copy after an overwrite",
        reads::cached_copy,
        4,
    ),
    deterministic(
        "the list ends after its first page",
        reads::only_first_page,
        3,
    ),
    deterministic(
        "a page repeats the last item of the page before",
        reads::last_item_repeated,
        2,
    ),
    deterministic("the price is converted to f64", writes::price_is_a_float, 2),
    deterministic("a base64 body is not decoded", writes::base64_is_ignored, 1),
    deterministic("the id in the path is decoded twice", ids::decoded_twice, 2),
    // One request if a write answers with another id than it was sent; two if a read finds a near-duplicate.
    deterministic("ids are case-folded", ids::case_folded, 2),
    deterministic("ids are normalised", ids::normalised, 2),
    deterministic("ids are trimmed", ids::trimmed, 2),
    deterministic(
        "length is counted in characters",
        writes::length_in_characters,
        1,
    ),
    deterministic(
        "0 and \"\" are treated as absent",
        writes::falsy_is_absent,
        2,
    ),
    deterministic("null is stored as 0 or \"\"", writes::null_is_stored, 2),
    deterministic(
        "an unknown field is dropped",
        writes::unknown_fields_are_dropped,
        1,
    ),
    deterministic("an extra field is stored and shown", reads::extra_field, 1),
    deterministic("an error has no content type", errors::no_content_type, 1),
    deterministic(
        "a message names the wrong field",
        errors::wrong_field_is_named,
        1,
    ),
    nondeterministic("throttling is answered with 400", errors::throttle_is_400),
    nondeterministic("a message contains an ARN", errors::arn_in_message),
    Mutant {
        filter: Some(errors::empty_is_not_found),
        ..nondeterministic(
            "an empty response of the table is read as not found",
            |inner| inner,
        )
    },
    nondeterministic(
        "a retried write is applied after a newer one",
        errors::ambiguous_put_is_retried,
    ),
    nondeterministic(
        "1 write in 50 is acknowledged but not stored",
        races::forgets_one_in_fifty,
    ),
    nondeterministic(
        "read-modify-write loses concurrent updates",
        races::read_modify_write,
    ),
    nondeterministic(
        "an overwrite deletes the item first",
        races::delete_before_put,
    ),
];

const fn deterministic(
    name: &'static str,
    wrap: fn(Handler) -> Handler,
    max_requests: usize,
) -> Mutant {
    Mutant {
        name,
        wrap,
        filter: None,
        max_requests: Some(max_requests),
    }
}

const fn nondeterministic(name: &'static str, wrap: fn(Handler) -> Handler) -> Mutant {
    Mutant {
        name,
        wrap,
        filter: None,
        max_requests: None,
    }
}
