use super::method::{Method, first_reaching};
use crate::value::Value;

#[test]
fn every_method_has_one_name() {
    let names: Vec<&str> = Method::names().collect();
    for name in &names {
        assert_eq!(Method::named(name).map(Method::name), Some(*name));
    }
    assert_eq!(Method::named("md5"), None);
    assert_eq!(names.len(), 17);
}

/// Numbers worked out from the published algorithms with an independent program.
#[test]
fn methods_draw_as_published() {
    let check = |method: Method, salt, unit, scale, expected| {
        assert_eq!(
            method.draw(salt, unit, scale),
            expected,
            "{}",
            method.name()
        );
    };
    let ana = "aña";
    check(Method::Xxh3, "salt", "ana", 0, 457_057);
    check(Method::Eppo, "salt", ana, 10_000, 8_600);
    check(Method::GrowthBook1, "salt", ana, 0, 638);
    check(Method::GrowthBook2, "salt", ana, 0, 5_854);
    check(Method::Unleash, "salt", ana, 0, 57);
    check(Method::UnleashVariant, "salt", ana, 1_000, 630);
    check(
        Method::LaunchDarkly,
        "salt",
        ana,
        0,
        116_051_126_879_642_705,
    );
    check(Method::PostHog, "salt", ana, 0, 116_051_126_879_642_705);
    check(
        Method::PostHogVariant,
        "salt",
        ana,
        0,
        418_009_935_835_139_977,
    );
    check(
        Method::PostHogHoldout,
        "salt",
        ana,
        0,
        3_631_957_748_157_751,
    );
    check(Method::ConfigCat, "salt", ana, 0, 12);
    check(Method::Flagsmith, "salt", ana, 0, 8_698);
    check(Method::Flagsmith, "k", "u9442", 0, 7_583);
    check(Method::FliptVariant, "salt", ana, 0, 541);
    check(Method::FliptThreshold, "salt", ana, 0, 4);
    check(Method::Split, "-667177", ana, 0, 7);
    check(Method::Flagship, "salt", ana, 0, 512_885_168);
    check(Method::GoFeatureFlag, "salt", ana, 100_000, 50_395);
}

#[test]
fn numbers_stay_within_their_scale() {
    for name in Method::names() {
        let method = Method::named(name).expect("it was listed");
        let scale = method.own_scale().unwrap_or(7);
        for unit in 0..500 {
            assert!(
                method.draw("salt", &unit.to_string(), 7) < scale,
                "{name} {unit}"
            );
        }
    }
}

#[test]
fn units_are_text_as_each_system_writes_it() {
    let text = |method: Method, value: Value| method.unit(&value).map(String::from);
    assert_eq!(text(Method::Eppo, 1.0.into()), Some("1".to_owned()));
    assert_eq!(text(Method::Eppo, true.into()), Some("true".to_owned()));
    assert_eq!(text(Method::Eppo, "".into()), Some(String::new()));
    assert_eq!(text(Method::GrowthBook2, "".into()), None);
    assert_eq!(text(Method::Unleash, Value::Null), None);
    let whole = |value: Value| text(Method::LaunchDarkly, value);
    assert_eq!(whole(99_999.0.into()), Some("99999".to_owned()));
    assert_eq!(whole((-3).into()), Some("-3".to_owned()));
    assert_eq!(whole("".into()), Some(String::new()));
    // Beyond 2^53 it is the nearest double.
    let beyond = whole(9_007_199_254_740_993_i64.into());
    assert_eq!(beyond, Some("9007199254740992".to_owned()));
    assert_eq!(whole(1.5.into()), None);
    assert_eq!(whole(true.into()), None);
    assert_eq!(whole(Value::List(["x".into()].into())), None);
    assert_eq!(text(Method::Flagsmith, 1.0.into()), Some("1.0".to_owned()));
    assert_eq!(
        text(Method::Flagsmith, true.into()),
        Some("True".to_owned())
    );
}

#[test]
fn thresholds_move_to_integers() {
    assert_eq!(first_reaching(100, |n| n >= 37), 37);
    assert_eq!(first_reaching(100, |_| true), 0);
    assert_eq!(first_reaching(100, |_| false), 100);
}
