//! The mutants: the name of each, its wrapper, and the number of requests that reveal it.

use local::gateway::Handler;

use super::{errors, ids, paths, races, reads, sizes, writes};
use crate::environments::environment::Setup;
use crate::toolkit::dynamodb::proxy::Filter;

/// A faulty service that the properties must detect.
#[derive(Debug)]
pub struct Mutant {
    /// The name, which describes the bug in a few words.
    pub name: &'static str,
    /// Wraps the original service in the faulty one.
    pub wrap: fn(Handler) -> Handler,
    /// Rewrites the path and query of a request before the gateway receives it.
    pub rewrite_target: Option<fn(String) -> String>,
    /// Rewrites the injected faulty responses of the table before the service reads them.
    pub filter: Option<Filter>,
    /// `true` if random cases seldom reach the bug, so that the exhaustive sequences have to.
    pub rare: bool,
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
            rewrite_target: self.rewrite_target,
            ..Setup::default()
        }
    }
}

/// All mutants.
pub const ALL: [Mutant; 39] = [
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
        // Four if heavy items end the page, and not a limit.
        4,
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
    deterministic(
        "a text is cut after 65,535 bytes",
        sizes::long_text_is_cut,
        2,
    ),
    rare(
        "a text of 4,096 bytes loses its last character",
        sizes::text_of_4096_bytes_is_cut,
        2,
    ),
    deterministic(
        "a large body in base64 is refused",
        sizes::large_base64_is_refused,
        1,
    ),
    deterministic(
        "cents below ten lose their zero",
        sizes::cents_lose_a_zero,
        2,
    ),
    deterministic(
        "a number from 2^63 is clamped",
        sizes::unsigned_is_clamped,
        2,
    ),
    rare(
        "numbers of one magnitude are stored wrongly",
        sizes::one_exponent_is_wrong,
        2,
    ),
    deterministic(
        "of two prices the last one is stored",
        sizes::last_number_wins,
        1,
    ),
    deterministic(
        "a field may occur twice if the last one is null",
        sizes::null_may_occur_twice,
        1,
    ),
    deterministic(
        "the list ends after 25 items",
        sizes::list_ends_after_25_items,
        27,
    ),
    deterministic("a limit has 8 bits", sizes::limit_has_8_bits, 1),
    rare(
        "a page of more than 1 MB loses its last item",
        sizes::long_page_loses_an_item,
        4,
    ),
    Mutant {
        rewrite_target: Some(paths::plus_is_a_space),
        ..deterministic("a + in the path is read as a space", |inner| inner, 2)
    },
    Mutant {
        rewrite_target: Some(paths::lower_case_escapes_are_kept),
        ..deterministic("lower-case escapes are not decoded", |inner| inner, 2)
    },
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
        rewrite_target: None,
        filter: None,
        rare: false,
        max_requests: Some(max_requests),
    }
}

const fn rare(name: &'static str, wrap: fn(Handler) -> Handler, max_requests: usize) -> Mutant {
    Mutant {
        rare: true,
        ..deterministic(name, wrap, max_requests)
    }
}

const fn nondeterministic(name: &'static str, wrap: fn(Handler) -> Handler) -> Mutant {
    Mutant {
        name,
        wrap,
        rewrite_target: None,
        filter: None,
        rare: false,
        max_requests: None,
    }
}
