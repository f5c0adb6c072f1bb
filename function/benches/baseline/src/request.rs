//! The bodies of the four requests to DynamoDB.

use crate::event::Item;

pub fn get(table: &str, id: &str) -> String {
    format!(
        r#"{{"TableName":"{table}","Key":{{"id":{{"S":{}}}}},"ConsistentRead":true}}"#,
        string(id)
    )
}

pub fn delete(table: &str, id: &str) -> String {
    format!(
        r#"{{"TableName":"{table}","Key":{{"id":{{"S":{}}}}}}}"#,
        string(id)
    )
}

pub fn scan(table: &str) -> String {
    format!(r#"{{"TableName":"{table}","ConsistentRead":true}}"#)
}

pub fn put(table: &str, item: &Item<'_>) -> String {
    let mut body = format!(
        r#"{{"TableName":"{table}","Item":{{"id":{{"S":{}}}"#,
        string(&item.id)
    );
    if let Some(price) = item.price {
        body.extend([r#","price":{"N":""#, price.get(), r#""}"#]);
    }
    if let Some(name) = &item.name {
        body.extend([r#","name":{"S":"#, &string(name), "}"]);
    }
    body + "}}"
}

fn string(text: &str) -> String {
    serde_json::to_string(text).expect("a string can be written to memory")
}
