//! What the kinds of links share: the links of the lab's own namespace, and requests with the words for their failure.

use crate::error::Error;
use crate::linux::netlink::{Link, Netlink, Refusal, Request};
use std::collections::BTreeMap;

/// The links of the namespace that the bridges are in: this process's.
pub(crate) fn lab_links() -> Result<BTreeMap<String, Link>, Error> {
    links_of(&Netlink::open().map_err(|error| Error::caused("read the lab's links", error))?)
}

/// The links of a namespace, by name.
pub(crate) fn links_of(netlink: &Netlink) -> Result<BTreeMap<String, Link>, Error> {
    let links = netlink.links().map_err(|error| Error::caused("read links", error))?;
    Ok(links.into_iter().map(|link| (link.name.clone(), link)).collect())
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
