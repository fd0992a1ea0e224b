//! Texts of any length on disk, found by their place.

use std::fs::File;
use std::io;
use std::path::Path;

use super::positioned::{read_exact_at, write_all_at};

/// The number of bytes held in memory before they are written.
const BUFFERED: usize = 64 * 1024;

/// The bytes of a text's length, which is written before the text.
const LENGTH_BYTES: usize = 4;

/// The number of bytes read at once. Most texts are shorter.
const WINDOW: usize = 512;

/// Texts in the order in which they were added. The file has no name and ends with the process.
#[derive(Debug)]
pub struct Texts {
    file: File,
    /// The number of bytes in the file.
    written: u64,
    /// What follows the bytes in the file.
    buffer: Vec<u8>,
}

impl Texts {
    /// An empty collection, in a file in `directory`.
    pub fn new(directory: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(directory)?, written: 0, buffer: Vec::new() })
    }

    /// Adds a text and returns its place. A later text has a higher place.
    pub fn add(&mut self, text: &[u8]) -> io::Result<u64> {
        let place = self.end();
        let length = u32::try_from(text.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.buffer.extend_from_slice(&length.to_be_bytes());
        self.buffer.extend_from_slice(text);
        if self.buffer.len() >= BUFFERED {
            write_all_at(&self.file, &self.buffer, self.written)?;
            self.written += self.buffer.len() as u64;
            self.buffer.clear();
        }
        Ok(place)
    }

    /// The text at a place.
    pub fn get(&self, place: u64) -> io::Result<Vec<u8>> {
        let mut window = [0; WINDOW];
        let most = usize::try_from(self.end().saturating_sub(place)).unwrap_or(WINDOW).min(WINDOW);
        let window = &mut window[..most];
        self.read(place, window)?;
        let torn = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let (length, beginning) = window.split_first_chunk::<LENGTH_BYTES>().ok_or_else(torn)?;
        let length = u32::from_be_bytes(*length) as usize;
        if let Some(text) = beginning.get(..length) {
            return Ok(text.to_vec());
        }
        if self.end() - place < (LENGTH_BYTES + length) as u64 {
            return Err(torn());
        }
        let mut text = vec![0; length];
        self.read(place + LENGTH_BYTES as u64, &mut text)?;
        Ok(text)
    }

    /// All places and texts, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<(u64, Vec<u8>)>> {
        let mut place = 0;
        std::iter::from_fn(move || {
            let text = (place < self.end()).then(|| self.get(place).map(|text| (place, text)))?;
            // After a text that cannot be read, the next place is unknown.
            place = text.as_ref().map_or(self.end(), |(place, text)| place + (LENGTH_BYTES + text.len()) as u64);
            Some(text)
        })
    }

    fn end(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Reads bytes that are in the file, in memory, or partly in both.
    fn read(&self, place: u64, into: &mut [u8]) -> io::Result<()> {
        let in_file = usize::try_from(self.written.saturating_sub(place)).unwrap_or(usize::MAX).min(into.len());
        let (from_file, from_buffer) = into.split_at_mut(in_file);
        read_exact_at(&self.file, from_file, place)?;
        if !from_buffer.is_empty() {
            let start = usize::try_from((place + in_file as u64).saturating_sub(self.written)).unwrap_or(usize::MAX);
            let rest = self.buffer.get(start..).and_then(|rest| rest.get(..from_buffer.len()));
            from_buffer.copy_from_slice(rest.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_again_in_the_file_and_in_memory() {
        let mut texts = Texts::new(&std::env::temp_dir()).unwrap();
        let text = |number: usize| vec![b'a' + u8::try_from(number % 26).unwrap(); number * 37 % 3_000];
        let mut places = Vec::new();
        for number in 0..500 {
            places.push(texts.add(&text(number)).unwrap());
            assert_eq!(texts.get(places[number / 2]).unwrap(), text(number / 2), "while others are added");
        }
        assert!(texts.written > 0 && !texts.buffer.is_empty());
        for (number, place) in places.iter().enumerate() {
            assert_eq!(texts.get(*place).unwrap(), text(number));
        }
        let all: Vec<(u64, Vec<u8>)> = texts.iter().map(Result::unwrap).collect();
        assert_eq!(
            all,
            places.into_iter().enumerate().map(|(number, place)| (place, text(number))).collect::<Vec<_>>()
        );
        assert!(texts.get(texts.end() - 2).is_err());
    }
}
