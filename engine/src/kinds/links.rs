//! What the kinds of links share: the links of a namespace, and requests with the words for their failure.

use crate::error::Error;
use crate::linux::netlink::{Link, Netlink, Refusal, Request};
use crate::linux::netns;
use crate::plan::Change;
use std::collections::BTreeMap;

/// The links of the namespace that this thread is in, by name: the lab's own, with the bridges, unless it entered one.
pub(crate) fn links_here() -> Result<BTreeMap<String, Link>, Error> {
    links_of(&Netlink::open().map_err(|error| Error::caused("read links", error))?)
}

/// The links of a namespace, by name.
pub(crate) fn links_of(netlink: &Netlink) -> Result<BTreeMap<String, Link>, Error> {
    let links = netlink.links().map_err(|error| Error::caused("read links", error))?;
    Ok(links.into_iter().map(|link| (link.name.clone(), link)).collect())
}

/// Whether this is a link, or an end of one, that is set down: the kernel drops the routes by way of it.
pub(crate) fn goes_down(change: &Change) -> bool {
    change.attribute.starts_with("up") && change.to == Some(false.into())
}

/// Makes the links of a namespace keep their IPv6 addresses when they go down, as they keep the others: also those that
/// the kernel takes down with the one they sit on.
pub(crate) fn keep_addresses() -> Result<(), Error> {
    netns::keep_addresses().map_err(|error| Error::caused("keep the addresses of links that go down", error))
}

/// Asks for everything; one answer each. `is_fine` says which refusals mean that it is so already.
pub(crate) fn perform(
    netlink: &Netlink,
    requests: impl IntoIterator<Item = (String, Request)>,
    is_fine: impl Fn(&Refusal) -> bool,
) -> Result<Vec<Result<(), Error>>, Error> {
    let (operations, requests): (Vec<String>, Vec<Request>) = requests.into_iter().unzip();
    let answers = netlink.perform(&requests).map_err(|error| Error::caused("talk to the kernel", error))?;
    let outcomes = operations.into_iter().zip(answers).map(|(operation, answer)| match answer {
        Err(refusal) if !is_fine(&refusal) => Err(Error::caused(operation, refusal)),
        Ok(()) | Err(_) => Ok(()),
    });
    Ok(outcomes.collect())
}
