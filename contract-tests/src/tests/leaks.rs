//! Checks that the refused requests of the tests have values so long that a message cannot repeat them unnoticed.

use std::collections::BTreeMap;

use crate::contract::id::ID;
use crate::contract::leaks::{check_no_leak, repeated_part};
use crate::contract::model::{Expected, Model};
use crate::contract::reason::Reason;
use crate::coverage::{conditional_sequences, exhaustive};
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::generate::sequence::sequence;
use crate::request::concrete::{Request, RequestKind};
use crate::request::conditions::{IF_MATCH, IF_NONE_MATCH, SentTags};
use crate::request::ids::Ids;
use crate::request::json::Json;
use crate::request::operation::{Id, Operation};
use crate::toolkit::random::Sampling;

/// The classes of refused requests without a value that a message could repeat.
const WITHOUT_VALUE: [&str; 5] = [
    "body empty",
    "exclusiveStartKey empty",
    "id empty",
    "id missing",
    "item too large",
];

/// The number of refused requests of a class, and the number of those with a value of which a message cannot repeat a
/// part unnoticed.
#[derive(Debug, Default)]
struct Counts {
    refused: usize,
    long: usize,
}

/// Returns the counts of each class of refused requests, of the requests with one fault.
fn count(sequences: &[Vec<Operation>]) -> BTreeMap<String, Counts> {
    let mut counts = BTreeMap::new();
    for sequence in sequences {
        add(&mut counts, sequence);
    }
    counts.retain(|class, _| !WITHOUT_VALUE.contains(&class.as_str()));
    counts
}

fn add(counts: &mut BTreeMap<String, Counts>, sequence: &[Operation]) {
    let mut ids = Ids::new("");
    for operation in sequence {
        // The values of refused requests are drawn by themselves, not derived from ids that were used before.
        let mut copy = operation.clone();
        let mut ids_in_it = copy.ids_mut().into_iter();
        let is_derived = ids_in_it.any(|id| !matches!(id, Id::Text(_)));
        let (operation, conditions) = operation.split_conditions();
        let request = match operation {
            Operation::Put(object, kind) => Request::put(object, *kind, &mut ids),
            Operation::PutRaw(body, kind) => Request::put_raw(body, *kind, &ids),
            Operation::Get(path) => Request::get(ids.resolve(&path.id)),
            Operation::Delete(path) => Request::delete(ids.resolve(&path.id)),
            Operation::List(query) => Request::list(query, &mut ids),
            Operation::PutMany(_)
            | Operation::Paginate { .. }
            | Operation::NoRoute(_)
            | Operation::Conditional(..) => continue,
        };
        let request = request.when(conditions.resolve(&[]));
        if let Expected::Refused(reasons) = Model::default().expected(&request)
            && let [reason] = &reasons[..]
            && (!is_derived || matches!(reason, Reason::Part(IF_MATCH | IF_NONE_MATCH, _)))
        {
            let counts = counts.entry(reason.class()).or_default();
            counts.refused += 1;
            let values = refused_values(&request, reason);
            let is_long = values
                .iter()
                .any(|value| repeated_part(value, value).is_some());
            counts.long += usize::from(is_long);
        }
    }
}

/// Returns the values for which the request is refused.
fn refused_values<'a>(request: &'a Request, reason: &Reason) -> Vec<&'a str> {
    let name = match reason {
        Reason::Part(name, _) | Reason::Precondition(name) => name,
        Reason::UnknownField(name) | Reason::DuplicateField(name) => name.as_str(),
        Reason::LoneSurrogate(_) => "body",
    };
    if let Some((_, SentTags::Malformed(text))) = request
        .conditions
        .headers()
        .find(|(header, _)| *header == name)
    {
        return vec![text];
    }
    match &request.kind {
        RequestKind::Put {
            fields: Some(fields),
            ..
        } => {
            let values = fields.iter().filter(|(field, _)| field == name);
            values
                .filter_map(|(_, value)| match value {
                    Json::Text(text) | Json::Number(text) | Json::Other(text) => Some(text),
                    Json::Null => None,
                })
                .map(String::as_str)
                .collect()
        }
        RequestKind::List { limit, .. } if name == "limit" => {
            limit.as_deref().into_iter().collect()
        }
        RequestKind::Put { fields: None, .. }
        | RequestKind::Get(_)
        | RequestKind::Delete(_)
        | RequestKind::List { .. }
        | RequestKind::NoRoute(_) => request.client_strings().collect(),
    }
}

#[test]
fn a_third_of_the_refused_values_of_every_class_are_long() {
    let sampling = Sampling {
        cases: 2000,
        seed: 7,
    };
    let drawn: Vec<_> = (0..sampling.cases)
        .map(|case| sampling.draw(&sequence(), case))
        .collect();
    let counts = count(&drawn);
    for (class, counts) in &counts {
        assert!(counts.long * 3 >= counts.refused, "{class}: {counts:?}");
    }
    assert!(counts.len() >= 16, "{:?}", counts.keys());
}

#[test]
fn every_class_of_refused_values_is_tried_with_a_long_one() {
    let mut sequences = exhaustive::sequences();
    sequences.extend(conditional_sequences::sequences());
    let counts = count(&sequences);
    for (class, counts) in &counts {
        assert!(counts.long > 0, "{class}: {counts:?}");
    }
    assert!(counts.contains_key(&format!("{ID} not a string")));
    assert!(counts.len() >= 16, "{:?}", counts.keys());
}

#[tokio::test]
async fn no_message_may_name_a_part_of_the_environment() {
    let setup = Setup {
        prefix: "prefix-".to_owned(),
        proxied: true,
        endpoint: Some("http://store.invalid"),
        ..Setup::default()
    };
    let environment = Target::Embedded.open(&setup).await;
    let environment = environment.expect("an environment");
    let private_names = &environment.api().profile().private_names;
    let proxy = environment.proxy().expect("a proxy").url();
    let port = |url: &str| url.rsplit(':').next().map(str::to_owned);
    for name in [
        port(&proxy),
        port(environment.api().url()),
        Some("store.invalid".to_owned()),
        Some("embedded.invalid".to_owned()),
        Some("prefix-a".to_owned()),
    ] {
        let message = format!("failed at {}", name.expect("a port"));
        assert!(check_no_leak(&message, private_names).is_err(), "{message}");
    }
    let table = format!("{private_names:?}");
    assert!(table.contains("contract-tests-"), "{table}");
    environment.close().await;
}
