//! Networks of IP addresses, in CIDR notation.

use core::net::IpAddr;

/// A network, or a single address as the network that has no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// The network of that notation: `10.0.0.0/8`, `2001:db8::/32`, or an address alone. Bits
    /// behind the prefix may be set, and mean nothing.
    ///
    /// # Source
    /// RFC 4632, section 3.1; RFC 4291, section 2.3.
    /// # Examples
    /// ```
    /// use bandera_shared::dialect::network::Network;
    /// let office = Network::parse("160.33.7.1/16").expect("it is written well");
    /// assert!("160.33.0.33".parse().is_ok_and(|address| office.contains(address)));
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = width(address);
        let prefix_bits = match prefix {
            None => width,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|bits| *bits <= width)?
            }
            Some(_) => return None,
        };
        Some(Self {
            address,
            prefix_bits,
        })
    }

    /// Whether the address lies in the network; one of the other family never does.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()),
            (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
            _ => return false,
        };
        // All 128 bits are behind the prefix of `::/0`.
        let behind = width(address) - self.prefix_bits;
        differing.checked_shr(behind).unwrap_or(0) == 0
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network = Network::parse(network).expect("a network");
        let address = address.parse().expect("an address");
        assert_eq!(network.contains(address), expected);
    }

    #[test]
    fn addresses_share_the_prefix() {
        check("127.0.0.1", "127.0.0.1", true);
        check("127.0.0.1", "127.0.0.2", false);
        check("160.33.0.0/16", "160.33.255.255", true);
        check("160.33.0.0/16", "160.34.0.0", false);
        check("160.33.9.9/16", "160.33.0.1", true);
        check("10.0.0.128/25", "10.0.0.127", false);
        check("0.0.0.0/0", "255.255.255.255", true);
        check("2001:db8::1", "2001:db8:0:0::1", true);
        check("2001:db8::/32", "2001:db8:0:1::42", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "ffff::", true);
        check("0.0.0.0/0", "::1", false);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        let bad = [
            "",
            "127.invalid",
            "127.0.0.1/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0/8",
            "10.0.0.0/8/8",
            "bad::cidr",
            "010.0.0.1",
            "10.0.0.0/99999999999",
        ];
        for text in bad {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
