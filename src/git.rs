//! Another version of a file, from git: `git` itself is asked, nothing is checked out and nothing is changed.
#![expect(clippy::disallowed_methods, reason = "git runs outside of any lab")]

use crate::exit::Failure;
use crate::world::{Files, LARGEST};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};
use topo_engine::error::Error;
use topo_lang::World;

/// The files of a repository as they are in one commit. A file outside of the repository is read where it is.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    top: PathBuf,
    /// The commit's full name.
    pub(crate) commit: String,
}

impl Revision {
    /// The commit that `revision` means in the repository with the file `near`; `None` where it means none.
    ///
    /// # Errors
    /// `git` cannot be run, or there is no repository.
    pub(crate) fn find(near: &str, revision: &str) -> Result<Option<Self>, Failure> {
        let directory = existing_directory(&absolute(near)?);
        let top = git(&directory, ["rev-parse", "--show-toplevel"])?;
        if !top.status.success() {
            let said = last_line(&top.stderr);
            let message = format!("`{}` is in no git repository: {said}", directory.display());
            return Err(Failure::input(message, "`--base FILE` compares with a file instead"));
        }
        let commit = format!("{revision}^{{commit}}");
        let found = git(&directory, ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        if !found.status.success() {
            return Ok(None);
        }
        let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        Ok(Some(Self { top: PathBuf::from(line(&top.stdout)), commit: line(&found.stdout) }))
    }

    /// Whether the commit has a file of this path.
    ///
    /// # Errors
    /// `git` cannot be run.
    pub(crate) fn has(&self, path: &str) -> Result<bool, Failure> {
        match self.read(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            // It is there, and whoever reads it will say what is wrong with it.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(true),
            Err(error) => Err(Error::caused(format!("read `{path}` of {}", self.commit), error).into()),
        }
    }

    /// The path from the top of the repository, if the file is in it.
    pub(crate) fn within(&self, path: &str) -> io::Result<Option<String>> {
        let path = resolved(&std::path::absolute(path)?);
        let inside = path.strip_prefix(&self.top).ok();
        Ok(inside.map(|inside| inside.to_string_lossy().into_owned()))
    }

    /// The path of the file that is at `inside` from the top of the repository.
    pub(crate) fn path_of(&self, inside: &str) -> String {
        let path = self.top.join(inside);
        let here = std::env::current_dir().unwrap_or_default();
        path.strip_prefix(here).unwrap_or(&path).to_string_lossy().into_owned()
    }

    fn blob(&self, inside: &str) -> io::Result<String> {
        if inside.contains('\n') {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&self.top)
            .args(["cat-file", "--batch", "--follow-symlinks"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            writeln!(stdin, "{}:{inside}", self.commit)?;
        }
        let output = child.wait_with_output()?.stdout;
        // `NAME blob SIZE`, the contents, and a newline; or one line that says what is there instead.
        let end = output.iter().position(|byte| *byte == b'\n').unwrap_or(output.len());
        let head = String::from_utf8_lossy(&output[..end]).into_owned();
        let mut words = head.rsplit(' ');
        let size = words.next().and_then(|size| size.parse::<usize>().ok());
        match (size, words.next()) {
            (Some(size), Some("blob")) if size as u64 > LARGEST => {
                Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 64 MiB"))
            }
            (Some(size), Some("blob")) => {
                let contents = output.get(end + 1..end + 1 + size).ok_or(io::ErrorKind::UnexpectedEof)?;
                String::from_utf8(contents.to_vec())
                    .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
            }
            (Some(_), Some("tree")) => Err(io::ErrorKind::IsADirectory.into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl World for Revision {
    fn read(&self, path: &str) -> io::Result<String> {
        if path.starts_with("std:") {
            return Files.read(path);
        }
        match self.within(path)? {
            Some(inside) => self.blob(&inside),
            None => Files.read(path),
        }
    }

    fn standard(&self) -> Vec<&str> {
        Files.standard()
    }
}

fn git<I: AsRef<OsStr>>(directory: &Path, arguments: impl IntoIterator<Item = I>) -> Result<Output, Failure> {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(arguments).stdin(Stdio::null());
    Ok(command.output().map_err(|error| {
        Error::caused("run `git`", error).help("`--base FILE` compares with a file, without git")
    })?)
}

fn absolute(path: &str) -> Result<PathBuf, Failure> {
    let failed = |error| Error::caused(format!("find `{path}`"), error);
    Ok(resolved(&std::path::absolute(path).map_err(failed)?))
}

/// The path without `..` and without symbolic links in what there is of its directories; a file that is one stays.
fn resolved(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    let (Some(parent), Some(name)) = (plain.parent(), plain.file_name()) else { return plain };
    let there = existing_directory(parent);
    match (there.canonicalize(), parent.strip_prefix(&there)) {
        (Ok(real), Ok(rest)) => real.join(rest).join(name),
        _ => plain,
    }
}

/// The directory itself, or the nearest above it that there is.
fn existing_directory(path: &Path) -> PathBuf {
    path.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

fn last_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().last().unwrap_or_default().to_owned()
}
