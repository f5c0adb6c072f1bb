//! The shell script of curl commands that reproduces a failure.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::contract::model::Expected;
use crate::contract::reason::Reason;
use crate::contract::run::Step;
use crate::request::concrete::Request;
use crate::request::conditions::{SentTag, SentTags};
use crate::request::exchange::{own_text, without_foreign_start};
use crate::request::operation::UrlStyle;
use crate::request::url::GatewayProfile;
use crate::toolkit::deployed::namespace;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::client::needs_proxy_exemption;
use crate::toolkit::http::response::Response;
use crate::toolkit::printable::shortened_pair;
use crate::toolkit::shell::quoted;

/// The number of repetitions in a row from which a unit is written once, with its count.
const MIN_REPEATS: usize = 40;

/// The API for which a script is written.
#[derive(Clone, Debug)]
pub struct ScriptTarget {
    /// The default URL, which the first argument of the script replaces.
    pub url: BaseUrl,
    /// The gateway in front of the API.
    pub gateway: GatewayProfile,
    /// The prefix that the ids of other users do not have; empty if there are no other users.
    pub own_prefix: String,
    /// The options that authorize curl.
    pub curl_options: String,
}

/// Returns the script of these requests. If every id has a prefix, each run of the script uses a new one. If the prefix
/// is the namespace of a session, the script also deletes its items at the end.
#[must_use]
pub fn script(steps: &[Step], prefix: &str, script_target: &ScriptTarget) -> String {
    let gateway = script_target.gateway;
    let mut script = format!("url=${{1:-{}}}\n", quoted(script_target.url.as_str()));
    let fresh_namespace = namespace::shell_expression(prefix);
    if !prefix.is_empty() {
        let prefix_command = fresh_namespace.unwrap_or("$(printf '%08x-' \"$(date +%s)\")");
        let _ = writeln!(script, "p={prefix_command}");
    }
    if needs_proxy_exemption(&script_target.url) {
        let host = script_target.url.host();
        let _ = writeln!(script, "export no_proxy=\"${{no_proxy-$NO_PROXY}},{host}\"");
    }
    if !script_target.curl_options.is_empty() {
        let options = &script_target.curl_options;
        let _ = writeln!(script, "curl() {{ command curl {options} \"$@\"; }}");
    }
    let has_long_body = |step: &Step| {
        step.request
            .body()
            .is_some_and(|(body, _)| has_repeats(body))
    };
    let has_long_target = |step: &Step| {
        step.request
            .target(gateway, step.style)
            .is_some_and(|path| has_repeats(path.as_bytes()))
    };
    if steps
        .iter()
        .any(|step| has_long_body(step) || has_long_target(step))
    {
        script.push_str("rep() { yes -- \"$1\" | head -n \"$2\" | tr -d '\\n'; }\n");
    }
    let tags = TagVariables::of(steps);
    if !tags.used.is_empty() {
        script
            .push_str("etag() { tee /dev/stderr | sed -n 's/^[Ee][Tt]ag: *//p' | tr -d '\\r'; }\n");
    }
    for (number, step) in steps.iter().enumerate() {
        let (expected, actual) = compared(step, &script_target.own_prefix);
        let _ = writeln!(script, "\n# {}. expected: {expected}", number + 1);
        let _ = writeln!(script, "#    actual:   {actual}");
        let headers = condition_options(&step.request, |tag| tags.variable(tag, number));
        let target = step.request.target(gateway, step.style).unwrap_or_default();
        let target = without_foreign_start(&target, &script_target.own_prefix);
        let command = command(&step.request, &target, &headers, prefix);
        let _ = if tags.used.contains(&number) {
            writeln!(script, "tag{}=$({{ {command}; }} | etag)", number + 1)
        } else {
            writeln!(script, "{command}")
        };
    }
    if fresh_namespace.is_some() {
        script.push_str("\n# Clean up.\n");
        let ids = steps
            .iter()
            .flat_map(|step| step.request.ids_to_put(prefix));
        for id in ids.collect::<BTreeSet<_>>() {
            let delete = Request::delete(id);
            if let Some(target) = delete.target(gateway, UrlStyle::Plain) {
                let command = command(&delete, &target, "", prefix);
                let _ = writeln!(script, "{command}");
            }
        }
    }
    script
}

/// The tags that the responses of a sequence showed. A script reads them again, because another service, or another
/// prefix of the ids, has other tags.
struct TagVariables<'a> {
    /// The tag that the response to each step showed.
    of_steps: Vec<Option<&'a str>>,
    /// The indices of the steps whose tags are sent later.
    used: BTreeSet<usize>,
}

impl<'a> TagVariables<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let tag = |step: &'a Step| {
            let response = step.response.as_ref().ok()?;
            response.headers.get("etag").map(String::as_str)
        };
        let mut tags = Self {
            of_steps: steps.iter().map(tag).collect(),
            used: BTreeSet::new(),
        };
        for (index, step) in steps.iter().enumerate() {
            for (_, sent) in step.request.conditions.headers() {
                if let SentTags::List(sent) = sent {
                    let sources = sent.iter().filter_map(|sent| tags.source(&sent.tag, index));
                    let sources: Vec<_> = sources.collect();
                    tags.used.extend(sources);
                }
            }
        }
        tags
    }

    /// Returns the index of the latest step before this one that showed this tag.
    fn source(&self, tag: &str, before: usize) -> Option<usize> {
        let shown = self.of_steps[..before].iter();
        shown.clone().rposition(|shown| *shown == Some(tag))
    }

    /// Returns the variable of the script that has this tag in this step.
    fn variable(&self, tag: &str, step: usize) -> Option<String> {
        let source = self.source(tag, step)?;
        Some(format!("\"$tag{}\"", source + 1))
    }
}

/// Returns the options with which curl sends the conditions. `variable` returns the variable of a tag, if it has one.
fn condition_options(request: &Request, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut options = String::new();
    for (name, tags) in request.conditions.headers() {
        let value = match tags {
            SentTags::List(tags) => {
                let tags = tags.iter().map(|SentTag { is_weak, tag }| {
                    let weak = if *is_weak { "W/" } else { "" };
                    weak.to_owned() + &variable(tag).unwrap_or_else(|| quoted(tag))
                });
                tags.collect::<Vec<_>>().join("', '")
            }
            SentTags::Any | SentTags::Malformed(_) => quoted(&tags.to_string()),
        };
        let _ = write!(options, " -H '{name}: '{value}");
    }
    options
}

/// Returns the command that sends a request to this path and query, with these other options.
fn command(request: &Request, target: &str, options: &str, prefix: &str) -> String {
    let curl = format!(
        "curl -sS -i --path-as-is -X {}{options} \"$url\"{}",
        request.method(),
        path_argument(target, prefix)
    );
    let Some((body, content_type)) = request.body() else {
        return format!("{curl}; echo");
    };
    // A header without a value removes the one that curl adds by default.
    let header = content_type.map_or("Content-Type:".to_owned(), |value| {
        format!("Content-Type: {value}")
    });
    format!(
        "{{ {}; }} |
  {curl} -H '{header}' --data-binary @-; echo",
        print_commands(body, prefix)
    )
}

/// Returns a path as an argument of the shell. A path contains no single quote, so it needs no escapes.
fn path_argument(path: &str, prefix: &str) -> String {
    let mut argument = String::new();
    for part in parts(path.as_bytes(), prefix) {
        match part {
            Part::Prefix => argument.push_str("\"$p\""),
            Part::Literal(bytes) => {
                let _ = write!(argument, "'{}'", String::from_utf8_lossy(bytes));
            }
            Part::Repeated(unit, times) => {
                let _ = write!(
                    argument,
                    "\"$(rep '{}' {times})\"",
                    String::from_utf8_lossy(unit)
                );
            }
        }
    }
    argument
}

/// Returns the commands that print this body, whatever bytes it has.
fn print_commands(body: &[u8], prefix: &str) -> String {
    let commands: Vec<_> = parts(body, prefix)
        .into_iter()
        .map(|part| match part {
            Part::Prefix => "printf %s \"$p\"".to_owned(),
            Part::Literal(bytes) => format!("printf '{}'", format_string(bytes)),
            Part::Repeated(unit, times) => {
                format!("rep \"$(printf '{}')\" {times}", format_string(unit))
            }
        })
        .collect();
    if commands.is_empty() {
        "printf ''".to_owned()
    } else {
        commands.join("; ")
    }
}

fn format_string(bytes: &[u8]) -> String {
    let mut format = String::new();
    for &byte in bytes {
        match byte {
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str("\\\\"),
            b'\'' | 0..=0x1f | 0x7f..=0xff => {
                let _ = write!(format, "\\{byte:03o}");
            }
            _ => format.push(char::from(byte)),
        }
    }
    format
}

enum Part<'a> {
    Prefix,
    Literal(&'a [u8]),
    Repeated(&'a [u8], usize),
}

fn has_repeats(bytes: &[u8]) -> bool {
    parts(bytes, "")
        .iter()
        .any(|part| matches!(part, Part::Repeated(..)))
}

/// Splits bytes at the prefix, and where a unit of up to 12 bytes (the longest percent-encoded character) is repeated.
fn parts<'a>(bytes: &'a [u8], prefix: &str) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let (mut at, mut literal) = (0, 0);
    while at < bytes.len() {
        let remaining = &bytes[at..];
        let found = if !prefix.is_empty() && remaining.starts_with(prefix.as_bytes()) {
            Some((Part::Prefix, prefix.len()))
        } else {
            [1, 2, 3, 4, 6, 12].into_iter().find_map(|width| {
                let unit = remaining.get(..width)?;
                let times = remaining
                    .chunks(width)
                    .take_while(|chunk| *chunk == unit)
                    .count();
                (times >= MIN_REPEATS).then_some((Part::Repeated(unit, times), width * times))
            })
        };
        let Some((part, length)) = found else {
            at += 1;
            continue;
        };
        if literal < at {
            parts.push(Part::Literal(&bytes[literal..at]));
        }
        parts.push(part);
        at += length;
        literal = at;
    }
    if literal < at {
        parts.push(Part::Literal(&bytes[literal..]));
    }
    parts
}

/// Returns the expected and the actual response of a step, each shortened to one line that shows their difference. The
/// items of other users, whose ids do not have this prefix, are left out.
#[must_use]
pub fn compared(step: &Step, own_prefix: &str) -> (String, String) {
    let actual = actual(&step.response, own_prefix);
    shortened_pair(&expectation(&step.expected), &actual)
}

/// Returns the expected response in words.
#[must_use]
pub fn expectation(expected: &Expected) -> String {
    match expected {
        Expected::Put(id, []) => format!("200 {:?}", format!("Put item {id}")),
        Expected::Put(id, alternatives) => {
            format!("200 {:?}, or {alternatives:?}", format!("Put item {id}"))
        }
        Expected::Deleted(id) => format!("200 {:?}", format!("Deleted item {id}")),
        Expected::Item(id, item) => format!("200 {{\"Item\":{}}}", item.shown(id)),
        Expected::Page(page) => {
            let items = page.items.iter().map(|(id, item)| item.shown(id));
            let items = items.collect::<Vec<_>>().join(",");
            match (&page.start, page.limit) {
                (None, None) => format!("200 and, in any order, {items}"),
                (_, limit) => {
                    let limit = limit.map_or("some".to_owned(), |limit| format!("at most {limit}"));
                    format!("200 and {limit} of {items}")
                }
            }
        }
        Expected::NotModified(_) => "304 without a body".to_owned(),
        Expected::PreconditionFailed(headers, alternatives) => {
            let or = match alternatives {
                [] => String::new(),
                alternatives => format!(", or {alternatives:?}"),
            };
            format!("412, because of {}{or}", headers.join(" and "))
        }
        Expected::NotFound => "404 Item not found".to_owned(),
        Expected::NoRoute => "404 Not Found".to_owned(),
        Expected::Refused(reasons) => {
            let reason =
                |reason: &Reason| format!("{}, because of: {}", reason.status(), reason.class());
            reasons.iter().map(reason).collect::<Vec<_>>().join(", or ")
        }
    }
}

/// Returns the actual response, or the reason why there is none.
fn actual(response: &Result<Response, String>, own_prefix: &str) -> String {
    match response {
        Err(reason) => format!("no response: {reason}"),
        Ok(response) => format!(
            "{} {}",
            response.status,
            own_text(&response.body, own_prefix)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::concrete::RequestKind;
    use crate::request::operation::ContentType;

    #[test]
    fn the_commands_print_the_body() {
        let body = [
            b"{\"id\":\"p-1'%\\".as_slice(),
            "é".repeat(50).as_bytes(),
            b"\0\xff\"}",
        ]
        .concat();
        let script = print_commands(&body, "p-");
        let shell = format!(
            "p=p-; rep() {{ yes -- \"$1\" | head -n \"$2\" | tr -d '\\n'; }}; {{ {script}; }}"
        );
        let output = std::process::Command::new("bash")
            .args(["-c", &shell])
            .output();
        assert_eq!(output.expect("bash runs").stdout, body, "{script}");
    }

    #[test]
    fn a_repeated_character_is_written_once() {
        let get = Request::get("😀".repeat(512));
        let target = get.target(GatewayProfile::HttpApi, UrlStyle::Plain);
        let command = command(&get, &target.expect("a path"), "", "");
        assert!(command.contains("rep '%F0%9F%98%80' 512"), "{command}");
        let put = RequestKind::Put {
            fields: None,
            body: Vec::new(),
            content_type: ContentType::None,
        };
        let command = super::command(&put.into(), "/items", "", "");
        assert!(command.contains("-H 'Content-Type:'"), "{command}");
    }
}
