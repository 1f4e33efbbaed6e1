//! What the kernel says of one network namespace, in one look at the lab: read when the first kind asks for it, and the
//! same for all that ask after it.

use super::lock;
use crate::error::Error;
use crate::linux::namespace;
use crate::linux::netlink::{Address, Link, Netlink, Route};
use crate::name::HostName;
use nix::sched::CloneFlags;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};

/// The links of a namespace, by name.
pub(crate) type Links = BTreeMap<String, Link>;

/// The network stack of a namespace that is looked at. The thread that first asks for something of a host's is in the host's
/// network namespace from then on, so it must be one that ends with the visit; later ones stay where they are.
pub(crate) struct Stack {
    /// The host; `None` for the lab itself, where every thread is at first.
    whose: Option<(HostName, Arc<OwnedFd>)>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    netlink: Option<Netlink>,
    links: Option<Arc<Links>>,
    addresses: Option<Arc<BTreeSet<Address>>>,
    routes: Option<Arc<Vec<Route>>>,
}

impl Stack {
    /// That of the lab itself. Nothing of it was seen yet.
    pub(super) fn own() -> Self {
        Self { whose: None, seen: Mutex::default() }
    }

    /// That of a host. Nothing of it was seen yet.
    pub(super) fn of_host(host: &HostName, netns: &Arc<OwnedFd>) -> Self {
        Self { whose: Some((host.clone(), netns.clone())), seen: Mutex::default() }
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
    pub(crate) fn change<T>(&self, work: impl FnOnce(&Netlink) -> Result<T, Error>) -> Result<T, Error> {
        work(self.socket(&mut lock(&self.seen))?)
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
        let found = read(self.socket(&mut seen)?)
            .map_err(|error| Error::caused(format!("read the {what} of {}", self.name()), error))?;
        let found = Arc::new(found);
        *place(&mut seen) = Some(found.clone());
        Ok(found)
    }

    /// A socket stays in the namespace that it was opened in, whoever uses it then.
    fn socket<'s>(&self, seen: &'s mut Seen) -> Result<&'s Netlink, Error> {
        let place = &mut seen.netlink;
        if let Some(netlink) = place {
            return Ok(netlink);
        }
        let open = || {
            if let Some((_, netns)) = &self.whose {
                namespace::enter(netns.as_fd(), CloneFlags::CLONE_NEWNET)?;
            }
            Netlink::open()
        };
        let netlink = open()
            .map_err(|error| Error::caused(format!("look at the network of {}", self.name()), error))?;
        Ok(place.insert(netlink))
    }

    fn name(&self) -> String {
        self.whose.as_ref().map_or_else(|| "the lab".to_owned(), |(host, _)| format!("`{host}`"))
    }
}
