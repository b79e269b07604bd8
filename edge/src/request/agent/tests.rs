use super::super::tests::head;
use super::*;

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 \
                      (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";

#[track_caller]
fn check(headers: &[(&str, &str)], browser: &str, os: &str) {
    let agent = read(&head(headers));
    let words = |product: Option<Product>| match product {
        Some(Product {
            name,
            version: Some(version),
        }) => format!("{name} {version}"),
        Some(Product { name, .. }) => name.to_owned(),
        None => String::new(),
    };
    assert_eq!(words(agent.browser), browser, "{headers:?}");
    assert_eq!(words(agent.os), os, "{headers:?}");
}

#[track_caller]
fn check_told(agent: &str, browser: &str, os: &str) {
    check(&[("user-agent", agent)], browser, os);
}

#[test]
fn a_user_agent_tells_browser_and_system() {
    check_told(CHROME, "chrome 130.0.0", "windows 10.0.0");
    check_told(
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "ie 11.0.0",
        "windows 7.0.0",
    );
    check_told(
        "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
        "ie 10.0.0",
        "windows 8.0.0",
    );
    check_told(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
         Version/17.4.1 Safari/605.1.15",
        "safari 17.4.1",
        "macos 10.15.7",
    );
    check_told(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:131.0) Gecko/20100101 Firefox/131.0",
        "firefox 131.0.0",
        "macos 10.15.0",
    );
    check_told(
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
        "firefox 131.0.0",
        "linux",
    );
    check_told(
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/130.0.0.0 Safari/537.36",
        "chrome 130.0.0",
        "chromeos 14541.0.0",
    );
    check_told(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.56",
        "edge 130.0.2849",
        "windows 10.0.0",
    );
    check_told(
        "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/79.0.3945.79 Safari/537.36",
        "chrome 79.0.3945",
        "webos",
    );
}

#[test]
fn phones_and_tablets_tell_theirs() {
    check_told(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 \
         (KHTML, like Gecko) CriOS/130.0.6723.37 Mobile/15E148 Safari/604.1",
        "chrome 130.0.6723",
        "ios 17.5.1",
    );
    check_told(
        "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
         Mobile/15E148",
        "",
        "ios 12.5.0",
    );
    check_told(
        "Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0",
        "firefox 131.0.0",
        "android 14.0.0",
    );
    check_told(
        "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) \
         SamsungBrowser/26.0 Chrome/122.0.0.0 Safari/537.36",
        "samsung 26.0.0",
        "android 14.0.0",
    );
    check_told(
        "Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
         Version/4.0 Chrome/130.0.6723.58 Mobile Safari/537.36",
        "webview 130.0.6723",
        "android 13.0.0",
    );
    check_told(
        "Mozilla/5.0 (Linux; U; Android 4.0.3; en-us) AppleWebKit/534.30 (KHTML, like Gecko) \
         Version/4.0 Mobile Safari/534.30",
        "",
        "android 4.0.3",
    );
}

#[test]
fn hints_come_before_the_user_agent() {
    let brands = "\"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\", \"Microsoft Edge\";v=\"130\"";
    let full = "\"Microsoft Edge\";v=\"130.0.2849.56\", \"Chromium\";v=\"130.0.6723.70\"";
    let told = ("user-agent", CHROME);
    check(
        &[
            told,
            ("sec-ch-ua", brands),
            ("sec-ch-ua-platform", "\"macOS\""),
        ],
        "edge 130.0.0",
        "macos",
    );
    check(
        &[
            told,
            ("sec-ch-ua", brands),
            ("sec-ch-ua-full-version-list", full),
            ("sec-ch-ua-platform", "\"Windows\""),
            ("sec-ch-ua-platform-version", "\"15.0.0\""),
        ],
        "edge 130.0.2849",
        "windows 11.0.0",
    );
    // The user agent's version belongs to what the user agent names.
    check(
        &[told, ("sec-ch-ua", "\"Google Chrome\", \"Chromium\"")],
        "chrome 130.0.0",
        "windows 10.0.0",
    );
    check(
        &[told, ("sec-ch-ua", "\"Brave\", \"Chromium\";v=\"130\"")],
        "brave",
        "windows 10.0.0",
    );
}

#[test]
fn hints_are_lists_with_parameters() {
    let check = |brands: &str, browser| check(&[("sec-ch-ua", brands)], browser, "");
    check("\"Opera\"", "opera");
    check(" \"Opera\" ; v=\"9\"", "");
    check(" \"Opera\"; v=\"9\" ,\t\"Brave\" ", "opera 9.0.0");
    check("\"Opera\";v=\"9\";x;v=\"10\";y=?1;z=1.5", "opera 10.0.0");
    check("\"Opera\";v=9", "opera");
    check(
        "\"\\\\Not\\\"A, \\\"Brave\", \"Opera\";v=\"1\"",
        "opera 1.0.0",
    );
}

#[test]
fn windows_counts_releases_of_an_interface() {
    let check = |contract: &str, os: &str| {
        let contract = format!("\"{contract}\"");
        let headers = [
            ("sec-ch-ua-platform", "\"Windows\""),
            ("sec-ch-ua-platform-version", &*contract),
        ];
        check(&headers, "", os);
    };
    check("0.1.0", "windows 7.0.0");
    check("0.2", "windows 8.0.0");
    check("0.3.0", "windows 8.1.0");
    check("0.0.0", "windows");
    check("1.0.0", "windows 10.0.0");
    check("12.0.0", "windows 10.0.0");
    check("13.0.0", "windows 11.0.0");
    check("19.0.0", "windows 11.0.0");
    check("", "windows");
}

#[test]
fn what_is_no_hint_says_nothing() {
    let told = ("user-agent", CHROME);
    let check = |brands: &str, platform: &str| {
        let headers = [
            told,
            ("sec-ch-ua", brands),
            ("sec-ch-ua-platform", platform),
        ];
        check(&headers, "chrome 130.0.0", "windows 10.0.0");
    };
    check("\"Microsoft Edge", "macOS");
    check("\"Microsoft Edge\" v=1", "\"Unknown\"");
    check("(\"Microsoft Edge\")", "?1");
    check("12, edge;v=\"3\"", "");
    check("\"Not A;Brand\";v=\"99\"", "()");
    check("\"Microsoft Edge\";", "\"macOS\",");
    check("\"Microsoft Edge\";v=", "\"macOS\" \"macOS\"");
}

#[test]
fn versions_are_three_numbers() {
    let check = |text, expected: Option<&str>| assert_eq!(version(text).as_deref(), expected);
    check("130", Some("130.0.0"));
    check("17_5_1 like Mac OS X", Some("17.5.1"));
    check("130.0.6723.70", Some("130.0.6723"));
    check("010.007.0", Some("10.7.0"));
    check("4.x", Some("4.0.0"));
    check("999999999.1", Some("999999999.1.0"));
    check("1000000000.1", None);
    check("1.1000000000", None);
    check("", None);
    check("x", None);
    check(".1", None);
}

#[test]
fn whoever_says_nothing_has_neither() {
    check(&[], "", "");
    check_told("", "", "");
    check_told("Mozilla/5.0", "", "");
    check_told("Mozilla/5.0 (", "", "");
    check_told("((;;)) Chrome", "", "");
}
