//! A bill as a table, for people.

use super::bill::{Bill, Line};
use crate::output::{Output, numbers};

const HEADS: [&str; 6] = [
    "part",
    "a second",
    "a month",
    "included",
    "$ a million",
    "$ a month",
];

pub(super) fn print(bill: &Bill, output: &mut Output) -> anyhow::Result<()> {
    let mut table = numbers(&HEADS);
    for line in &bill.lines {
        table.add_row(cells(line));
    }
    output.table(&table)?;
    let per_million = bill.dollars_per_million_requests;
    let rest = bill.dollars - bill.dollars_of_requests;
    output.line("")?;
    output.line(&format!(
        "${} a month with the plan: ${} for visitors' requests, which any Worker would cost, \
         and ${} besides, ${per_million:.3} for a million requests",
        whole(bill.dollars),
        whole(bill.dollars_of_requests),
        whole(rest),
    ))?;
    let load = &bill.load;
    output.line(&format!(
        "each queue has {} messages a second of 5,000; each ledger {} requests of 1,000, {} \
         events, and {:.1} of 10 GB",
        whole(load.messages_per_queue),
        whole(load.requests_per_ledger),
        whole(load.events_per_ledger),
        load.gigabytes_per_ledger,
    ))?;
    Ok(())
}

fn cells(line: &Line) -> [String; 6] {
    [
        line.part.to_owned(),
        short(line.per_second),
        short(line.per_month),
        short(line.included),
        line.dollars_per_million.to_string(),
        whole(line.dollars),
    ]
}

/// Whole below a million, then three digits and a power of ten.
fn short(number: f64) -> String {
    if number < 0.005 {
        "0".to_owned()
    } else if number < 10.0 {
        format!("{number:.2}")
    } else if number < 1e7 {
        whole(number)
    } else {
        format!("{number:.2e}")
    }
}

/// Rounded, with commas between thousands.
fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let check = |number, expected: &str| assert_eq!(short(number), expected);
        check(0.0, "0");
        check(1.0 / 3.0, "0.33");
        check(12.4, "12");
        check(1_234_567.0, "1,234,567");
        check(2.6298e12, "2.63e12");
        assert_eq!(whole(999.6), "1,000");
    }
}
