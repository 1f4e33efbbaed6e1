//! The one door to the outside.

use std::io;

/// Where sources come from. The command line reads files; tests hand in a map.
pub trait World {
    /// The text of the source called `path`: a file path as the importer resolved it, or `std:NAME`.
    ///
    /// # Errors
    /// Whatever kept it from being read; `InvalidData` where it is not UTF-8.
    fn read(&self, path: &str) -> io::Result<String>;

    /// The names of the modules called `std:NAME`, so that a misspelt one can be helped.
    fn standard(&self) -> Vec<&str> {
        Vec::new()
    }
}
