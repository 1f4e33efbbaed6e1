//! What the kernel says of one network namespace, in one look at the lab: read when the first kind asks for it, and the
//! same for all that ask after it.

use super::lock;
use crate::error::Error;
use crate::linux::netlink::{Address, Link, Netlink, Route};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The links of a namespace, by name.
pub(crate) type Links = BTreeMap<String, Link>;

/// The network stack of a namespace that is looked at.
pub(crate) struct Stack {
    /// `the lab`, or a host.
    whose: String,
    seen: Mutex<Seen>,
}

struct Seen {
    netlink: Netlink,
    links: Option<Arc<Links>>,
    addresses: Option<Arc<BTreeSet<Address>>>,
    routes: Option<Arc<Vec<Route>>>,
}

impl Stack {
    /// The namespace that the calling thread is in. Nothing of it was seen yet.
    pub(super) fn here(whose: String) -> Result<Self, Error> {
        let netlink = Netlink::open().map_err(|error| Error::caused("look at a network", error))?;
        let seen = Seen { netlink, links: None, addresses: None, routes: None };
        Ok(Self { whose, seen: Mutex::new(seen) })
    }

    /// Its links, by name.
    pub(crate) fn links(&self) -> Result<Arc<Links>, Error> {
        let read = |netlink: &Netlink| {
            let links = netlink.links()?.into_iter();
            Ok(links.map(|link| (link.name.clone(), link)).collect())
        };
        self.see("links", |seen| &mut seen.links, read)
    }

    /// Its addresses.
    pub(crate) fn addresses(&self) -> Result<Arc<BTreeSet<Address>>, Error> {
        let read = |netlink: &Netlink| Ok(netlink.addresses()?.into_iter().collect());
        self.see("addresses", |seen| &mut seen.addresses, read)
    }

    /// Its routes.
    pub(crate) fn routes(&self) -> Result<Arc<Vec<Route>>, Error> {
        self.see("routes", |seen| &mut seen.routes, Netlink::routes)
    }

    /// Asks for changes of it.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&Netlink) -> T) -> T {
        work(&lock(&self.seen).netlink)
    }

    fn see<T>(
        &self,
        what: &str,
        place: impl Fn(&mut Seen) -> &mut Option<Arc<T>>,
        read: impl Fn(&Netlink) -> crate::linux::Result<T>,
    ) -> Result<Arc<T>, Error> {
        let mut seen = lock(&self.seen);
        if let Some(known) = place(&mut seen) {
            return Ok(known.clone());
        }
        let found = read(&seen.netlink)
            .map_err(|error| Error::caused(format!("read the {what} of {}", self.whose), error))?;
        let found = Arc::new(found);
        *place(&mut seen) = Some(found.clone());
        Ok(found)
    }
}
