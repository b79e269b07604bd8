//! Addresses in networks, IPv4 and IPv6.

use super::{Check, texts};
use crate::dialect::network::Network;
use crate::dialect::{Unfit, unfit};
use crate::value::Value;
use core::net::IpAddr;

/// Networks in CIDR notation, or single addresses. Bits beyond the prefix are ignored; an IPv4
/// address mapped into IPv6 is the IPv4 address.
pub(super) fn check(operand: &Value) -> Result<Check, Unfit> {
    let networks = texts(operand)?;
    let networks = networks.iter().map(|text| {
        Network::parse(text).ok_or_else(|| unfit!("\"{text}\" is no network such as 10.0.0.0/8"))
    });
    let networks = networks.collect::<Result<Vec<Network>, Unfit>>()?;
    Ok(Box::new(move |value, _| {
        let address = value.as_str().and_then(|text| text.parse::<IpAddr>().ok());
        address.is_some_and(|address| {
            let address = address.to_canonical();
            networks.iter().any(|network| network.contains(address))
        })
    }))
}
