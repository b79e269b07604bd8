//! `bandera optimise`.

use super::run::{bandera, bandera_reading, file};

const STUDY: &str = r#"{
  "goal": "maximise",
  "parameters": [
    {"key": "discount", "low": 0, "high": 30},
    {"key": "columns", "low": 1, "high": 6, "kind": "integer"},
    {"key": "delayMs", "low": 10, "high": 10000, "scale": "log"}
  ],
  "constraints": [{"coefficients": {"discount": 1, "columns": 2}, "atMost": 34}],
  "trials": [TRIALS]
}"#;

/// Outcomes that are best at a discount of 12 and 3 columns.
fn study(n_trials: u32) -> String {
    let trials = (0..n_trials).map(|at| {
        let (discount, columns) = (at * 7 % 21, 1 + at % 6);
        let off =
            (f64::from(discount) - 12.0).powi(2) / 100.0 + (f64::from(columns) - 3.0).powi(2) / 9.0;
        format!(
            r#"{{"point": {{"discount": {discount}, "columns": {columns}, "delayMs": {}}},
                "mean": {}, "standardError": 0.01}}"#,
            10 + at * 300,
            1.0 - off
        )
    });
    STUDY.replace("TRIALS", &trials.collect::<Vec<_>>().join(","))
}

#[test]
fn names_settings_that_the_study_allows() {
    let path = file("optimise-ask.json", &study(9));
    let ask = |n: &str| bandera(&["optimise", "ask", "--study", &path, "--n", n, "--seed", "3"]);
    let asked = ask("3");
    assert_eq!(asked.code, 0, "{asked:?}");
    let points = asked.json()["points"].as_array().unwrap().clone();
    assert_eq!(points.len(), 3);
    for point in &points {
        let value = |key: &str| point[key].as_f64().unwrap();
        assert!(
            value("discount") + 2.0 * value("columns") <= 34.0 + 1e-6,
            "{point}"
        );
        assert_eq!(
            value("columns").fract().to_bits(),
            0.0_f64.to_bits(),
            "{point}"
        );
        assert!((10.0..=10_000.0).contains(&value("delayMs")), "{point}");
    }
    assert_eq!(ask("3").stdout, asked.stdout);
    let none = ask("0");
    assert_eq!(none.code, 2, "{none:?}");
    assert!(none.stderr.contains("--n: 0 points at once"), "{none:?}");
}

#[test]
fn recommends_what_is_believed_to_be_best() {
    let path = file("optimise-recommend.json", &study(12));
    let found = bandera(&["optimise", "recommend", "--study", &path]).json();
    let discount = found["point"]["discount"].as_f64().unwrap();
    assert!((8.0..=16.0).contains(&discount), "{found}");
    assert_eq!(found["point"]["columns"], 3.0);
    assert!(
        (found["mean"].as_f64().unwrap() - 1.0).abs() < 0.2,
        "{found}"
    );
    let human = bandera(&["optimise", "recommend", "--study", &path, "--human"]);
    assert!(human.stdout.contains("columns = 3, "), "{human:?}");
    assert!(human.stdout.contains("expected outcome "), "{human:?}");
}

#[track_caller]
fn refused(study: &str, expected: &str) {
    let ran = bandera_reading(&["optimise", "ask", "--study", "-"], study.as_bytes());
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains(expected), "{ran:?}");
}

#[test]
fn says_what_is_wrong_with_a_study() {
    let plain = study(1);
    refused(
        &plain.replace("\"low\": 0", "\"low\": 40"),
        "parameter \"discount\": low and high",
    );
    refused(&plain.replace("\"goal\"", "\"aim\""), "unknown field `aim`");
    let misspelt = plain.replace("{\"discount\": 0", "{\"discont\": 0");
    refused(
        &misspelt,
        "/trials/0/point/discont: there is no such parameter",
    );
    let short = plain.replace("{\"discount\": 0, ", "{");
    refused(
        &short,
        "/trials/0/point: a value for \"discount\" is missing",
    );
    refused(
        &plain.replace("\"columns\": 2}", "\"rows\": 2}"),
        "/constraints/0/coefficients/rows",
    );
    refused(
        &plain.replace("\"atMost\": 34", "\"atMost\": -1"),
        "trial 0: constraint 0 does not hold",
    );
    let empty = study(0).replace("\"atMost\": 34", "\"atMost\": -1");
    refused(&empty, "the constraints leave no point; loosen one");
}
