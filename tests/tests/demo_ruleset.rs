//! The demo's ruleset, as it ships: it must publish without a word.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use bandera_shared::{Ruleset, compile, publish};

const DEMO: &[u8] = include_bytes!("../../www/demo/ruleset.json");

fn ruleset() -> Ruleset {
    compile(DEMO).unwrap().ruleset
}

#[test]
fn publishes_without_diagnostics() {
    let published = publish(None, DEMO).unwrap();
    assert_eq!(published.compiled.diagnostics, []);
    assert_eq!(compile(DEMO).unwrap().diagnostics, []);
}

#[test]
fn holds_what_the_shop_shows() {
    let ruleset = ruleset();
    let keys: Vec<&str> = ruleset.flags().map(|flag| &*flag.key).collect();
    let shown = [
        "shop.buy_button",
        "shop.collection",
        "shop.express_checkout",
        "shop.free_shipping",
        "shop.hero",
        "shop.new_checkout",
        "shop.sale",
        "shop.shelf",
    ];
    assert_eq!(keys, shown);
    assert_eq!(ruleset.bandits().len(), 1);
}
