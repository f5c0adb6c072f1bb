//! From DynamoDB's typed JSON to the reply to Lambda, in one pass: what is escaped stays so, once more.

use std::error::Error;

const HEAD: &str = r#"{"statusCode":200,"headers":{"content-type":"application/json"},"body":""#;
const END: &str = r#"","isBase64Encoded":false}"#;

pub fn text(prefix: &str, id: &str) -> Vec<u8> {
    let json = serde_json::to_string(&format!("{prefix}{id}")).expect("a string is JSON");
    let mut reply = HEAD.as_bytes().to_vec();
    escape(json.as_bytes(), &mut reply);
    reply.extend_from_slice(END.as_bytes());
    reply
}

pub fn item(answer: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut input = Input(answer);
    input.skip_past(br#""Item":"#)?;
    let mut reply = HEAD.as_bytes().to_vec();
    reply.extend_from_slice(br#"{\"Item\":"#);
    input.item(&mut reply)?;
    reply.extend_from_slice(b"}");
    reply.extend_from_slice(END.as_bytes());
    Ok(reply)
}

pub fn list(answer: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut input = Input(answer);
    input.skip_past(br#""Items":["#)?;
    let mut reply = Vec::with_capacity(answer.len() + answer.len() / 8);
    reply.extend_from_slice(HEAD.as_bytes());
    reply.extend_from_slice(br#"{\"Items\":["#);
    let mut count = 0;
    while !input.take(b']') {
        if count > 0 {
            input.expect(b',')?;
            reply.push(b',');
        }
        input.item(&mut reply)?;
        count += 1;
    }
    let counts = format!(r#"],\"Count\":{count},\"ScannedCount\":{count}}}"#);
    reply.extend_from_slice(counts.as_bytes());
    reply.extend_from_slice(END.as_bytes());
    Ok(reply)
}

/// What is left of an answer that has no white space.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn skip_past(&mut self, mark: &[u8]) -> Result<(), String> {
        let at = self.0.windows(mark.len()).position(|it| it == mark);
        let at = at.ok_or_else(|| format!("no {} in the answer", mark.escape_ascii()))?;
        self.0 = &self.0[at + mark.len()..];
        Ok(())
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(format!("no {:?} where there must be one", char::from(byte)))
        }
    }

    /// What stands between two quotes, still escaped.
    fn string(&mut self) -> Result<&'a [u8], String> {
        self.expect(b'"')?;
        let mut end = 0;
        loop {
            match self.0.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => return Err("a string without an end".into()),
            }
        }
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Ok(text)
    }

    fn item(&mut self, reply: &mut Vec<u8>) -> Result<(), String> {
        self.expect(b'{')?;
        reply.push(b'{');
        let mut first = true;
        while !self.take(b'}') {
            if !first {
                self.expect(b',')?;
                reply.push(b',');
            }
            first = false;
            quoted(self.string()?, reply);
            reply.push(b':');
            self.expect(b':')?;
            self.expect(b'{')?;
            let kind = self.string()?;
            self.expect(b':')?;
            let value = self.string()?;
            match kind {
                b"N" => reply.extend_from_slice(value),
                _ => quoted(value, reply),
            }
            self.expect(b'}')?;
        }
        reply.push(b'}');
        Ok(())
    }
}

fn quoted(text: &[u8], reply: &mut Vec<u8>) {
    reply.extend_from_slice(br#"\""#);
    escape(text, reply);
    reply.extend_from_slice(br#"\""#);
}

fn escape(mut text: &[u8], reply: &mut Vec<u8>) {
    let special = |&byte: &u8| byte == b'"' || byte == b'\\';
    while let Some(at) = text.iter().position(special) {
        reply.extend_from_slice(&text[..at]);
        reply.extend_from_slice(&[b'\\', text[at]]);
        text = &text[at + 1..];
    }
    reply.extend_from_slice(text);
}
