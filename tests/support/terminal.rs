//! A terminal for the binary: standard input and standard error of it, as a person has them.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A program that runs in a terminal.
pub struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
    child: Child,
}

impl Terminal {
    /// Starts a program in a terminal of its own, as wide and as high as most are. Its standard output goes where the command says.
    pub fn start(command: &mut Command) -> Self {
        Self::open(command, false)
    }

    /// The same, with its standard output, too.
    pub fn start_whole(command: &mut Command) -> Self {
        Self::open(command, true)
    }

    fn open(command: &mut Command, is_whole: bool) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keyboard).and_then(|()| unlockpt(&keyboard)).expect("a usable terminal");
        let name = ptsname(&keyboard, Vec::new()).expect("its name").into_string().expect("UTF-8");
        let open = || File::options().read(true).write(true).open(&name).expect("its other side");
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&keyboard, size).expect("a size");
        if is_whole {
            command.stdout(open());
        }
        let child = command.stdin(open()).stderr(open()).spawn().expect("the binary runs");
        // From here on only the program has the other side open.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let keyboard = File::from(keyboard);
        let (mut reader, screen) = (keyboard.try_clone().expect("the same"), Arc::new(Mutex::new(String::new())));
        let shown = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose programs have all ended cannot be read any more.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                shown.lock().expect("a reader that does not panic").push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { keyboard, screen, reader, child }
    }

    /// All that was shown until now.
    pub fn screen(&self) -> String {
        self.screen.lock().expect("a reader that does not panic").clone()
    }

    /// Waits until this is shown.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let Self { screen, child, .. } = self;
        super::until_of(child, text, || screen.lock().expect("a reader that does not panic").contains(text));
    }

    /// Types a line.
    pub fn type_line(&mut self, text: &str) {
        self.keyboard.write_all(format!("{text}\n").as_bytes()).expect("it takes what is typed");
    }

    /// Interrupts the program, as Ctrl-C does.
    pub fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    }

    /// Waits until the program has ended: how, and all that was shown.
    #[track_caller]
    pub fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it ends");
        let Self { screen, reader, .. } = self;
        // What it wrote last may still be on its way.
        reader.join().expect("a reader that does not panic");
        let screen = screen.lock().expect("a reader that does not panic").clone();
        (status.code(), screen)
    }
}
