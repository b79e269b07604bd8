use super::*;
use crate::request::tests::head;
use crate::store::Loaded;
use crate::subject::{Source, Subject};
use bandera_shared::Policies;
use std::rc::Rc;

const RULESET: &str = r#"{"schemaVersion":1,"salt":"t",
  "bandits":{"hero":{"actions":["a","b"],"reward":{"metric":"buy","kind":"binary"}}},
  "flags":{
    "plain":{"type":"boolean","status":"enabled","visibility":"client",
      "variants":{"on":{"value":true}},"offVariant":"on","defaultVariant":"on"},
    "learned":{"type":"string","status":"enabled",
      "variants":{"a":{"value":"a"},"b":{"value":"b"},"off":{"value":"off"}},
      "offVariant":"off","defaultVariant":"off","rules":[{"id":"r","serve":{"bandit":"hero"}}]},
    "page":{"type":"string","status":"ab_test","visibility":"client",
      "variants":{"a":{"value":"a","page":{"paths":["/p"],"edits":[
        {"selector":"h1","action":"setText","value":"x"}]}},
        "b":{"value":"b"},"off":{"value":"off"}},
      "offVariant":"off","defaultVariant":"off",
      "experiment":{"control":"off","weights":{"a":1,"b":1}}}}}"#;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

struct World {
    settings: Settings,
    keys: Keys,
    current: Current,
}

impl World {
    fn new() -> Self {
        let loaded = Loaded::of(7, RULESET);
        Self {
            settings: Settings::default(),
            keys: Keys::parse(Some(&format!("1:{SECRET}")), Some(SECRET), "test").unwrap(),
            current: Current {
                loaded: Rc::new(loaded),
                policies: Rc::new(Policies::default()),
                confirmed_at_ms: 0,
            },
        }
    }

    /// Visits as `who`, and gives the variants, the number of first exposures, and cookie lines.
    fn visit(&self, path: &str, cookie: &str, who: Who) -> (Vec<String>, usize, Vec<String>) {
        let mut head = head(&[("cookie", cookie)]);
        head.path = path.into();
        let source = if cookie.is_empty() {
            Source::Fresh
        } else {
            Source::Cookie
        };
        let identity = Identity {
            subject: (who != Who::Nobody).then(|| Subject {
                id: "ana".into(),
                source,
            }),
            may_remember: who != Who::Nobody,
            is_bot: who == Who::Bot,
        };
        let mut context = EvaluationContext::new();
        if identity.subject.is_some() {
            context = context.with_targeting_key("ana");
        }
        let keys = (who != Who::Keyless).then_some(&self.keys);
        let sticky = kept(&self.settings, keys, &head, &identity);
        let preview = Preview::new(
            [("page", "off"), ("plain", "nowhere")],
            UnixMillis(i64::MAX),
        );
        let preview = preview.ok().filter(|_| who == Who::Previewer);
        let visit = Visit::of(Inputs {
            settings: &self.settings,
            keys,
            current: &self.current,
            head: &head,
            identity: &identity,
            context: &context,
            sticky: &sticky,
            preview: preview.as_ref(),
            n_shards: 4,
            draw: 1,
        });
        let exposures = visit.first_exposures();
        let variants = visit
            .variants()
            .map(|(flag, variant)| format!("{flag}={variant}"));
        let n_exposures = exposures
            .as_ref()
            .map_or(0, |exposures| exposures.admitted.len());
        (
            variants.collect(),
            n_exposures,
            visit.cookie_lines(exposures.as_ref()),
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Person,
    Bot,
    Nobody,
    Previewer,
    Keyless,
}

fn jar(lines: &[String]) -> String {
    let pairs: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split(';').next())
        .collect();
    pairs.join("; ")
}

#[test]
fn a_first_visit_sets_cookies_and_a_second_one_none() {
    let world = World::new();
    let (variants, n_exposures, lines) = world.visit("/p", "", Who::Person);
    assert_eq!(n_exposures, 2);
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split('=').next())
        .collect();
    let expected = [
        "bandera_subject",
        "bandera_sticky",
        "bandera_exposed",
        "bandera_variants",
    ];
    assert_eq!(names, expected);
    let again = world.visit("/p", &jar(&lines), Who::Person);
    assert_eq!(again, (variants, 0, Vec::new()));
}

#[test]
fn kept_decisions_outlive_the_key_that_signed_them() {
    let (mut world, next) = (World::new(), "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8");
    let (_, _, lines) = world.visit("/p", "", Who::Person);
    let rotate = |world: &mut World, ring: &str| {
        world.keys = Keys::parse(Some(ring), Some(SECRET), "test").unwrap();
    };
    rotate(&mut world, &format!("2:{next},1:{SECRET}"));
    let (_, _, renewed) = world.visit("/p", &jar(&lines), Who::Person);
    let [renewed] = renewed.as_slice() else {
        panic!("one cookie: {renewed:?}");
    };
    assert!(renewed.starts_with("bandera_sticky="), "{renewed}");
    let lines: Vec<String> = lines
        .into_iter()
        .filter(|line| !line.starts_with("bandera_sticky="))
        .chain([renewed.clone()])
        .collect();
    assert_eq!(world.visit("/p", &jar(&lines), Who::Person).2.len(), 0);
    // Once the former key is gone the decision is still there; the marks of a day are not.
    rotate(&mut world, &format!("2:{next}"));
    let (_, n_exposures, set) = world.visit("/p", &jar(&lines), Who::Person);
    assert_eq!((n_exposures, set.len()), (2, 1));
    assert!(set[0].starts_with("bandera_exposed="), "{set:?}");
}

#[test]
fn a_flag_that_changes_pages_counts_only_where_it_does() {
    let world = World::new();
    let (_, elsewhere, lines) = world.visit("/", "", Who::Person);
    assert_eq!(elsewhere, 1, "the bandit alone");
    let (_, there, _) = world.visit("/p", &jar(&lines), Who::Person);
    assert_eq!(there, 1, "then the page");
}

#[test]
fn who_takes_no_part_gets_the_control_and_leaves_no_trace() {
    let world = World::new();
    let check = |who, n_lines: usize| {
        let (variants, n_exposures, lines) = world.visit("/p", "", who);
        assert_eq!(variants, ["learned=off", "page=off", "plain=on"]);
        assert_eq!((n_exposures, lines.len()), (0, n_lines), "{lines:?}");
    };
    check(Who::Nobody, 0);
    check(Who::Bot, 2);
    check(Who::Keyless, 2);
}

#[test]
fn a_preview_shows_what_it_names_and_leaves_the_visitors_cookies_alone() {
    let world = World::new();
    let (variants, n_exposures, lines) = world.visit("/p", "a=b", Who::Previewer);
    assert_eq!(variants, ["learned=off", "page=off", "plain=on"]);
    assert_eq!((n_exposures, lines.len()), (0, 0));
}

#[test]
fn a_kept_decision_of_another_subject_is_not_believed() {
    let world = World::new();
    let (_, _, lines) = world.visit("/", "", Who::Person);
    let sticky = lines
        .iter()
        .find(|line| line.starts_with("bandera_sticky"))
        .unwrap();
    let head = head(&[("cookie", sticky.split(';').next().unwrap())]);
    let identity = |id: &str| Identity {
        subject: Some(Subject {
            id: id.into(),
            source: Source::Cookie,
        }),
        may_remember: true,
        is_bot: false,
    };
    let kept_by = |id: &str| kept(&world.settings, Some(&world.keys), &head, &identity(id));
    assert!(!kept_by("ana").is_empty());
    assert!(kept_by("luis").is_empty());
}
