//! `topo`: network and Kerberos labs from one file.

fn main() {}
