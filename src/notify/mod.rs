//! What others hear of a job: a service that watches jobs, at the start and at the end, and a program that is run at the end.
//!
//! Neither is a part of the job. If one of them fails, that is reported, and the job and its exit code stay what they are.

mod end_program;
mod notify_url;
mod watcher;

pub use end_program::{EndProgram, EndProgramError};
pub use notify_url::{NotifyUrl, NotifyUrlError};
pub use watcher::{Watcher, WatcherError, WatcherOptions};
