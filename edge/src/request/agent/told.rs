//! What a user agent tells: the product that says most, and the system in its first parentheses.
//!
//! The grammar is that of RFC 9110, section 10.1.5; what it means is history. Nearly every browser
//! claims to be several others, so products are ranked. Some systems' versions are frozen (Windows
//! at 10.0, macOS at 10.15.7, Android at 10 in Chromium): then the version is the least it can be.

use super::{Agent, Product, version};

/// Products by how much they say; the first that is there names the browser.
const PRODUCTS: [(&str, &str); 21] = [
    ("Edg", "edge"),
    ("EdgA", "edge"),
    ("EdgiOS", "edge"),
    ("Edge", "edge"),
    ("OPR", "opera"),
    ("OPT", "opera"),
    ("OPiOS", "opera"),
    ("SamsungBrowser", "samsung"),
    ("YaBrowser", "yandex"),
    ("Vivaldi", "vivaldi"),
    ("Brave", "brave"),
    ("DuckDuckGo", "duckduckgo"),
    ("Ddg", "duckduckgo"),
    ("UCBrowser", "uc"),
    ("Silk", "silk"),
    ("FxiOS", "firefox"),
    ("Firefox", "firefox"),
    ("CriOS", "chrome"),
    ("Chromium", "chromium"),
    ("Chrome", "chrome"),
    // Safari gives its own version apart from its name.
    ("Version", "safari"),
];

/// Browser and system as the user agent tells them.
pub(super) fn read(agent: &str) -> Agent {
    let comment = agent
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(comment, _)| comment);
    let os = parts(comment).find_map(system);
    Agent {
        browser: browser(agent, comment),
        os: os.or_else(|| unix(comment)),
    }
}

fn browser(agent: &str, comment: &str) -> Option<Product> {
    let mut best: Option<(usize, &str)> = None;
    for word in agent.split(' ') {
        let Some((name, release)) = word.split_once('/') else {
            continue;
        };
        let rank = PRODUCTS.iter().position(|(product, _)| *product == name);
        if let Some(rank) = rank
            && best.is_none_or(|(known, _)| rank < known)
        {
            best = Some((rank, release));
        }
    }
    let Some((name, release)) =
        best.and_then(|(rank, release)| Some((PRODUCTS.get(rank)?.1, release)))
    else {
        return explorer(comment);
    };
    let name = match name {
        // A view inside an app is not the browser whose engine it is.
        "chrome" if parts(comment).any(|part| part == "wv") => "webview",
        // The stock browser of old Androids also told its version apart.
        "safari" if !is_apple(comment) => return None,
        name => name,
    };
    let version = version(release);
    Some(Product { name, version })
}

fn parts(comment: &str) -> impl Iterator<Item = &str> {
    comment.split(';').map(str::trim)
}

fn is_apple(comment: &str) -> bool {
    ["Macintosh", "iPhone", "iPad", "iPod"]
        .into_iter()
        .any(|device| comment.starts_with(device))
}

/// Internet Explorer says what it is inside the parentheses.
fn explorer(comment: &str) -> Option<Product> {
    let release = parts(comment).find_map(|part| part.strip_prefix("MSIE "));
    let is_trident = || parts(comment).any(|part| part.starts_with("Trident/"));
    let release = release.or_else(|| {
        let release = parts(comment).find_map(|part| part.strip_prefix("rv:"));
        release.filter(|_| is_trident())
    })?;
    Some(Product {
        name: "ie",
        version: version(release),
    })
}

/// The system that one part of the comment names for sure.
fn system(part: &str) -> Option<Product> {
    let product = |name, release: &str| {
        let version = version(release);
        Some(Product { name, version })
    };
    if let Some(release) = part.strip_prefix("Windows NT ") {
        let release = match release {
            "6.1" => "7",
            "6.2" => "8",
            "6.3" => "8.1",
            release => release,
        };
        return product("windows", release);
    }
    if part.starts_with("Windows") {
        return product("windows", "");
    }
    if let Some(release) = part.strip_prefix("Android") {
        return product("android", release.trim_start());
    }
    if let Some(at) = part.find(" OS ").filter(|_| part.starts_with("CPU")) {
        return product("ios", part.get(at + 4..).unwrap_or_default());
    }
    if let Some(release) = part.strip_prefix("Intel Mac OS X") {
        return product("macos", release.trim_start());
    }
    if let Some(build) = part.strip_prefix("CrOS ") {
        return product("chromeos", build.split(' ').nth(1).unwrap_or_default());
    }
    if let Some(release) = part.strip_prefix("Tizen") {
        return product("tizen", release.trim_start());
    }
    part.starts_with("Web0S").then_some(Product {
        name: "webos",
        version: None,
    })
}

/// What is left when no part names a system: something of the Unix kind, or nothing known.
fn unix(comment: &str) -> Option<Product> {
    let name = if parts(comment).any(|part| part.starts_with("Linux")) {
        "linux"
    } else if is_apple(comment) {
        if comment.starts_with("Macintosh") {
            "macos"
        } else {
            "ios"
        }
    } else {
        return None;
    };
    Some(Product {
        name,
        version: None,
    })
}
