//! Every code of what only the engine can find wrong with a lab, as in `topo_lang::codes`.

pub(crate) use topo_lang::codes::{ADDRESS_OUTSIDE_NETWORK, DUPLICATE_ADDRESS, UNKNOWN_NAME};

topo_lang::codes! {
    /// A network's gateway has no interface on it.
    BAD_GATEWAY = "bad-gateway";
    /// An impairment that cannot be.
    BAD_IMPAIRMENT = "bad-impairment";
    /// An interface that is on no network and nothing else, or more than one thing.
    BAD_INTERFACE = "bad-interface";
    /// An interface cannot have this name.
    BAD_INTERFACE_NAME = "bad-interface-name";
    /// A keytab's keys cannot be had.
    BAD_KEYTAB = "bad-keytab";
    /// A lab cannot have this name.
    BAD_LAB_NAME = "bad-lab-name";
    /// A link that cannot be as it should be on the one it sits on.
    BAD_LINK = "bad-link";
    /// A network cannot have this name.
    BAD_NETWORK_NAME = "bad-network-name";
    /// A directory that hosts cannot change.
    BAD_OVERLAY = "bad-overlay";
    /// A file or directory that cannot be where it should be.
    BAD_PATH = "bad-path";
    /// A route whose next hop is out of reach.
    BAD_ROUTE = "bad-route";
    /// A policy rule that says nothing, or two things.
    BAD_RULE = "bad-rule";
    /// A value that the engine cannot use, although it is of its option's type.
    BAD_VALUE = "bad-value";
    /// A network without a bridge that is not a wire between two interfaces.
    BAD_WIRE = "bad-wire";
    /// The same hardware address twice on one network.
    DUPLICATE_MAC = "duplicate-mac";
    /// A step or daemon without a command.
    NO_COMMAND = "no-command";
    /// Steps and daemons that wait for each other.
    ORDER_CYCLE = "order-cycle";
    /// More interfaces on one network than a bridge takes.
    TOO_MANY_PORTS = "too-many-ports";
    /// An interface on one that its host does not have.
    UNKNOWN_INTERFACE = "unknown-interface";
}
