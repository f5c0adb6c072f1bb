//! The mutants: the name of each, its bug, and the kind of case that must reveal it.

use aws_sdk_dynamodb::config;
use local::gateway::Handler;

use super::{conditions, errors, ids, paths, races, reads, sizes, table_access, writes};
use crate::environments::environment::Setup;
use crate::toolkit::dynamodb::proxy::{RequestFilter, ResponseFilter};

/// A faulty service that the properties must detect.
#[derive(Debug)]
pub struct Mutant {
    /// The name, which describes the bug in a few words.
    pub name: &'static str,
    /// The kind of case that must reveal the bug.
    pub revealed_by: RevealedBy,
    bug: Bug,
}

/// The kind of case that must reveal a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevealedBy {
    /// A sequence of one client, shrunk to at most this number of requests.
    Sequence(usize),
    /// A sequence without random choices, because random ones seldom reach the bug.
    ExhaustiveSequence,
    /// A history of several clients, because the bug shows only by chance or with some timing.
    History,
    /// A history of several clients while the table fails.
    HistoryWithFaults,
    /// A case of the property of a failing table, which has no random choices.
    Fault,
}

impl RevealedBy {
    /// Returns `true` if the cases of this kind have random choices.
    #[must_use]
    pub fn is_random(self) -> bool {
        match self {
            Self::Sequence(_) | Self::History | Self::HistoryWithFaults => true,
            Self::ExhaustiveSequence | Self::Fault => false,
        }
    }
}

/// The place of a bug.
#[derive(Debug)]
enum Bug {
    /// A wrapper of the original service.
    Wrapper(fn(Handler) -> Handler),
    /// A change of the path and query of each request to the API.
    Target(fn(&str) -> String),
    /// A change of the requests of the service to its table.
    Request(RequestFilter),
    /// A change of the faulty responses of the table.
    Response(ResponseFilter),
    /// A change of the configuration of the service's client of `DynamoDB`.
    Client(fn(config::Builder) -> config::Builder),
}

use Bug::{Client, Request, Response, Target, Wrapper};

impl Mutant {
    /// Returns the mutant of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|mutant| mutant.name == name)
    }

    /// Returns the wrapper of the original service, if the bug is there.
    #[must_use]
    pub fn wrapper(&self) -> Option<&fn(Handler) -> Handler> {
        match &self.bug {
            Wrapper(wrap) => Some(wrap),
            Target(_) | Request(_) | Response(_) | Client(_) => None,
        }
    }

    /// Returns the setup of the faulty service.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let mut setup = Setup::default();
        let filters = &mut setup.filters;
        match self.bug {
            Wrapper(wrap) => setup.wrap = Some(wrap),
            Target(rewrite) => setup.rewrite_target = Some(rewrite),
            Request(filter) => filters.request = Some(filter),
            Response(filter) => filters.response = Some(filter),
            Client(configure) => setup.configure = Some(configure),
        }
        setup
    }
}

/// All mutants.
pub const ALL: [Mutant; 73] = [
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
    deterministic("a refusal names the API", errors::api_in_refusal, 1),
    deterministic(
        "a refusal repeats the refused value",
        errors::value_in_refusal,
        1,
    ),
    deterministic(
        "a text is cut after 32,767 bytes",
        sizes::long_text_is_cut,
        2,
    ),
    exhaustive(
        "a text of 4,096 bytes loses its last character",
        sizes::text_of_4096_bytes_is_cut,
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
    exhaustive(
        "numbers of one magnitude are stored wrongly",
        sizes::one_exponent_is_wrong,
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
    exhaustive(
        "a page of more than 1 MB loses its last item",
        sizes::long_page_loses_an_item,
    ),
    in_path("a + in the path is read as a space", paths::plus_is_a_space),
    in_path(
        "lower-case escapes are not decoded",
        paths::lower_case_escapes_are_kept,
    ),
    deterministic(
        "If-Match of a PUT is ignored",
        conditions::put_ignores_if_match,
        2,
    ),
    deterministic(
        "If-Match of a DELETE is ignored",
        conditions::delete_ignores_if_match,
        2,
    ),
    deterministic(
        "If-None-Match: * overwrites",
        conditions::create_overwrites,
        2,
    ),
    deterministic(
        "If-None-Match of a GET is ignored",
        conditions::get_ignores_if_none_match,
        2,
    ),
    deterministic(
        "If-None-Match of a DELETE is ignored",
        conditions::delete_ignores_if_none_match,
        2,
    ),
    exhaustive(
        "If-None-Match is compared strongly",
        conditions::none_match_is_strong,
    ),
    exhaustive(
        "only If-Match of two headers is checked",
        conditions::only_if_match,
    ),
    exhaustive("a list on a condition is 304", conditions::list_is_304),
    deterministic(
        "a GET of a missing item with If-Match is 412",
        conditions::missing_is_412,
        1,
    ),
    deterministic(
        "a weak tag is compared as a strong one",
        conditions::weak_is_strong,
        2,
    ),
    deterministic(
        "only the first tag of a list is compared",
        conditions::only_first_tag,
        2,
    ),
    deterministic(
        "a tag without quotes is accepted",
        conditions::quotes_are_optional,
        2,
    ),
    deterministic(
        "PUT shows the tag of the old content",
        conditions::tag_of_old_content,
        2,
    ),
    deterministic(
        "PUT and GET show different tags",
        conditions::tag_of_put_differs,
        2,
    ),
    exhaustive(
        "the tag depends on how a number is written",
        conditions::tag_of_sent_form,
    ),
    deterministic(
        "a GET of a changed item is 304",
        conditions::changed_is_304,
        2,
    ),
    deterministic(
        "a write that is answered with 412 is applied",
        conditions::refused_is_applied,
        3,
    ),
    with_fault(
        "a conditional write is sent again after an ambiguous fault",
        Wrapper(conditions::ambiguous_is_sent_again),
    ),
    in_history(
        "tags are compared before the write, not with it",
        Wrapper(conditions::check_then_write),
    ),
    in_history(
        "an item is looked for before it is created, not with it",
        Wrapper(conditions::check_then_create),
    ),
    with_fault(
        "throttling is answered with 400",
        Wrapper(errors::throttle_is_400),
    ),
    with_fault("a message contains an ARN", Wrapper(errors::arn_in_message)),
    with_fault(
        "the 503 of a read says that nothing was changed",
        Wrapper(errors::unchanged_by_read),
    ),
    with_fault(
        "the 503 of an ambiguous write has no outcome",
        Wrapper(errors::outcome_is_missing),
    ),
    with_fault(
        "the outcome of a 503 contradicts its message",
        Wrapper(errors::outcome_contradicts_message),
    ),
    with_fault(
        "the message of a 500 ends with a full stop",
        Wrapper(errors::fault_with_full_stop),
    ),
    with_fault(
        "an empty response of the table is read as not found",
        Response(table_access::no_body_is_not_found),
    ),
    with_fault(
        "a read is not retried after a time-out",
        Client(table_access::time_out_is_final),
    ),
    with_fault(
        "a 503 is sent just before the deadline",
        Wrapper(table_access::late_503),
    ),
    with_fault(
        "one throttling code is unknown",
        Response(table_access::throttling_code_is_unknown),
    ),
    with_fault(
        "an unknown code is treated as throttling",
        Response(table_access::unknown_code_is_throttling),
    ),
    with_fault(
        "a write is ambiguous after a conflict",
        Response(table_access::conflict_is_ambiguous),
    ),
    with_fault(
        "a scan without a list is an empty list",
        Response(table_access::no_list_is_empty),
    ),
    in_history_with_faults(
        "GET is eventually consistent",
        Request(table_access::get_is_eventually_consistent),
    ),
    in_history_with_faults(
        "the list is eventually consistent",
        Request(table_access::list_is_eventually_consistent),
    ),
    in_history_with_faults(
        "a retried write is applied after a newer one",
        Wrapper(errors::ambiguous_put_is_retried),
    ),
    in_history(
        "1 write in 50 is acknowledged but not stored",
        Wrapper(races::forgets_one_in_fifty),
    ),
    in_history(
        "read-modify-write loses concurrent updates",
        Wrapper(races::read_modify_write),
    ),
    in_history(
        "an overwrite deletes the item first",
        Wrapper(races::delete_before_put),
    ),
];

const fn deterministic(
    name: &'static str,
    wrap: fn(Handler) -> Handler,
    max_requests: usize,
) -> Mutant {
    Mutant {
        name,
        revealed_by: RevealedBy::Sequence(max_requests),
        bug: Wrapper(wrap),
    }
}

const fn exhaustive(name: &'static str, wrap: fn(Handler) -> Handler) -> Mutant {
    Mutant {
        name,
        revealed_by: RevealedBy::ExhaustiveSequence,
        bug: Wrapper(wrap),
    }
}

const fn in_path(name: &'static str, rewrite: fn(&str) -> String) -> Mutant {
    Mutant {
        name,
        revealed_by: RevealedBy::Sequence(2),
        bug: Target(rewrite),
    }
}

const fn in_history(name: &'static str, bug: Bug) -> Mutant {
    Mutant {
        name,
        revealed_by: RevealedBy::History,
        bug,
    }
}

const fn in_history_with_faults(name: &'static str, bug: Bug) -> Mutant {
    Mutant {
        name,
        revealed_by: RevealedBy::HistoryWithFaults,
        bug,
    }
}

const fn with_fault(name: &'static str, bug: Bug) -> Mutant {
    Mutant {
        name,
        revealed_by: RevealedBy::Fault,
        bug,
    }
}
