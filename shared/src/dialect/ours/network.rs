//! Addresses in networks, IPv4 and IPv6.

use super::{Check, texts};
use crate::value::Value;
use std::net::IpAddr;

/// Networks in CIDR notation, or single addresses. Bits beyond the prefix are ignored; an IPv4
/// address mapped into IPv6 is the IPv4 address.
pub(super) fn check(operand: &Value) -> Result<Check, String> {
    let networks = texts(operand)?;
    let networks = networks.iter().map(|text| {
        Network::parse(text).ok_or_else(|| format!("\"{text}\" is no network such as 10.0.0.0/8"))
    });
    let networks = networks.collect::<Result<Vec<Network>, String>>()?;
    Ok(Box::new(move |value, _| {
        let address = value.as_str().and_then(|text| text.parse::<IpAddr>().ok());
        address.is_some_and(|address| {
            let address = address.to_canonical();
            networks.iter().any(|network| network.contains(address))
        })
    }))
}

struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|bits| *bits <= max)?,
            None => max,
        };
        Some(Self {
            address,
            prefix_bits,
        })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(32 - self.prefix_bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(128 - self.prefix_bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}
