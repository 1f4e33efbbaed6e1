//! The files the language reads, and the standard library that is part of the binary.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use topo_lang::World;

/// No lab file is larger; a device that never ends is no lab file.
pub(crate) const LARGEST: u64 = 64 << 20;

/// The modules of `stdlib/`, by the name after `std:`.
pub(crate) const LIBRARY: &[(&str, &str)] = &[
    ("core", include_str!("../stdlib/core.kdl")),
    ("kerberos", include_str!("../stdlib/kerberos.kdl")),
    ("samba", include_str!("../stdlib/samba.kdl")),
    ("ssh", include_str!("../stdlib/ssh.kdl")),
];

/// Reads files where they are, and `std:NAME` from the binary.
#[derive(Debug)]
pub(crate) struct Files;

impl World for Files {
    fn read(&self, path: &str) -> io::Result<String> {
        match path.strip_prefix("std:") {
            Some(name) => {
                let found = LIBRARY.iter().find(|(module, _)| *module == name);
                found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
            }
            None => read_file(path),
        }
    }

    fn standard(&self) -> Vec<&str> {
        LIBRARY.iter().map(|(name, _)| *name).collect()
    }
}

/// The text of a file; `std:` means nothing here.
///
/// # Errors
/// It cannot be read, is no text, or is too large.
pub(crate) fn read_file(path: &str) -> io::Result<String> {
    // To open a pipe that has a name waits for somebody to write; one that the shell opened has somebody.
    let opened = path.starts_with("/dev/") || path.starts_with("/proc/");
    if !opened && std::fs::metadata(path)?.file_type().is_fifo() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe"));
    }
    read_text(File::open(path)?)
}

/// All of a text, from wherever it comes.
///
/// # Errors
/// It cannot be read, is no text, or is too large.
pub(crate) fn read_text(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 64 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_module_of_the_library_is_in_the_binary() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib");
        let files: BTreeSet<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let embedded: BTreeSet<String> = LIBRARY.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(files, embedded);
    }

    #[test]
    fn a_device_without_end_is_refused() {
        assert!(Files.read("/dev/zero").is_err());
    }
}
