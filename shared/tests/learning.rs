//! Learning gives the same bits everywhere: natively, in wasm under Node, and in a browser.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use std::sync::Arc;

use bandera_shared::bandit::{POLICY_KINDS, wire};
use bandera_shared::decision::{Choice, decide};
use bandera_shared::keys::{KeyRing, Purpose};
use bandera_shared::ledger::{ArmState, MergedState, ShardState, WarmStart, slot};
use bandera_shared::policy::contextual::{
    BootstrapSpec, ContextualPolicy, ContextualSpec, Exploration, Features, LearnerSpec, Link,
    Observation, Spread,
};
use bandera_shared::policy::index::{IndexArm, MeasuredShare, Plan, RULES, rule_named};
use bandera_shared::policy::linear::{Block, Weighing, fit};
use bandera_shared::policy::{Beta, allocate, next_snapshot, probability_best};
use bandera_shared::receipt::Receipt;
use bandera_shared::slate::rank;
use bandera_shared::snapshot::{self, LinearModel};
use bandera_shared::sorted::Sorted;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::subject::SubjectKey;
use bandera_shared::{EvaluationContext, UnixMillis};
use xxhash_rust::xxh3::xxh3_64;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const BANDIT: &str = r#"{"actions":["craft","evening","gift"],
    "reward":{"metric":"purchase","kind":"binary"},"policy":{"kind":"thompson","floor":0.01}}"#;

#[test]
fn probabilities_of_being_best_keep_their_bits() {
    let arms = [(12.5, 300.25), (20.0, 295.5), (0.5, 0.5), (1e6, 1e7)];
    let arms = arms.map(|(a, b)| Beta::new(a, b));
    let bits: Vec<u64> = probability_best(&arms)
        .into_iter()
        .map(f64::to_bits)
        .collect();
    let pinned = [
        4_540_266_213_407_105_614,
        4_574_096_646_130_840_229,
        4_605_424_028_374_339_358,
        4_595_967_619_772_124_298,
    ];
    assert_eq!(bits, pinned);
    let quantiles = arms.map(|arm| arm.quantile(0.975).to_bits());
    let pinned = [
        4_589_295_494_293_451_165,
        4_591_346_862_609_612_299,
        4_607_168_535_705_366_616,
        4_591_227_357_723_004_124,
    ];
    assert_eq!(quantiles, pinned);
}

#[test]
fn allocations_keep_their_parts() {
    let bandit = wire::parse("hero", BANDIT).expect("the bandit is sound");
    let arm = |n_decisions: u64, n_rewarded: u64| ArmState {
        n_decisions,
        n_exposed: n_decisions,
        n_rewarded,
        units: u128::from(n_rewarded) << 32,
        units_squared: u128::from(n_rewarded) << 64,
    };
    let arms = Sorted::from([
        ("craft".into(), arm(1_200, 60)),
        ("evening".into(), arm(1_150, 69)),
        ("gift".into(), arm(40, 3)),
    ]);
    let mut merged = MergedState::default();
    let state = ShardState {
        arms,
        ..ShardState::default()
    };
    merged.merge_shard(0, state);
    let arms = merged.remembered(&bandit, UnixMillis(0));
    let allocation = allocate(&bandit, &arms).expect("the statistics are sound");
    assert_eq!(allocation.parts(), [50_663, 285_522, 663_815]);
}

#[test]
fn decisions_and_receipts_keep_their_bytes() {
    let bandit = wire::parse("hero", BANDIT).expect("the bandit is sound");
    let decision = decide(&Choice {
        bandit: &bandit,
        snapshot: None,
        sticky: &StickyDecisions::default(),
        context: &EvaluationContext::new(),
        unit: "visitor-1",
        draw: 0,
        at: UnixMillis(1_770_000_000_000),
    });
    let decision = decision.expect("the bandit has actions");
    let subject = SubjectKey::parse(SECRET)
        .expect("a key of 32 bytes")
        .hash("visitor-1");
    let keys = KeyRing::parse(&format!("3:{SECRET}"))
        .expect("a ring")
        .derive(Purpose::Receipt);
    let token = Receipt::new(decision, subject, 4)
        .to_token(&keys)
        .expect("short keys");
    let pinned = "AQMEaGVybwdldmVuaW5nztNt0trjMOblokqckdkEmQAFFhUAAAAAAAAAAAAAAZwcOKQAAAABnCFf\
                  AAAAAB2VP6WhI260os5SC90FBuEAAszyb9bYfnIxsV5zifvPJw";
    assert_eq!(token, pinned);
}

const CONTEXTUAL: &str = r#"{"actions":["craft","evening","gift"],
    "reward":{"metric":"purchase","kind":"binary"},
    "policy":{"kind":"contextual","floor":0.02,"features":[
        {"kind":"oneHot","attribute":"device","categories":["desktop","mobile"]},
        {"kind":"numeric","attribute":"age","min":0,"max":90,"missing":30},
        {"kind":"steps","attribute":"hour","bounds":[6,12,18]},
        {"kind":"hashed","attribute":"path","places":5},
        {"kind":"crossed","of":[0,2]}]}}"#;

#[test]
fn contextual_decisions_and_receipts_keep_their_bytes() {
    let bandit = wire::parse("hero", CONTEXTUAL).expect("the bandit is sound");
    let features = bandit.features().expect("it looks at contexts");
    let context = EvaluationContext::new()
        .with("device", "mobile")
        .with("hour", 19)
        .with("path", "/p/stove");
    let seen = features.vector(&context);
    let mut blocks = vec![Block::new(features.n_features()); 3];
    for (n, block) in (0_u64..).zip(&mut blocks) {
        for i in 0..40 {
            block.observe(&seen, (i * (n + 1)) << 25);
        }
    }
    let fit = fit(&blocks).expect("the sums are sound");
    let bits: Vec<u64> = fit.coefficients.iter().map(|of| of[0].to_bits()).collect();
    assert_eq!(
        bits,
        [
            4_598_626_045_780_294_810,
            4_599_160_381_963_763_712,
            4_599_694_718_147_232_614
        ]
    );
    assert_eq!(fit.gamma.to_bits(), 4_640_052_598_155_088_128);
    let weighing = Weighing::InverseGap { gamma: fit.gamma };
    let rows = fit.coefficients.iter();
    let rows = rows.map(|of| of.iter().map(|w| *w as f32).collect());
    let model = LinearModel::new(features.fingerprint(), weighing, rows.collect());
    let json = r#"{"formatVersion":1,"bandit":"hero","revision":3,"atMs":5,"actions":[
        {"action":"craft","parts":1000000},{"action":"evening","parts":0},
        {"action":"gift","parts":0}]}"#;
    let published = snapshot::wire::parse(json.as_bytes()).expect("a snapshot");
    let published = published.with_model(model.expect("finite numbers"));
    let published = published.expect("three actions");
    let distribution = published
        .distribution_in(&seen, &bandit)
        .expect("same features");
    assert_eq!(distribution.parts(), [37_603, 53_333, 909_064]);
    let decision = decide(&Choice {
        bandit: &bandit,
        snapshot: Some(&published),
        sticky: &StickyDecisions::default(),
        context: &context,
        unit: "visitor-1",
        draw: 0,
        at: UnixMillis(1_770_000_000_000),
    });
    let subject = SubjectKey::parse(SECRET).expect("a key of 32 bytes");
    let keys = KeyRing::parse(&format!("3:{SECRET}")).expect("a ring");
    let keys = keys.derive(Purpose::Receipt);
    let receipt = Receipt::new(decision.expect("actions"), subject.hash("visitor-1"), 4);
    assert_eq!(receipt.decision().features, seen);
    let token = receipt.to_token(&keys).expect("short keys");
    let pinned = "AQMEaGVybwRnaWZ0yWCa5J8XhFvqyW3LkqZqPAAN3wgAAAAAAAAAAwAAAZwcOKQAAAABnCFfAAAAAB2V\
                  P6WhI260os5SC90FBuEUD_snSMYACBAA-qsQABAAEABVY29Q_PmkMSfCukru_y2T";
    assert_eq!(token, pinned);
    assert_eq!(Receipt::from_token(&token, &keys), Ok(receipt));
}

/// A bandit's policy explores in one of four ways, each from the same sums.
#[test]
fn explorations_keep_their_bytes() {
    let declared = [
        "",
        r#","exploration":"linUcb","alpha":0.75"#,
        r#","exploration":"epsilonGreedy","epsilon":0.5,"decay":0.25"#,
        r#","exploration":"greedy""#,
    ];
    let context = EvaluationContext::new()
        .with("device", "mobile")
        .with("hour", 19);
    let found = declared.map(|more| {
        let json = CONTEXTUAL.replace(r#""floor":0.02"#, &format!(r#""floor":0.02{more}"#));
        let bandit = wire::parse("hero", &json).expect("the bandit is sound");
        let features = bandit.features().expect("it looks at contexts");
        let block = |n: i64| {
            let mut block = Block::new(features.n_features());
            for i in 0..30 {
                let device = if i % 3 == 0 { "mobile" } else { "desktop" };
                let other = EvaluationContext::new().with("device", device);
                let seen = features.vector(&other.with("age", i * n % 90).with("hour", i % 24));
                block.observe(&seen, ((i * n) << 24).unsigned_abs());
            }
            block
        };
        let names = ["craft", "evening", "gift"].map(Box::<str>::from);
        let blocks = names.into_iter().zip([7, 5, 6].map(|n| Arc::new(block(n))));
        let mut merged = MergedState::default();
        let state = ShardState {
            blocks: blocks.collect(),
            ..ShardState::default()
        };
        merged.merge_shard(0, state);
        let next = next_snapshot(&bandit, &merged, 1, UnixMillis(0)).expect("sound sums");
        let seen = features.vector(&context);
        let distribution = next.distribution_in(&seen, &bandit).expect("same features");
        let parts: [u32; 3] = distribution.parts().try_into().expect("three actions");
        (xxh3_64(snapshot::wire::print(&next).as_bytes()), parts)
    });
    let pinned = [
        (16_859_999_432_706_088_618, [105_263, 807_418, 87_319]),
        (7_412_248_846_555_533_800, [20_000, 960_000, 20_000]),
        (15_965_385_254_562_880_807, [70_865, 858_271, 70_864]),
        (7_477_030_624_878_032_046, [20_000, 960_000, 20_000]),
    ];
    assert_eq!(found, pinned);
}

/// Arms without contexts after any number of rewards.
fn index_arms() -> Vec<IndexArm> {
    let mut arms = vec![IndexArm::default(); 4];
    for (n, arm) in (1_u32..).zip(&mut arms) {
        for i in 0..60 * n {
            arm.observe(f64::from(u8::from((i * 7 + n).is_multiple_of(9 - n))));
        }
    }
    arms
}

#[test]
fn rules_without_contexts_keep_their_parts() {
    let arms = index_arms();
    let plan = Plan {
        n_decisions: 100,
        share: MeasuredShare { floor_parts: 5_000 },
    };
    let parts = RULES.map(|name| {
        let rule = rule_named(name).expect("a rule");
        let distribution = rule.distribution(&arms, plan).expect("four arms");
        let parts: [u32; 4] = distribution.parts().try_into().expect("four parts");
        (name, parts)
    });
    let pinned = [
        ("default", [101_581, 5_000, 171_987, 721_432]),
        ("thompson", [101_581, 5_000, 171_987, 721_432]),
        ("thompson-uniform", [116_936, 5_000, 172_543, 705_521]),
        ("thompson-normal", [97_112, 5_000, 172_895, 724_993]),
        ("ucb1", [985_000, 5_000, 5_000, 5_000]),
        ("kl-ucb", [985_000, 5_000, 5_000, 5_000]),
        ("kl-ucb-plus", [985_000, 5_000, 5_000, 5_000]),
        ("kl-moss", [5_000, 5_000, 5_000, 985_000]),
        ("imed", [985_000, 5_000, 5_000, 5_000]),
        ("epsilon-greedy", [29_500, 29_500, 29_500, 911_500]),
        ("greedy", [5_000, 5_000, 5_000, 985_000]),
        ("top-two", [194_472, 5_000, 324_575, 475_953]),
    ];
    assert_eq!(parts, pinned);
}

#[test]
fn choices_without_contexts_never_change() {
    // One after the other, each learning from the one before, so that a last bit that differs in a
    // root or a logarithm shows.
    let digests = RULES.map(|name| {
        let rule = rule_named(name).expect("a rule");
        let plan = Plan {
            n_decisions: 1,
            share: MeasuredShare::default(),
        };
        let mut arms = vec![IndexArm::default(); 5];
        let mut chosen = Vec::new();
        for round in 0..400_u64 {
            let distribution = rule.distribution(&arms, plan).expect("five arms");
            let (action, propensity) = distribution.sample(xxh3_64(&round.to_le_bytes()));
            let luck = xxh3_64(&(!round).to_le_bytes()) % 100;
            let share = f64::from(u8::from(luck < 8 * (action as u64 + 1)));
            arms[action].observe(share);
            chosen.push(action as u8);
            chosen.extend(propensity.parts().to_le_bytes());
        }
        (name, xxh3_64(&chosen))
    });
    let pinned = [
        ("default", 1_731_712_386_506_445_916),
        ("thompson", 3_490_031_956_019_058_425),
        ("thompson-uniform", 9_155_856_450_311_125_222),
        ("thompson-normal", 13_389_318_670_998_480_380),
        ("ucb1", 6_336_000_301_657_635_742),
        ("kl-ucb", 11_088_134_338_964_481_478),
        ("kl-ucb-plus", 1_996_500_690_566_742_734),
        ("kl-moss", 1_731_712_386_506_445_916),
        ("imed", 11_137_408_727_260_045_271),
        ("epsilon-greedy", 3_807_659_820_667_428_707),
        ("greedy", 1_701_875_821_044_946_324),
        ("top-two", 6_464_925_463_205_777_930),
    ];
    assert_eq!(digests, pinned);
}

/// What the coordinator publishes of a declared bandit: from sums of two shards, half forgotten,
/// and a warm start.
#[test]
fn declared_kinds_keep_their_parts() {
    let arm = |n: u64, half: u64| ArmState {
        n_decisions: n,
        n_exposed: n,
        n_rewarded: half,
        units: u128::from(half) << 31,
        units_squared: u128::from(half) << 62,
    };
    let now = UnixMillis(1_770_000_003_000);
    let period = now.0 / 1_000;
    let shard = |more: u64| {
        let arms = [("craft", 120, 13), ("evening", 95, 12), ("gift", 30, 2)];
        let recent = arms.map(|(name, n, half)| (slot(name, period), arm(n + more, half)));
        let older = arms.map(|(name, n, half)| (slot(name, period - 3), arm(2 * n, half + more)));
        ShardState {
            arms: recent.into_iter().chain(older).collect(),
            ..ShardState::default()
        }
    };
    let mut merged = MergedState::default();
    merged.merge_shard(0, shard(3));
    merged.merge_shard(1, shard(8));
    let found = POLICY_KINDS.map(|kind| {
        let features = r#","features":[{"kind":"hashed","attribute":"x","places":2}]"#;
        let more = match kind.name() {
            "contextual" => features,
            "epsilonGreedy" => r#","epsilon":0.7,"decay":0.3"#,
            "topTwo" => r#","prior":{"successes":2,"failures":9}"#,
            _ => "",
        };
        let json = format!(
            r#"{{"actions":["craft","evening","gift"],"reward":{{"metric":"m","kind":"numeric",
            "min":0,"max":8}},"policy":{{"kind":"{}","floor":0.01,"halfLifeMs":2000{more}}}}}"#,
            kind.name()
        );
        let bandit = wire::parse("hero", &json).expect("a sound bandit");
        let start = WarmStart::new(0.375, 160, bandit.reward().range(), now).expect("in its range");
        let mut merged = merged.clone();
        merged.warm_up("gift", start);
        let next = next_snapshot(&bandit, &merged, 1, now).expect("sound statistics");
        let parts: Vec<u32> = next.actions().iter().map(|one| one.parts).collect();
        let parts: [u32; 3] = parts.try_into().expect("three actions");
        (kind.name(), parts)
    });
    let pinned = [
        ("thompson", [207_171, 530_073, 262_756]),
        // Sums without contexts teach it nothing.
        ("contextual", [333_334, 333_333, 333_333]),
        ("thompsonNormal", [164_735, 653_051, 182_214]),
        ("ucb1", [10_000, 10_000, 980_000]),
        ("klUcb", [10_000, 980_000, 10_000]),
        ("klUcbPlus", [10_000, 980_000, 10_000]),
        ("klMoss", [10_000, 10_000, 980_000]),
        ("imed", [10_000, 10_000, 980_000]),
        ("epsilonGreedy", [37_162, 925_676, 37_162]),
        ("greedy", [10_000, 980_000, 10_000]),
        ("topTwo", [241_032, 425_406, 333_562]),
    ];
    assert_eq!(found, pinned);
}

/// Distributions of a policy that learns from each of its decisions, all in one number.
fn course_of(spec: ContextualSpec, is_good: fn(&[f64], usize) -> bool) -> (u64, Vec<u64>) {
    let (d, n_actions) = (6, 4);
    let mut policy = ContextualPolicy::new(spec, d, n_actions).expect("sizes within bounds");
    let mut bytes = Vec::new();
    for round in 0..600_u64 {
        let hash = |salt: u64| xxh3_64(&[round.to_le_bytes(), salt.to_le_bytes()].concat());
        let context: Vec<f64> = (0..d as u64)
            .map(|n| (hash(n) >> 40) as f64 / f64::from(1 << 24) * 2.0 - 1.0)
            .collect();
        let distribution = policy.decide(&context);
        bytes.extend(distribution.parts().iter().flat_map(|it| it.to_le_bytes()));
        let (action, _) = distribution.sample(hash(77));
        policy.observe(Observation {
            context: &context,
            action,
            share: f64::from(u8::from(is_good(&context, action))),
        });
    }
    let trusts = policy.trusts().into_iter().map(f64::to_bits).collect();
    (xxh3_64(&bytes), trusts)
}

fn in_half_a_space(context: &[f64], action: usize) -> bool {
    context[action] + 0.5 * context[5] > 0.2
}

fn in_a_band(context: &[f64], action: usize) -> bool {
    context[action].abs() < 0.4
}

#[test]
fn contextual_learners_keep_their_bits() {
    let learner = LearnerSpec {
        features: Features::Quadratic,
        link: Link::Identity,
        spread: Spread::Each(1.0),
    };
    let single = |exploration| {
        let spec = ContextualSpec::single("one", learner, exploration);
        course_of(spec, in_half_a_space).0
    };
    let digests = [
        single(Exploration::Optimism { scale: 0.5 }),
        single(Exploration::Thompson { scale: 1.0 }),
        single(Exploration::Bootstrap(BootstrapSpec::DEFAULT)),
        single(Exploration::InverseGap {
            gamma: 10.0,
            exponent: 0.5,
            elimination: Some(1.0),
        }),
    ];
    assert_eq!(
        digests,
        [
            11_946_735_200_056_325_384,
            2_861_007_499_320_671_403,
            2_022_808_689_313_412_809,
            15_917_959_774_412_131_599
        ]
    );
    let (digest, trusts) = course_of(ContextualSpec::default(), in_half_a_space);
    assert_eq!(
        (digest, trusts),
        (
            10_139_158_125_154_190_992,
            vec![
                4_607_182_417_654_313_228,
                4_503_817_378_836_862_934,
                4_477_455_584_121_180_782
            ]
        )
    );
}

/// Lists of many units: actions, propensities and decision ids of every position.
#[test]
fn lists_never_change() {
    let plain = r#"{"actions":["a","b","c","d","e"],"reward":{"metric":"m","kind":"numeric",
        "min":-1,"max":3},"stickiness":"STICKINESS"}"#;
    let json = r#"{"formatVersion":1,"bandit":"menu","revision":3,"atMs":5,"actions":[
        {"action":"a","parts":110000,"decisions":311,"rewarded":40,"meanReward":-0.25},
        {"action":"b","parts":230000,"decisions":512,"rewarded":61,"meanReward":0.125},
        {"action":"c","parts":340000,"decisions":97,"rewarded":12,"meanReward":0.7},
        {"action":"d","parts":320000,"decisions":5,"rewarded":2,"meanReward":1.9}]}"#;
    let published = snapshot::wire::parse(json.as_bytes()).expect("a snapshot");
    let digests = ["subject", "revision", "request"].map(|stickiness| {
        let json = plain.replace("STICKINESS", stickiness);
        let bandit = wire::parse("menu", &json).expect("the bandit is sound");
        let mut told = Vec::new();
        for unit in 0..500_u64 {
            let choice = Choice {
                bandit: &bandit,
                snapshot: Some(&published),
                sticky: &StickyDecisions::default(),
                context: &EvaluationContext::new(),
                unit: &unit.to_string(),
                draw: xxh3_64(&unit.to_le_bytes()),
                at: UnixMillis(0),
            };
            for position in rank(&choice, Vec::new(), 4) {
                told.extend(position.decision.action.bytes());
                told.extend(position.decision.propensity.parts().to_le_bytes());
                told.extend(position.decision.decision_id.0);
            }
        }
        xxh3_64(&told)
    });
    let pinned = [
        15_494_808_988_282_020_748,
        2_391_123_651_683_328_048,
        1_925_726_571_333_632_703,
    ];
    assert_eq!(digests, pinned);
}

#[test]
fn trees_keep_their_bits() {
    let digests = [Link::Logistic, Link::Identity].map(|link| {
        let learner = |features| LearnerSpec {
            features,
            link,
            spread: Spread::Each(1.0),
        };
        let course = |features| {
            let exploration = Exploration::Optimism { scale: 0.5 };
            let spec = ContextualSpec::single("one", learner(features), exploration);
            course_of(spec, in_a_band).0
        };
        // Splits that were worth it make the difference.
        assert_ne!(course(Features::Trees), course(Features::Linear));
        course(Features::Trees)
    });
    assert_eq!(
        digests,
        [3_561_259_746_944_137_698, 5_151_565_562_932_972_962]
    );
}
