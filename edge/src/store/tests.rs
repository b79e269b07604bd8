use super::*;

const PERIOD_MS: u32 = 5_000;

fn confirmed(publication: u64) -> Refreshed {
    let loaded = Loaded::of(publication, r#"{"schemaVersion":1}"#);
    Refreshed::Confirmed {
        loaded: Rc::new(loaded),
        policies: Rc::default(),
    }
}

fn publication(store: &Store) -> Option<u64> {
    store
        .current()
        .map(|current| current.loaded.pointer.publication)
}

#[test]
fn the_first_request_reads_and_later_ones_serve() {
    let mut store = Store::default();
    assert_eq!(store.claim(0), Due::First);
    store.settle(confirmed(1), 10, PERIOD_MS);
    assert_eq!(store.claim(11), Due::No);
    assert_eq!(store.claim(5_009), Due::No);
    assert_eq!(store.claim(5_010), Due::Later);
    assert_eq!(store.claim(5_011), Due::No, "one refresh at a time");
    assert_eq!(publication(&store), Some(1));
    assert_eq!(store.current().unwrap().age_ms(5_010), 5_000);
}

#[test]
fn cold_requests_each_read() {
    let mut store = Store::default();
    assert_eq!(store.claim(0), Due::First);
    assert_eq!(store.claim(1), Due::First);
}

#[test]
fn a_refresh_that_was_lost_is_tried_again() {
    let mut store = Store::default();
    store.settle(confirmed(1), 0, PERIOD_MS);
    assert_eq!(store.claim(5_000), Due::Later);
    assert_eq!(store.claim(14_999), Due::No);
    assert_eq!(store.claim(15_000), Due::Later);
}

#[test]
fn a_failure_keeps_the_last_good_ruleset_and_is_retried_soon() {
    let mut store = Store::default();
    store.settle(confirmed(1), 0, PERIOD_MS);
    store.settle(Refreshed::Failed("rubbish".into()), 5_000, PERIOD_MS);
    assert_eq!(publication(&store), Some(1));
    assert_eq!(store.last_failure(), Some(&"rubbish".into()));
    assert_eq!(store.claim(5_999), Due::No);
    assert_eq!(store.claim(6_000), Due::Later);
    store.settle(confirmed(2), 6_010, PERIOD_MS);
    assert_eq!(store.last_failure(), None);
    assert_eq!(
        store.counts(),
        RefreshCounts {
            attempts: 1,
            failures: 1
        }
    );
}

#[test]
fn a_slow_refresh_undoes_nothing() {
    let mut store = Store::default();
    store.settle(confirmed(3), 0, PERIOD_MS);
    store.settle(confirmed(2), 10, PERIOD_MS);
    assert_eq!(publication(&store), Some(3));
}
