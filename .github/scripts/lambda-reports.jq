# Summarises Lambda's reports on the invokes of a version as a row of a Markdown table, or prints nothing if there is none.
# The input is the output of `aws logs filter-log-events`; $function and $version name the version.
# Source of the fields: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html

def field(name): (capture("\t\(name): (?<number>[0-9.]+) ").number | tonumber)? // null;

# report: the report in a message: in JSON, as the function's log is, or as text, as the emulator's is.
def report:
  if startswith("REPORT RequestId: ") then
    { durationMs: field("Duration"), billedDurationMs: field("Billed Duration"), memorySizeMB: field("Memory Size"),
      maxMemoryUsedMB: field("Max Memory Used"), initDurationMs: field("Init Duration") }
  else
    (fromjson? // {}) | select(type == "object" and .type == "platform.report").record.metrics
  end;

# percentile: the nearest rank. percentiles: the 50th and the 99th, with one decimal.
def percentile($p): sort | .[(length * $p / 100 | ceil) - 1];
def percentiles:
  if length == 0 then "–" else "\(percentile(50) * 10 | round / 10) / \(percentile(99) * 10 | round / 10)" end;

# The name of a log stream contains the version in brackets.
[.events[] | select(.logStreamName | contains("[\($version)]")) | .message | report]
| select(length > 0)
| [.[].initDurationMs | values] as $inits
| [ "", $function, $version, length, ($inits | length), ($inits | percentiles), ([.[].durationMs] | percentiles),
    ([.[].billedDurationMs] | percentiles), "\([.[].maxMemoryUsedMB] | max) of \(.[0].memorySizeMB) MB", "" ]
| map(tostring) | join(" | ") | ltrimstr(" ") | rtrimstr(" ")
