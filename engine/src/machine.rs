//! What a kind may use of the machine: the lab's supervisor, its directory, its hosts' namespaces.
