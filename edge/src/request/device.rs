//! The class of device, told from client hints and the user agent.

use super::RequestHead;

/// `mobile`, `tablet`, `tv`, `desktop`, or `unknown` without a user agent.
///
/// Android says `Mobile` on phones and leaves it out on tablets; iPads before iPadOS 13 name
/// themselves, later ones pass for desktops unless they send `Sec-CH-UA-Mobile`.
#[must_use]
pub(crate) fn class(head: &RequestHead) -> &'static str {
    let Some(agent) = head.header("user-agent") else {
        return "unknown";
    };
    let says = |part: &str| agent.contains(part);
    if [
        "SmartTV", "SMART-TV", "AppleTV", "GoogleTV", "HbbTV", "CrKey", "Roku",
    ]
    .into_iter()
    .any(says)
    {
        "tv"
    } else if says("iPad") || says("Tablet") || (says("Android") && !says("Mobi")) {
        "tablet"
    } else if head.header("sec-ch-ua-mobile") == Some("?1") || says("Mobi") || says("iPhone") {
        "mobile"
    } else {
        "desktop"
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::head;
    use super::*;

    #[test]
    fn tells_classes_apart() {
        let check = |agent: &str, expected| {
            assert_eq!(class(&head(&[("user-agent", agent)])), expected, "{agent}");
        };
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0.0.0",
            "desktop",
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile/15E148",
            "mobile",
        );
        check(
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/130 Mobile Safari/537.36",
            "mobile",
        );
        check(
            "Mozilla/5.0 (Linux; Android 14; SM-X710) Chrome/130 Safari/537.36",
            "tablet",
        );
        check(
            "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Mobile/15E148",
            "tablet",
        );
        check("Mozilla/5.0 (Web0S; Linux/SmartTV) Chrome/79.0", "tv");
        assert_eq!(class(&head(&[])), "unknown");
        let hinted = head(&[("user-agent", "Mozilla/5.0"), ("sec-ch-ua-mobile", "?1")]);
        assert_eq!(class(&hinted), "mobile");
    }
}
