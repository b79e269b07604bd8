//! How settings are read: member by member, over what holds where nothing is said.
//!
//! One walk for all sections. Readers that are derived for each are compiled into each other, which
//! is five kilobytes of a Worker, compressed.

use super::{
    BotSettings, ContextSettings, CookieSettings, CorsSettings, HeaderSettings, OriginSettings,
    PageSettings, Settings, SkipSettings, SubjectSettings,
};
use bandera_shared::wire::tree;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An object of settings.
pub(super) trait Section {
    /// Takes the member of that name; `None` where it has none.
    fn set(&mut self, name: &str, value: Value) -> Option<Result<(), String>>;
    /// Names of all members.
    fn names(&self) -> &'static [&'static str];
}

/// Puts what is given in place of what is there.
///
/// # Errors
/// What is wrong and where, for a person.
pub(super) fn fill(section: &mut dyn Section, tree: Value) -> Result<(), String> {
    let Value::Object(members) = tree else {
        return Err("invalid type: settings are an object".to_owned());
    };
    for (name, value) in members {
        let Some(done) = section.set(&name, value) else {
            let names = section.names().join("`, `");
            return Err(format!("unknown field `{name}`, expected one of `{names}`"));
        };
        done.map_err(|fault| format!("{name}: {fault}"))?;
    }
    Ok(())
}

fn value<T: DeserializeOwned>(to: &mut T, value: Value) -> Result<(), String> {
    *to = tree::from_value(value).map_err(|error| error.to_string())?;
    Ok(())
}

macro_rules! section {
    ($section:ty { $($name:literal => $reader:ident $field:ident,)* }) => {
        impl Section for $section {
            fn set(&mut self, name: &str, given: Value) -> Option<Result<(), String>> {
                Some(match name {
                    $($name => $reader(&mut self.$field, given),)*
                    _ => return None,
                })
            }

            fn names(&self) -> &'static [&'static str] {
                &[$($name),*]
            }
        }
    };
}

section!(Settings {
    "refreshMs" => value refresh_ms,
    "kvCacheTtlS" => value kv_cache_ttl_s,
    "coldWaitMs" => value cold_wait_ms,
    "staleAfterMs" => value stale_after_ms,
    "subject" => fill subject,
    "context" => fill context,
    "bots" => fill bots,
    "headers" => fill headers,
    "cookies" => fill cookies,
    "page" => fill page,
    "skip" => fill skip,
    "origin" => fill origin,
    "cors" => fill cors,
    "serverTiming" => value server_timing,
});

section!(SubjectSettings {
    "cookie" => value cookie,
    "ageS" => value age_s,
    "domain" => value domain,
    "consent" => value consent,
    "header" => value header,
});

section!(ContextSettings {
    "headers" => value headers,
    "cookies" => value cookies,
});

section!(BotSettings {
    "also" => value also,
    "never" => value never,
});

section!(HeaderSettings {
    "variants" => value variants,
    "perFlag" => value per_flag,
});

section!(CookieSettings {
    "variants" => value variants,
    "sticky" => value sticky,
    "exposed" => value exposed,
    "preview" => value preview,
});

section!(PageSettings {
    "state" => value state,
});

section!(SkipSettings {
    "paths" => value paths,
});

section!(OriginSettings {
    "cache" => value cache,
});

section!(CorsSettings {
    "origins" => value origins,
});
