use super::{Known, Shape, exports};
use crate::draft::below;
use crate::{Fidelity, Imported, Note, Peer, import};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// An export of each form of each system, with everything in it that is read.
fn exports() -> Vec<(Peer, Json)> {
    vec![
        (Peer::ConfigCat, exports::configcat()),
        (Peer::Eppo, exports::eppo()),
        (Peer::Eppo, exports::eppo_older()),
        (Peer::Eppo, exports::eppo_wire()),
        (Peer::Eppo, exports::eppo_older_wire()),
        (Peer::Flagd, exports::flagd()),
        (Peer::FlagdV3, exports::flagd_listed()),
        (Peer::Flagship, exports::flagship()),
        (Peer::Flagsmith, exports::flagsmith()),
        (Peer::Flipt, exports::flipt()),
        (Peer::GoFeatureFlag, exports::goff()),
        (Peer::GoFeatureFlag, exports::goff_wrapped()),
        (Peer::GrowthBook, exports::growthbook()),
        (Peer::LaunchDarkly, exports::launchdarkly()),
        (Peer::LaunchDarkly, json!({"data": exports::launchdarkly()})),
        (Peer::PostHog, exports::posthog()),
        (
            Peer::PostHog,
            json!({"results": exports::posthog()["flags"]}),
        ),
        (Peer::Split, exports::split()),
        (Peer::Split, exports::split_older()),
        (Peer::Unleash, exports::unleash()),
        (Peer::Unleash, exports::unleash_events()),
    ]
}

/// An object of an export: where it is, and the same with a star for what somebody chose.
struct Level {
    pointer: String,
    pattern: String,
    members: &'static super::Members,
}

fn levels(shape: &'static Shape, json: &Json, (pointer, pattern): (&str, &str)) -> Vec<Level> {
    let inside = |shape: &'static Shape, json: &Json, name: &str, star: &str| {
        levels(shape, json, (&below(pointer, name), &below(pattern, star)))
    };
    match (shape, json) {
        (Shape::Object(members), Json::Object(object)) => {
            let level = Level {
                pointer: pointer.to_owned(),
                pattern: pattern.to_owned(),
                members,
            };
            let parts = members.parts.iter();
            let parts = parts.filter_map(|(name, shape)| Some((name, shape, object.get(*name)?)));
            let parts = parts.flat_map(|(name, shape, json)| inside(shape, json, name, name));
            std::iter::once(level).chain(parts).collect()
        }
        (Shape::List(shape), Json::Array(items)) => {
            let items = items.iter().enumerate();
            let items = items.flat_map(|(at, json)| inside(shape, json, &at.to_string(), "*"));
            items.collect()
        }
        (Shape::Keyed(shape), Json::Object(members)) => {
            let members = members.iter();
            members
                .flat_map(|(name, json)| inside(shape, json, name, "*"))
                .collect()
        }
        (Shape::Document(shape), json) => levels(shape, json, (pointer, pattern)),
        _ => Vec::new(),
    }
}

fn all_levels(peer: Peer, export: &Json) -> Vec<Level> {
    levels(peer.shape(export), export, ("", ""))
}

/// The export with another member at a level.
fn with(export: &Json, pointer: &str, name: &str, value: &Json) -> Json {
    let mut changed = export.clone();
    let object = changed.pointer_mut(pointer).and_then(Json::as_object_mut);
    object
        .expect("a level")
        .insert(name.to_owned(), value.clone());
    changed
}

/// Nothing where it is no export.
fn taken(peer: Peer, export: &Json) -> Option<Imported> {
    import(peer, export.to_string().as_bytes()).ok()
}

#[test]
fn an_unknown_member_is_reported_wherever_it_stands() {
    for (peer, export) in exports() {
        let notes = taken(peer, &export).expect("an export").report.notes;
        for level in all_levels(peer, &export) {
            let changed = with(&export, &level.pointer, "unheard/of", &json!(null));
            let imported = taken(peer, &changed).expect("an export");
            let pointer = below(&level.pointer, "unheard/of");
            let is_there =
                |note: &&Note| note.fidelity == Fidelity::Dropped && note.pointer == pointer;
            let (new, old): (Vec<_>, Vec<_>) = imported.report.notes.iter().partition(is_there);
            assert_eq!(new.len(), 1, "{peer:?} {pointer}: {old:#?}");
            assert!(old.into_iter().eq(&notes), "{peer:?} {pointer}");
            assert!(!imported.report.is_exact(), "so that it can be refused");
        }
    }
}

#[test]
fn no_answer_depends_on_what_is_said_to_be_idle() {
    for (peer, export) in exports() {
        let mut whole = taken(peer, &export).expect("an export");
        assert_eq!(whole.report.idle, Vec::<String>::new());
        for level in all_levels(peer, &export) {
            for name in level.members.idle.split_whitespace() {
                for odd in [json!("x"), json!(false), json!(7), json!({"a": []})] {
                    let changed = with(&export, &level.pointer, name, &odd);
                    whole.report.idle = vec![name.to_owned()];
                    let place = format!("{peer:?} {}/{name}", level.pointer);
                    assert_eq!(taken(peer, &changed), Some(whole.clone()), "{place}");
                }
            }
        }
    }
}

/// What replaces a member, to see whether it is read.
fn odd_ones() -> [Json; 22] {
    [
        json!(null),
        json!(true),
        json!(false),
        json!(3),
        json!(-1),
        json!(0),
        json!(2.5),
        json!("odd"),
        json!(2),
        json!("CLIENT"),
        json!("ARCHIVED"),
        json!("draft"),
        json!("number"),
        json!("DISABLED"),
        json!("AND"),
        json!("AND_SEGMENT_OPERATOR"),
        json!("2026-06-01T00:00:00Z"),
        json!([]),
        json!(["odd"]),
        json!([0.2, 0.4]),
        json!({}),
        json!({"odd": {"a": 1}}),
    ]
}

/// A pattern in which what nests in itself counts as one level.
fn flat(pattern: &str) -> String {
    let mut pattern = pattern.to_owned();
    for name in ["clauses", "rules", "values"] {
        let level = format!("/{name}/*");
        while pattern.contains(&level.repeat(2)) {
            pattern = pattern.replace(&level.repeat(2), &level);
        }
    }
    pattern
}

#[test]
fn what_is_said_to_be_read_is_read() {
    // By pattern and member: whether it is in an export, and whether another value there makes
    // another ruleset, another note or no export.
    let mut seen: BTreeMap<(String, String, &str), bool> = BTreeMap::new();
    for (peer, export) in exports() {
        let taken_over = taken(peer, &export);
        let form = peer.name().to_owned();
        for level in all_levels(peer, &export) {
            for name in level.members.read.split_whitespace() {
                let key = (form.clone(), flat(&level.pattern), name);
                let there = export.pointer(&below(&level.pointer, name)).is_some();
                let known = seen.entry(key).or_insert(false);
                *known = *known
                    || there
                        && odd_ones().iter().any(|odd| {
                            taken(peer, &with(&export, &level.pointer, name, odd)) != taken_over
                        });
            }
        }
    }
    let unread: BTreeSet<_> = seen.into_iter().filter(|(_, is_read)| !is_read).collect();
    assert_eq!(unread, BTreeSet::new());
}

#[test]
fn a_name_is_said_once() {
    for (peer, export) in exports() {
        for level in all_levels(peer, &export) {
            let Shape::Object(_) = peer.shape(&export) else {
                continue;
            };
            let members = level.members;
            let parts = members.parts.iter().map(|(name, _)| *name);
            let names = members
                .read
                .split_whitespace()
                .chain(members.idle.split_whitespace());
            let names: Vec<&str> = names.chain(parts).collect();
            let once: BTreeSet<&str> = names.iter().copied().collect();
            assert_eq!(once.len(), names.len(), "{peer:?} {}", level.pointer);
            for name in names {
                assert!(
                    members.get(name).is_some(),
                    "{peer:?} {} {name}",
                    level.pointer
                );
            }
            assert!(!matches!(members.get(""), Some(Known::Idle | Known::Read)));
        }
    }
}

#[test]
fn what_is_left_out_says_why() {
    for (peer, export, pointer, value, words) in [
        (
            Peer::PostHog,
            exports::posthog(),
            "/next",
            json!("https://x"),
            "next page",
        ),
        (
            Peer::PostHog,
            exports::posthog(),
            "/flags/0/deleted",
            json!(true),
            "deleted",
        ),
        (
            Peer::Flagsmith,
            exports::flagsmith(),
            "/identity",
            json!({"key": 1}),
            "own context",
        ),
        (
            Peer::GoFeatureFlag,
            exports::goff(),
            "/f/scheduledRollout/0/needs",
            json!([1]),
            "a flag as a whole",
        ),
    ] {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let changed = with(&export, parent, name, &value);
        let notes = taken(peer, &changed).expect("an export").report.notes;
        let note = notes
            .iter()
            .find(|note| note.pointer == pointer)
            .expect("a note");
        assert_eq!(note.fidelity, Fidelity::Dropped);
        assert!(note.message.contains(words), "{}", note.message);
        let quiet = taken(peer, &with(&export, parent, name, &json!(null))).expect("an export");
        assert_eq!(
            quiet.report.notes.len() + 1,
            notes.len(),
            "an empty one loses nothing"
        );
    }
}

#[test]
fn one_note_for_a_member_of_many_flags() {
    let flag = json!({"variations": {"a": 1}, "defaultRule": {"variation": "a"}, "odd": 1});
    let export = json!({"f": flag, "g": flag, "h": flag});
    let notes = taken(Peer::GoFeatureFlag, &export)
        .expect("an export")
        .report
        .notes;
    let notes: Vec<_> = notes
        .iter()
        .map(|note| (&*note.pointer, &*note.message))
        .collect();
    let message = "nobody here knows this member: answers may depend on it (3 times)";
    assert_eq!(notes, [("/f/odd", message)]);
}

#[test]
fn what_has_another_form_is_not_passed_over() {
    let mut export = exports::flipt();
    export["flags"][0]["rules"] = json!({"a": 1});
    let notes = taken(Peer::Flipt, &export).expect("an export").report.notes;
    let note = notes
        .iter()
        .find(|note| note.pointer == "/flags/0/rules")
        .expect("a note");
    assert!(note.message.starts_with("no list"), "{}", note.message);
    // Its importer says so itself.
    let mut export = exports::growthbook();
    export["features"]["f"]["rules"] = json!({"a": 1});
    let notes = taken(Peer::GrowthBook, &export)
        .expect("an export")
        .report
        .notes;
    let notes = notes
        .iter()
        .filter(|note| note.pointer == "/features/f/rules");
    assert_eq!(notes.count(), 1);
}
