//! What a process did to files, recorded by strace: the calls that write, create, rename, remove and sync, in order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The calls that change files or make changes durable, and those that show where a write goes.
const CALLS: &str = "open,openat,creat,lseek,dup,dup2,dup3,fcntl,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,\
     fallocate,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,\
     symlink,symlinkat,copy_file_range,sendfile";

/// A call that had an effect below the traced directory. Paths are relative to that directory.
#[derive(Debug)]
pub struct Event {
    /// When it began, in seconds since 1970.
    pub at: f64,
    pub call: Call,
}

#[derive(Debug)]
pub enum Call {
    /// Opened for writing, and created if it did not exist.
    Create {
        path: PathBuf,
        truncated: bool,
    },
    Write {
        path: PathBuf,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        length: u64,
    },
    /// A file or a directory.
    Sync {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    MakeDirectory {
        path: PathBuf,
    },
}

/// Whether strace exists and may trace.
pub fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}

/// The same command, traced into a file. It runs in the directory whose files matter.
pub fn traced(command: &Command, trace: &Path) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-xx", "-ttt", "--seccomp-bpf", "-s", "16777216", "-e"]);
    traced.arg(format!("trace={CALLS}")).arg("-o").arg(trace).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        traced.current_dir(directory);
    }
    traced
}

/// Reads a trace. Only what is below `root` counts.
pub fn read(trace: &Path, root: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(trace).expect("a trace");
    let mut reading = Reading { root, places: HashMap::new(), events: Vec::new() };
    let mut unfinished: HashMap<&str, (f64, String)> = HashMap::new();
    for line in text.lines() {
        let (process, rest) = line.split_once(' ').expect("a process");
        let (at, call) = rest.trim_start().split_once(' ').expect("a time");
        let at = at.parse().expect("a time");
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            unfinished.insert(process, (at, begun.to_owned()));
        } else if let Some(resumed) = call.strip_prefix("<... ") {
            let (_, end) = resumed.split_once(" resumed>").expect("the rest of a call");
            let (begun, start) = unfinished.remove(process).expect("its beginning");
            reading.call(begun, &(start + end));
        } else {
            reading.call(at, call);
        }
    }
    reading.events
}

struct Reading<'a> {
    root: &'a Path,
    /// The offset of the next `write` to each open file. Duplicated descriptors share it.
    places: HashMap<u32, std::rc::Rc<std::cell::Cell<u64>>>,
    events: Vec<Event>,
}

/// The arguments of a call and what it returned.
struct Parts<'a> {
    arguments: Vec<&'a str>,
    result: i64,
}

impl<'a> Parts<'a> {
    /// Texts and paths are in hexadecimal, so all commas and brackets belong to the call.
    fn of(call: &'a str) -> Option<(&'a str, Self)> {
        let (name, rest) = call.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let result = result.split(['<', ' ']).next()?.parse().ok()?;
        let arguments = arguments.trim_end().strip_suffix(')')?.split(", ").collect();
        Some((name, Self { arguments, result }))
    }

    fn number(&self, index: usize) -> u64 {
        self.arguments[index].parse().unwrap_or_else(|_| panic!("{:?}", self.arguments))
    }

    fn file(&self, index: usize) -> u32 {
        let argument = self.arguments[index];
        argument.split('<').next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{argument}"))
    }

    /// The path of an open file.
    fn path_of_file(&self, index: usize) -> PathBuf {
        let argument = self.arguments[index];
        let path = argument.split_once('<').map_or("", |(_, path)| path.trim_end_matches(['>', ')']));
        PathBuf::from(String::from_utf8_lossy(&bytes(path)).into_owned())
    }

    /// The path of an argument, relative to an open directory or to the working directory.
    fn path(&self, directory: Option<usize>, index: usize, working: &Path) -> PathBuf {
        let given = String::from_utf8(bytes(self.arguments[index].trim_matches('"'))).expect("a path in UTF-8");
        directory.map_or_else(|| working.to_path_buf(), |index| self.path_of_file(index)).join(given)
    }
}

/// Decodes `\x61\x62`.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.split("\\x").filter(|digits| !digits.is_empty());
    digits.map(|digits| u8::from_str_radix(digits.get(..2).unwrap_or("?"), 16).expect("a byte")).collect()
}

impl Reading<'_> {
    fn call(&mut self, at: f64, call: &str) {
        // Signals and exits are not calls, and a failed call did nothing.
        let Some((name, parts)) = Parts::of(call).filter(|(_, parts)| parts.result >= 0) else { return };
        let call = match name {
            "open" | "creat" => self.open(&parts, None),
            "openat" => self.open(&parts, Some(0)),
            "lseek" => self.seek(&parts),
            "dup" | "dup2" | "dup3" | "fcntl" => self.duplicate(name, &parts),
            "write" | "writev" => self.write(&parts),
            "pwrite64" | "pwritev" | "pwritev2" => self.write_at(&parts),
            "copy_file_range" => self.copy(&parts),
            "ftruncate" => {
                self.below(&parts.path_of_file(0)).map(|path| Call::Truncate { path, length: parts.number(1) })
            }
            "fsync" | "fdatasync" => self.below(&parts.path_of_file(0)).map(|path| Call::Sync { path }),
            "mkdir" => self.given(&parts, None, 0).map(|path| Call::MakeDirectory { path }),
            "mkdirat" => self.given(&parts, Some(0), 1).map(|path| Call::MakeDirectory { path }),
            "unlink" | "rmdir" => self.given(&parts, None, 0).map(|path| Call::Remove { path }),
            "unlinkat" => self.given(&parts, Some(0), 1).map(|path| Call::Remove { path }),
            "rename" => self.rename(&parts, [None, None], [0, 1]),
            "renameat" | "renameat2" => self.rename(&parts, [Some(0), Some(2)], [1, 3]),
            _ => {
                let touched = (0..parts.arguments.len()).find_map(|index| self.below(&parts.path_of_file(index)));
                assert!(touched.is_none(), "this test does not know {name} yet: {touched:?}");
                None
            }
        };
        self.events.extend(call.map(|call| Event { at, call }));
    }

    /// A path below the root, relative to it. Files that are deliberately not durable are left out: locks, and SQLite's
    /// shared memory.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        // `a/./b` becomes `a/b`, for comparing and for joining.
        let path: PathBuf = path.strip_prefix(self.root).ok()?.components().collect();
        let name = path.to_string_lossy();
        let ignored = name.starts_with(".local") || name.ends_with("-shm") || name.ends_with("(deleted)");
        (!ignored).then_some(path)
    }

    fn given(&self, parts: &Parts<'_>, directory: Option<usize>, index: usize) -> Option<PathBuf> {
        self.below(&parts.path(directory, index, self.root))
    }

    fn open(&mut self, parts: &Parts<'_>, directory: Option<usize>) -> Option<Call> {
        let index = directory.map_or(0, |_| 1);
        let flags = parts.arguments.get(index + 1).copied().unwrap_or("O_CREAT|O_TRUNC");
        let file = u32::try_from(parts.result).expect("a file");
        self.places.insert(file, std::rc::Rc::default());
        let path = self.given(parts, directory, index)?;
        assert!(!flags.contains("O_APPEND"), "this test does not know O_APPEND yet: {}", path.display());
        let truncated = flags.contains("O_TRUNC");
        (flags.contains("O_CREAT") || truncated).then_some(Call::Create { path, truncated })
    }

    fn seek(&mut self, parts: &Parts<'_>) -> Option<Call> {
        self.places.entry(parts.file(0)).or_default().set(parts.result.unsigned_abs());
        None
    }

    fn duplicate(&mut self, name: &str, parts: &Parts<'_>) -> Option<Call> {
        if name != "fcntl" || parts.arguments[1].starts_with("F_DUPFD") {
            let place = self.places.entry(parts.file(0)).or_default().clone();
            self.places.insert(u32::try_from(parts.result).expect("a file"), place);
        }
        None
    }

    fn write(&mut self, parts: &Parts<'_>) -> Option<Call> {
        let path = self.below(&parts.path_of_file(0))?;
        let place = self.places.entry(parts.file(0)).or_default();
        let offset = place.get();
        place.set(offset + parts.result.unsigned_abs());
        Some(Call::Write { path, offset, bytes: written(parts) })
    }

    fn write_at(&mut self, parts: &Parts<'_>) -> Option<Call> {
        let path = self.below(&parts.path_of_file(0))?;
        let offset = parts.arguments.iter().rev().find_map(|argument| argument.parse().ok()).expect("an offset");
        Some(Call::Write { path, offset, bytes: written(parts) })
    }

    /// The trace does not have the bytes, but the source: what is copied here is not changed afterwards.
    fn copy(&mut self, parts: &Parts<'_>) -> Option<Call> {
        assert_eq!([parts.arguments[1], parts.arguments[3]], ["NULL", "NULL"], "offsets are those of the files");
        let count = parts.result.unsigned_abs();
        let [from, offset] = [0, 2].map(|index| {
            let place = self.places.entry(parts.file(index)).or_default();
            place.replace(place.get() + count)
        });
        let path = self.below(&parts.path_of_file(2))?;
        let source = std::fs::read(parts.path_of_file(0)).expect("what was copied is still there");
        let range = usize::try_from(from).expect("an offset")..usize::try_from(from + count).expect("an offset");
        (count > 0).then(|| Call::Write { path, offset, bytes: source[range].to_vec() })
    }

    fn rename(&self, parts: &Parts<'_>, directories: [Option<usize>; 2], names: [usize; 2]) -> Option<Call> {
        let [from, to] = [0, 1].map(|which| self.given(parts, directories[which], names[which]));
        Some(Call::Rename { from: from?, to: to? })
    }
}

/// The bytes that were written: as many as the call accepted.
fn written(parts: &Parts<'_>) -> Vec<u8> {
    let texts = parts.arguments[1..].iter().filter_map(|argument| argument.split('"').nth(1));
    let mut written: Vec<u8> = texts.flat_map(bytes).collect();
    let length = usize::try_from(parts.result).expect("a length");
    assert!(written.len() >= length, "the trace has all of it");
    written.truncate(length);
    written
}
