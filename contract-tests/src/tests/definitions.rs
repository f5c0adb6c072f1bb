//! Compares the definitions that the service, its tests and the documents repeat on purpose.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use function::Route;
use function::attempt::{CONFLICT_CODES, THROTTLING_CODES};
use function::attribute;
use function::error::Error;
use function::handler;
use function::item::Item;
use function::limits;
use local::gateway::{GatewayError, cors};
use serde_json::{Value, json};

use crate::contract::fields::{FIELDS, OUT_OF_RANGE, TOO_PRECISE, names};
use crate::contract::id::{self, ID, TOO_LONG};
use crate::contract::limits::{
    EXPONENTS, MAX_COMPARED_ATTRIBUTES, MAX_DIGITS, MAX_ID_BYTES, MAX_ITEM_BYTES, MAX_NAME_SHOWN,
    PAGE_LIMITS, RESPONSE_RESERVE,
};
use crate::contract::messages::{
    GATEWAY_ERROR, OPERATOR_ERROR, READ_UNAVAILABLE, UNCHANGED, UNKNOWN, WRITE_AMBIGUOUS,
    WRITE_UNAVAILABLE,
};
use crate::contract::model::{Expected, Model};
use crate::contract::openapi;
use crate::contract::reason::{Reason, TOO_LARGE};
use crate::coverage::contract_doc::{Clause, ContractDoc};
use crate::generate::bodies;
use crate::request::concrete::Request;
use crate::request::ids::Ids;
use crate::request::operation::{ContentType, Operation};
use crate::request::route;
use crate::toolkit::dynamodb::faulty_response::{FAULTY_RESPONSES, FailureKind};
use crate::toolkit::random::Sampling;

/// Reads a file of the workspace.
fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn members(pointer: &str) -> BTreeSet<&'static str> {
    let object = openapi::value_at(pointer).as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

#[test]
fn the_fields_match_the_service_and_the_documents() {
    assert!(names().eq(attribute::ALL), "function/src/attribute.rs");
    let known: BTreeSet<_> = names().collect();
    for schema in ["NewItem", "Item"] {
        let properties = members(&format!("/components/schemas/{schema}/properties"));
        assert_eq!(properties, known, "{schema} in openapi.json");
    }
    let rows = ContractDoc::load().rows;
    let accepted = rows.iter().filter(|row| row.status == 200);
    let classes: BTreeSet<_> = accepted
        .filter(|row| row.route == route::PUT)
        .flat_map(|row| &row.classes)
        .filter_map(|class| class.strip_prefix("no "))
        .collect();
    let fields = FIELDS.map(|field| field.name);
    assert_eq!(classes, fields.into(), "coverage in CONTRACT.md");
    for (document, after) in [
        ("README.md", "\n## The API\n"),
        ("contract-tests/CONTRACT.md", "\nAn item has "),
    ] {
        let text = read(document);
        let (_, text) = text.split_once(after).expect(document);
        let first = text.split("\n\n").find(|paragraph| !paragraph.is_empty());
        for name in names() {
            let is_named = first.is_some_and(|paragraph| paragraph.contains(&format!("`{name}`")));
            assert!(is_named, "{name} in {document}");
        }
    }
    let key = format!("hash_key = \"{ID}\"");
    let table = read("terraform/modules/table/main.tf");
    let lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert!(
        lines.into_iter().any(|line| line == key),
        "{key} in the table's module"
    );
}

#[test]
fn the_limits_match_the_service_and_the_documents() {
    assert_eq!(MAX_ID_BYTES, limits::MAX_ID_BYTES);
    assert_eq!(MAX_ITEM_BYTES, limits::MAX_ITEM_BYTES);
    assert_eq!(MAX_DIGITS, limits::MAX_DIGITS);
    assert_eq!(EXPONENTS, limits::EXPONENTS);
    assert_eq!(MAX_NAME_SHOWN, limits::MAX_NAME_SHOWN);
    assert_eq!(MAX_COMPARED_ATTRIBUTES, limits::MAX_COMPARED_ATTRIBUTES);
    assert_eq!(PAGE_LIMITS, limits::PAGE_LIMITS);
    let (min, max) = (
        u128::from(*PAGE_LIMITS.start()),
        u128::from(*PAGE_LIMITS.end()),
    );

    let number = |pointer: &str| openapi::value_at(pointer).as_u64().map(u128::from);
    let longest = number("/components/schemas/Id/maxLength");
    assert_eq!(longest, Some(MAX_ID_BYTES as u128));
    let limit = "/paths/~1items/get/parameters/0/schema";
    assert_eq!(number(&format!("{limit}/minimum")), Some(min));
    assert_eq!(number(&format!("{limit}/maximum")), Some(max));

    let (smallest, largest) = (EXPONENTS.start(), EXPONENTS.end() + 1);
    let thousands = format!("{},{:03}", MAX_ITEM_BYTES / 1000, MAX_ITEM_BYTES % 1000);
    let digits = format!("{MAX_DIGITS} significant digits");
    let bytes = format!("{MAX_ID_BYTES} bytes");
    for (document, wanted) in [
        ("README.md", format!("1 to {bytes}")),
        ("README.md", format!("up to {MAX_DIGITS} digits")),
        ("README.md", format!("({min} to {max})")),
        ("contract-tests/CONTRACT.md", format!("1 to {bytes}")),
        ("contract-tests/CONTRACT.md", format!("{thousands} bytes")),
        ("contract-tests/CONTRACT.md", digits.clone()),
        (
            "contract-tests/CONTRACT.md",
            format!("at most {MAX_NAME_SHOWN} characters"),
        ),
        (
            "contract-tests/CONTRACT.md",
            format!("from 1e{smallest} to below 1e{largest}"),
        ),
        (
            "contract-tests/CONTRACT.md",
            format!("more than {MAX_COMPARED_ATTRIBUTES} attributes"),
        ),
        ("contract-tests/CONTRACT.md", format!("from {min} to {max}")),
        ("docs/openapi.json", format!("{bytes} of UTF-8")),
        ("docs/openapi.json", digits),
    ] {
        assert!(read(document).contains(&wanted), "{wanted:?} in {document}");
    }
    let clauses = ContractDoc::load().clauses;
    let half_a_second = |clause: &&Clause| clause.sentence.contains("half a second");
    assert_eq!(clauses.iter().filter(half_a_second).count(), 1);
    assert_eq!(RESPONSE_RESERVE, Duration::from_millis(500), "CONTRACT.md");
    assert_eq!(RESPONSE_RESERVE, handler::RESPONSE_RESERVE);
}

#[test]
fn the_error_codes_match_the_service() {
    let codes = |kind| -> BTreeSet<_> {
        let responses = FAULTY_RESPONSES
            .iter()
            .filter(|response| response.kind == kind);
        responses.filter_map(|response| response.code).collect()
    };
    assert_eq!(codes(FailureKind::Throttled), THROTTLING_CODES.into());
    assert_eq!(codes(FailureKind::Conflict), CONFLICT_CODES.into());
}

#[test]
fn the_messages_of_faults_match_the_service_and_the_clauses() {
    let (_, of_gateway) = GatewayError::Panicked.status_and_message();
    assert_eq!(GATEWAY_ERROR, of_gateway, "local/src/gateway/error.rs");
    let contract = read("contract-tests/CONTRACT.md");
    let (unchanged, unknown) = (Some(UNCHANGED), Some(UNKNOWN));
    for (clause, message, outcome, error) in [
        (
            "7.1",
            READ_UNAVAILABLE,
            None,
            Error::ReadUnavailable("".into()),
        ),
        ("7.2", OPERATOR_ERROR, None, Error::Misconfigured("".into())),
        (
            "7.4",
            WRITE_UNAVAILABLE,
            unchanged,
            Error::WriteUnavailable("".into()),
        ),
        (
            "7.5",
            WRITE_AMBIGUOUS,
            unknown,
            Error::WriteAmbiguous("".into()),
        ),
    ] {
        assert_eq!(message, error.to_string(), "function/src/error.rs");
        assert_eq!(outcome, error.outcome(), "function/src/error.rs");
        let row = format!("| {clause} | ");
        let row = contract.lines().find(|line| line.starts_with(&row));
        for text in [Some(message), outcome].into_iter().flatten() {
            let has_text = row.is_some_and(|row| row.contains(&format!("`{text}`")));
            assert!(has_text, "{text:?} in clause {clause} of CONTRACT.md");
        }
    }
    let outcomes = openapi::value_at("/components/schemas/WriteFailure/properties/outcome/enum");
    assert_eq!(*outcomes, json!([UNCHANGED, UNKNOWN]), "openapi.json");
}

#[test]
fn the_ids_that_put_refuses_match_the_service_and_the_document() {
    let characters = ('\0'..='\u{2ff}').chain(['\u{2028}', '\u{feff}', '\u{1f600}']);
    let within = characters.flat_map(|c| [format!("{c}"), format!("a{c}b")]);
    let dots = ["", ".", "..", "...", ".a", "a."].map(str::to_owned);
    let long = [MAX_ID_BYTES, MAX_ID_BYTES + 1].map(|bytes| "x".repeat(bytes));
    for id in within.chain(dots).chain(long).chain(id::refused_ids()) {
        let item = json!({ ID: id });
        let is_accepted = id::fault(&id).is_none();
        assert_eq!(
            Item::parse(&item.to_string()).is_ok(),
            is_accepted,
            "{id:?}"
        );
        assert_eq!(
            openapi::accepts_item(&item),
            is_accepted,
            "{id:?} in openapi.json"
        );
    }
}

#[test]
fn the_routes_match_the_service_the_documents_and_terraform() {
    let routes: BTreeSet<_> = route::ALL.into();
    assert_eq!(routes, Route::ALL.map(Route::key).into(), "route.rs");
    let declared = openapi::declared().map(|(route, _)| route);
    let declared: BTreeSet<_> = declared.filter(|route| *route != route::NO_ROUTE).collect();
    assert_eq!(routes, declared, "openapi.json");
    let terraform = read("terraform/main.tf");
    let (_, block) = terraform.split_once("  routes = {\n").expect("the routes");
    let (block, _) = block.split_once("  }\n").expect("their end");
    let keys = block
        .lines()
        .filter_map(|line| line.trim().split('"').nth(1));
    assert_eq!(routes, keys.collect(), "terraform/main.tf");
    let rows = ContractDoc::load().rows;
    for (case, status) in [("done", 200), ("refused by the table", 500)] {
        let rows = rows.iter().filter(|row| row.status == status);
        let covered: BTreeSet<_> = rows.map(|row| row.route.as_str()).collect();
        assert_eq!(routes, covered, "{case}: coverage in CONTRACT.md");
    }
}

#[test]
fn the_cors_headers_of_cargo_serve_match_terraform() {
    let terraform = read("terraform/variables.tf");
    let (_, variable) = terraform
        .split_once("variable \"cors\" {\n")
        .expect("the variable");
    let default = |name: &str| {
        let line = variable.lines().find(|line| line.trim().starts_with(name));
        // `name = optional(type, default)`
        let (_, default) = line.and_then(|line| line.split_once(", ")).expect(name);
        serde_json::from_str::<Value>(default.trim_end_matches(')')).expect(name)
    };
    let listed = |headers: &str| headers.split(',').collect::<Value>();
    assert_eq!(default("allow_methods"), listed(cors::ALLOW_METHODS));
    assert_eq!(default("allow_headers"), listed(cors::ALLOW_HEADERS));
    assert_eq!(default("expose_headers"), listed(cors::EXPOSE_HEADERS));
    assert_eq!(default("max_age").to_string(), cors::MAX_AGE);
}

/// Returns `true` if a schema can detect this reason to refuse this item. A schema cannot count bytes or digits, or
/// distinguish from zero a number that is too small for a binary float.
fn schema_can_see(reason: &Reason, item: Option<&Value>) -> bool {
    match reason {
        Reason::Part(ID, TOO_LONG) | Reason::Part(_, TOO_PRECISE) | Reason::DuplicateField(_) => {
            false
        }
        Reason::Part(field, OUT_OF_RANGE) => {
            item.is_none_or(|item| item[field].as_f64() != Some(0.0))
        }
        Reason::Part(..)
        | Reason::Precondition(_)
        | Reason::UnknownField(_)
        | Reason::LoneSurrogate(_) => *reason != TOO_LARGE,
    }
}

#[test]
fn the_document_accepts_what_the_model_accepts() {
    let sampling = Sampling {
        cases: 2000,
        seed: 7,
    };
    let (mut accepted, mut refused) = (0, 0);
    for case in 0..sampling.cases {
        let item = sampling.draw(&bodies::item(), case);
        let invalid_item = sampling.draw(&bodies::invalid_item(), case);
        let Operation::PutRaw(raw, kind) = sampling.draw(&bodies::raw(), case) else {
            panic!("raw() draws a PutRaw");
        };
        let raw = Request::put_raw(&raw, kind, &Ids::new(""));
        let put = |object| Request::put(object, ContentType::Json, &mut Ids::new(""));
        for request in [put(&item), put(&invalid_item), raw] {
            let (body, _) = request.body().expect("a PUT has a body");
            let shown = String::from_utf8_lossy(&body[..body.len().min(300)]);
            let value = serde_json::from_slice::<Value>(body).ok();
            let is_valid = value.as_ref().is_some_and(openapi::accepts_item);
            let is_seen = |reason: &Reason| schema_can_see(reason, value.as_ref());
            let expected = Model::default().expected(&request);
            if let Expected::Refused(reasons) = &expected {
                // Of a duplicate member, a schema sees only the last value.
                let is_twice = |reason: &Reason| matches!(reason, Reason::DuplicateField(_));
                if !reasons.iter().any(is_twice) && reasons.iter().any(is_seen) {
                    refused += 1;
                    assert!(!is_valid, "{reasons:?}: {shown}");
                }
            } else {
                accepted += 1;
                assert!(is_valid, "{expected:?}: {shown}");
            }
        }
    }
    assert!(
        accepted > 1000 && refused > 1000,
        "{accepted} accepted, {refused} refused"
    );
}
