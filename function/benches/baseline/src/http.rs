//! HTTP/1.1 with two well-behaved servers: a request, then a response of known length.

use std::io::{self, ErrorKind, Read, Write};

/// The number of bytes that one read requests: the maximum of a TLS record.
const CHUNK: usize = 16 * 1024;

pub struct Connection<S> {
    stream: S,
    buffer: Vec<u8>,
    filled: usize,
}

pub struct Response<'a> {
    head: &'a str,
    pub body: &'a [u8],
}

impl<S: Read + Write> Connection<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            filled: 0,
        }
    }

    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Response<'_>> {
        self.stream.write_all(request)?;
        self.stream.flush()?;
        self.filled = 0;
        let head = loop {
            let searched = self.filled.saturating_sub(3);
            self.fill()?;
            let new = &self.buffer[searched..self.filled];
            if let Some(end) = new.windows(4).position(|window| window == b"\r\n\r\n") {
                break searched + end + 4;
            }
        };
        let length = header(text(&self.buffer[..head])?, "content-length")
            .map_or(Ok(0), str::parse)
            .map_err(io::Error::other)?;
        let end = head + length;
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        while self.filled < end {
            self.fill()?;
        }
        let response = Response {
            head: text(&self.buffer[..head])?,
            body: &self.buffer[head..end],
        };
        match response.head.as_bytes() {
            [
                b'H',
                b'T',
                b'T',
                b'P',
                b'/',
                b'1',
                b'.',
                b'1',
                b' ',
                b'2',
                ..,
            ] => Ok(response),
            _ => Err(io::Error::other("the response is not a success")),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.buffer.len() == self.filled {
            self.buffer.resize(self.filled + CHUNK, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..])? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}

impl<'a> Response<'a> {
    pub fn header(&self, name: &str) -> Option<&'a str> {
        header(self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn text(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(io::Error::other)
}
