//! A daemon's log as it is read: several files, of which one grows. The supervisor writes them (`supervisor/log.rs`).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// So many files are set aside at most.
pub(super) const MOST: u32 = 100;

/// The `number`th file that was set aside, the newest being 1; 0 is the one that grows.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// Reads a log piece by piece, also while files are set aside. A file that is open keeps its inode, so that it is known by
/// it under any name.
#[derive(Debug)]
pub struct LogReader {
    path: PathBuf,
    file: Option<File>,
}

impl LogReader {
    /// From the first line that is kept.
    pub fn from_start(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Only what comes from now on.
    ///
    /// # Errors
    /// The log cannot be opened. One that is not there yet is fine.
    pub fn from_end(path: PathBuf) -> io::Result<Self> {
        let file = match File::open(&path) {
            Ok(mut file) => {
                file.seek(SeekFrom::End(0))?;
                Some(file)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { path, file })
    }

    /// What came since the last call.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn more(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let file = match self.file.take() {
                Some(file) => file,
                None => match self.open(self.oldest())? {
                    Some(file) => file,
                    None => return Ok(bytes),
                },
            };
            let inode = file.metadata()?.ino();
            // Asked before reading: nothing is added to a file that was set aside.
            let number = self.number_of(inode);
            self.file.insert(file).read_to_end(&mut bytes)?;
            match number {
                Some(0) => return Ok(bytes),
                Some(number) => {
                    let Some(next) = self.open(number - 1)? else { return Ok(bytes) };
                    // Where they were set aside in between it is the next but one; then it is looked for again.
                    if self.number_of(inode) == Some(number) {
                        self.file = Some(next);
                    }
                }
                // Removed, and with it perhaps some after it: the rest begins with the oldest.
                None => self.file = None,
            }
        }
    }

    fn open(&self, number: u32) -> io::Result<Option<File>> {
        match File::open(numbered(&self.path, number)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn oldest(&self) -> u32 {
        (0..=MOST).rev().find(|number| numbered(&self.path, *number).exists()).unwrap_or(0)
    }

    /// Counted upwards, as files move: none is missed.
    fn number_of(&self, inode: u64) -> Option<u32> {
        let is_it = |number: &u32| {
            numbered(&self.path, *number).metadata().is_ok_and(|metadata| metadata.ino() == inode)
        };
        (0..=MOST).find(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_log_is_read_across_its_files() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("d.log");
        let add = |text: &str| {
            let mut file = File::options().append(true).create(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        let set_aside = || {
            for number in (0..2).rev().filter(|number| numbered(&path, *number).exists()) {
                std::fs::rename(numbered(&path, number), numbered(&path, number + 1)).unwrap();
            }
        };
        let read = |reader: &mut LogReader| String::from_utf8(reader.more().unwrap()).unwrap();
        let mut whole = LogReader::from_start(path.clone());
        assert_eq!(read(&mut whole), "");
        add("1");
        assert_eq!(read(&mut whole), "1");
        let mut end = LogReader::from_end(path.clone()).unwrap();
        add("2");
        set_aside();
        add("3");
        assert_eq!((read(&mut end), read(&mut whole)), ("23".into(), "23".into()));
        set_aside();
        add("4");
        set_aside();
        add("5");
        // `3` is in the second file that was set aside: nothing is read twice, and nothing left out.
        assert_eq!(read(&mut end), "45");
        for text in ["6", "7", "8"] {
            set_aside();
            add(text);
        }
        assert_eq!(read(&mut whole), "678", "what is gone is gone");
        assert_eq!(read(&mut LogReader::from_start(path.clone())), "678");
    }
}
