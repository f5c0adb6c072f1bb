//! The `JUnit` XML of a run, for the test views of other pipelines. nextest writes its own.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::run::{RunRecord, TestRecord, TestResult};
use crate::toolkit::printable::{first_line, one_line, printable};

/// The maximum number of characters of a message; the text below the message is complete.
const MAX_MESSAGE_CHARS: usize = 300;

/// Returns the run as `JUnit` XML, with a test suite for each target, and one for the problems of the
/// run. An inconclusive test is an error of the type
/// `inconclusive`, because `JUnit` has only failures and errors.
///
/// # Errors
/// If the XML cannot be written.
pub fn junit(record: &RunRecord) -> Result<String, String> {
    let mut suites: Vec<TestSuite> = Vec::new();
    for test in &record.tests {
        let target = test.name.split("::").next().unwrap_or_default();
        let at = suites
            .iter()
            .position(|suite| suite.name.as_str() == target)
            .unwrap_or_else(|| {
                suites.push(suite(target, record));
                suites.len() - 1
            });
        suites[at].add_test_case(test_case(test));
    }
    if !record.problems.is_empty() {
        let mut suite = suite("run", record);
        for problem in &record.problems {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(first_line(problem, MAX_MESSAGE_CHARS))
                .set_description(complete(problem));
            suite.add_test_case(TestCase::new("problem", status));
        }
        suites.push(suite);
    }
    let mut report = Report::new("contract-tests");
    report.set_time(record.took).add_test_suites(suites);
    report
        .to_string()
        .map_err(|error| format!("failed to write the JUnit XML: {error}"))
}

/// Returns the test suite of a target, without its tests.
fn suite(target: &str, record: &RunRecord) -> TestSuite {
    let mut suite = TestSuite::new(target);
    for (name, value) in &record.settings {
        suite.add_property((one_line(name), one_line(value)));
    }
    if !record.is_complete {
        suite.add_property(("incomplete", "true"));
    }
    suite
}

fn test_case(test: &TestRecord) -> TestCase {
    // JUnit identifies a test by its class and its name.
    let (class, name) = test.name.rsplit_once("::").unwrap_or(("", &test.name));
    let not_passed = |kind, text: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status
            .set_message(first_line(text, MAX_MESSAGE_CHARS))
            .set_type(test.result.kind().name())
            .set_description(complete(text));
        status
    };
    let mut unchecked = None;
    let status = match &test.result {
        TestResult::Pass {
            unchecked: part, ..
        } => {
            unchecked = part.as_deref();
            TestCaseStatus::success()
        }
        TestResult::Fail(report) => not_passed(NonSuccessKind::Failure, report),
        TestResult::Inconclusive(reason) => not_passed(NonSuccessKind::Error, reason),
        TestResult::Ignored(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(one_line(reason));
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(class).set_time(test.took);
    if let Some(unchecked) = unchecked {
        case.set_system_out(format!("Unchecked: {}", complete(unchecked)));
    }
    case
}

/// Returns the text with all its lines. quick-junit removes tabs, so they are escaped here.
fn complete(text: &str) -> String {
    printable(text).replace('\t', "\\t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{fail, ignored, inconclusive, pass, record};

    #[test]
    fn every_target_is_a_suite_and_every_result_has_its_element() {
        let unchecked = TestResult::Pass {
            cases: "100 cases".to_owned(),
            unchecked: Some("the list has too many pages".to_owned()),
        };
        let record = record([
            ("embedded::sequences::one", pass("100 cases")),
            ("deployed::sequences::one", fail("wrong\n\nthe script")),
            ("embedded::faults::two", inconclusive("busy")),
            ("deployed::sequences::two", unchecked),
            ("deployed::sequences::three", ignored("set CONTRACT_URL")),
        ]);
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="contract-tests" tests="5" skipped="1" failures="1" errors="1" time="2.000">
    <testsuite name="embedded" tests="2" skipped="0" errors="1" failures="0">
        <properties>
            <property name="CONTRACT_CASES" value="100"/>
        </properties>
        <testcase name="one" classname="embedded::sequences" time="1.500"/>
        <testcase name="two" classname="embedded::faults" time="1.500">
            <error message="busy" type="inconclusive">busy</error>
        </testcase>
    </testsuite>
    <testsuite name="deployed" tests="3" skipped="1" errors="0" failures="1">
        <properties>
            <property name="CONTRACT_CASES" value="100"/>
        </properties>
        <testcase name="one" classname="deployed::sequences" time="1.500">
            <failure message="wrong" type="fail">wrong

the script</failure>
        </testcase>
        <testcase name="two" classname="deployed::sequences" time="1.500">
            <system-out>Unchecked: the list has too many pages</system-out>
        </testcase>
        <testcase name="three" classname="deployed::sequences" time="1.500">
            <skipped message="set CONTRACT_URL"/>
        </testcase>
    </testsuite>
</testsuites>
"#;
        assert_eq!(junit(&record).as_deref(), Ok(expected));
    }

    #[test]
    fn any_text_is_valid_xml_and_keeps_its_characters() {
        let text: String = ('\0'..='\u{a0}')
            .chain("\u{fffe}\u{ffff}]]>é😀".chars())
            .collect();
        let mut record = record([("deployed::one", fail(&text))]);
        record.settings = vec![("CONTRACT_URL", text.clone())];
        record.is_complete = false;
        let xml = junit(&record).expect("XML");
        let report = Report::deserialize_from_str(&xml).expect("valid XML");
        let suite = &report.test_suites[0];
        assert_eq!(suite.properties[0].value.as_str(), one_line(&text));
        assert_eq!(suite.properties[1].name.as_str(), "incomplete");
        let TestCaseStatus::NonSuccess {
            message,
            description,
            ..
        } = &suite.test_cases[0].status
        else {
            panic!("{xml}");
        };
        assert_eq!(description.as_deref(), Some(complete(&text).as_str()));
        let message = message.as_deref().expect("a message");
        assert!(message.starts_with("\\u{0}\\u{1}"), "{message}");
    }

    #[test]
    fn a_run_without_tests_is_valid_xml() {
        let xml = junit(&record([])).expect("XML");
        assert!(Report::deserialize_from_str(&xml).is_ok(), "{xml}");
    }
}
